"""Pure decoders: from the bytes of a frame to the UDP datagram or TCP segment in it."""
