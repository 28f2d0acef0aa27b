"""gzip (RFC 1952) as a stream: what can be inflated of a file, up to where it is cut or damaged.

The standard library's reader raises at damage and keeps back what it had inflated before; here
that part is given first, and ``gap`` says afterwards what was wrong. Memory stays bounded
whatever the compression ratio; a damaged checksum is a gap behind the last byte.
"""

import zlib
from collections.abc import Callable
from contextlib import suppress

from hepscope_capture.files.errors import GapKind

MAGIC = b"\x1f\x8b"

_GZIP_WINDOW_BITS = 31  # of zlib: a gzip head, not zlib's own
_INPUT_BYTES = 65_536


class GzipReader:
    """The inflated bytes of a gzip stream of any number of members."""

    def __init__(self, read: Callable[[int], bytes | None]) -> None:
        self._read = read
        self._member = zlib.decompressobj(_GZIP_WINDOW_BITS)
        self._input = b""
        self._is_ended_input = False
        self._ended = False
        self.gap: GapKind | None = None

    def read(self, size: int) -> bytes | None:
        """Return at most ``size`` bytes; ``b""`` only at the end, which ``gap`` then explains.

        None when the source has nothing more yet, and says so.
        """
        while not self._ended:
            needed = len(MAGIC) if self._member.eof else 1
            if len(self._input) < needed and not self._is_ended_input:
                piece = self._read(_INPUT_BYTES)
                if piece is None:
                    return None
                self._input += piece
                self._is_ended_input = not piece
            elif self._member.eof:
                self._next_member()
            elif not self._input:
                self._end(GapKind.CUT)
            elif inflated := self._inflate(size):
                return inflated
        return b""

    def _inflate(self, size: int) -> bytes:
        before = self._member.copy()
        try:
            inflated = self._member.decompress(self._input, size)
        except zlib.error:
            self._end(GapKind.BAD_COMPRESSION)
            return _inflate_until_damage(before, self._input)
        member = self._member
        self._input = member.unused_data if member.eof else member.unconsumed_tail
        return inflated

    def _next_member(self) -> None:
        # Behind the last member tape drives and some tools pad; that is no damage.
        if self._input.startswith(MAGIC):
            self._member = zlib.decompressobj(_GZIP_WINDOW_BITS)
        else:
            self._end(None)

    def _end(self, gap: GapKind | None) -> None:
        self._ended = True
        self.gap = gap


def _inflate_until_damage(member: "zlib._Decompress", data: bytes) -> bytes:
    """Return what comes out before the damage: zlib withholds the output of a call that fails."""
    inflated = b""
    with suppress(zlib.error):
        for at in range(len(data)):
            inflated += member.decompress(data[at : at + 1])
    return inflated
