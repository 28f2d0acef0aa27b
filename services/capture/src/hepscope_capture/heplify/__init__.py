"""heplify's command line, translated into ours: for unit files that stay as they are."""
