"""HEP packets to every server they are for, in memory and on disk until it has them."""
