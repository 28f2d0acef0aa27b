"""Senders: HEP packets to a server, by UDP or by TCP."""
