"""WebSocket as its two ends write it (RFC 6455, RFC 7118, RFC 7692): handshakes and frames."""

import struct
import zlib

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
MASK = b"\x37\xfa\x21\x3d"

ASK = (
    b"GET /ws HTTP/1.1\r\nHost: sip.example.com\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Origin: http://www.example.com\r\nSec-WebSocket-Protocol: sip\r\n"
    b"Sec-WebSocket-Version: 13\r\n%s\r\n"
)
AGREE = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: sip\r\n%s\r\n"
)
DEFLATE = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"


def ask(extra: bytes = b"") -> bytes:
    """The client's handshake."""
    return ASK % extra


def agree(extra: bytes = b"") -> bytes:
    """The server's handshake."""
    return AGREE % extra


def frame(
    payload: bytes,
    *,
    opcode: int = TEXT,
    is_last: bool = True,
    mask: bytes = b"",
    is_deflated: bool = False,
) -> bytes:
    """One frame; a client's has a mask."""
    size = len(payload)
    first = opcode | (0x80 if is_last else 0) | (0x40 if is_deflated else 0)
    flag = 0x80 if mask else 0
    if size < 126:
        head = struct.pack("!BB", first, flag | size)
    elif size < 65_536:
        head = struct.pack("!BBH", first, flag | 126, size)
    else:
        head = struct.pack("!BBQ", first, flag | 127, size)
    if mask:
        payload = bytes(byte ^ mask[n % 4] for n, byte in enumerate(payload))
    return head + mask + payload


def fragments(
    payload: bytes, sizes: list[int], *, mask: bytes = b"", between: bytes = b"",
    is_deflated: bool = False,
) -> bytes:  # fmt: skip
    """A message in several frames, with something between them."""
    frames = []
    opcode = TEXT
    for size in sizes:
        frames.append(
            frame(payload[:size], opcode=opcode, is_last=False, mask=mask, is_deflated=is_deflated)
        )
        payload, opcode, is_deflated = payload[size:], CONTINUATION, False
    frames.append(frame(payload, opcode=opcode, mask=mask, is_deflated=is_deflated))
    return between.join(frames)


class Deflater:
    """One end's compression."""

    def __init__(self, *, keeps_context: bool = True) -> None:
        self._keeps_context = keeps_context
        self._zlib = self._new()

    @staticmethod
    def _new() -> "zlib._Compress":
        return zlib.compressobj(wbits=-15)

    def deflate(self, payload: bytes) -> bytes:
        """A message's compressed payload."""
        if not self._keeps_context:
            self._zlib = self._new()
        data = self._zlib.compress(payload) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
        return data.removesuffix(b"\x00\x00\xff\xff")
