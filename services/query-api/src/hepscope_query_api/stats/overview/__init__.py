"""The overview: everything that the first screen draws, in one answer."""
