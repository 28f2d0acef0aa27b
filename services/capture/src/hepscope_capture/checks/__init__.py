"""``--check``: whatever a capture needs, tried one after the other before it starts."""
