"""HEP listeners: admit packets and put them on the bus."""
