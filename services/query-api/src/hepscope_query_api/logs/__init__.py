"""Logs of a call: from the database, and from Loki where there is one."""
