"""RTCP off the wire: told from other datagrams, put to its call, written as JSON. No I/O."""
