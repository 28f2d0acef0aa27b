"""What is measured, by `make bench`: a table and results.json."""
