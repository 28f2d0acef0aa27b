"""Media: what reports say of the streams of a call, and what the E-model makes of it."""
