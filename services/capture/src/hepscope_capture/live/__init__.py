"""Live capture: interfaces of this machine to a HEP server, until somebody ends it (Linux)."""
