"""Storing in PostgreSQL: connections, bus positions, partitions, verdicts and binary COPY."""
