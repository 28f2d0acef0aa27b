"""Messages that permessage-deflate compressed (RFC 7692).

The window is always kept from one message to the next: a sender without context takeover just
does not refer to it. So the parameters of the handshake need not be known, and a message is either
right or refers to history that was not seen, which zlib tells: distances count backwards, and
nothing is ever between two messages that were read one after the other.
"""

import zlib

_TAIL = b"\x00\x00\xff\xff"  # RFC 7692 7.2.2: what the sender took off


class Inflater:
    """One direction's window."""

    __slots__ = ("_zlib",)

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(-zlib.MAX_WBITS)

    def forget(self) -> None:
        """Start with an empty window: a message was not seen."""
        self._zlib = zlib.decompressobj(-zlib.MAX_WBITS)

    def inflate(self, data: bytes, limit: int) -> bytes | None:
        """Return the message, None when its history is not known or it passes the limit."""
        window = self._zlib
        try:
            plain = window.decompress(data + _TAIL, limit + 1)
        except zlib.error:
            self.forget()
            return None
        # A sender may end its stream with a message (RFC 7692 7.2.3.4): the tail is left over.
        if window.eof or len(plain) > limit or window.unconsumed_tail:
            self.forget()
        return None if len(plain) > limit else plain
