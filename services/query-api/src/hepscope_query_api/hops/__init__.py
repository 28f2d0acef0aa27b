"""The way of a packet, hop by hop: is each one whole, and if not, what to do."""
