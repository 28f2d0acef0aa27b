"""Senders: HEP packets to a server, by UDP, TCP or TLS; acknowledged where the server does so."""
