"""HTTP before WebSocket: the handshake's heads (RFC 6455 section 4), one direction's."""

import re
from collections.abc import Sequence

from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.streams.counts import StreamCounts
from hepscope_capture.streams.foreign import ForeignReader, Protocol
from hepscope_capture.streams.limits import HEAD_BYTES, StreamLimits
from hepscope_capture.streams.reader import Reader
from hepscope_capture.streams.websocket import WebSocketReader

_UPGRADE = re.compile(rb"\nupgrade[ \t]*:[^\r\n]*\bwebsocket\b", re.IGNORECASE)
_SWITCHED = re.compile(rb"HTTP/\d(?:\.\d)? 101\b")
_HEAD_END = b"\r\n\r\n"
# No frame begins with this byte, so a second request (with credentials) can be told from one.
_GET = b"G"


class HttpReader:
    """Reads heads until one of them turns the stream into WebSocket, or is none of its kind."""

    __slots__ = ("_buffer", "_counts", "_has_asked", "_limits", "held", "is_foreign", "successor")

    def __init__(self, counts: StreamCounts, limits: StreamLimits) -> None:
        self._counts = counts
        self._limits = limits
        self._buffer = bytearray()
        self._has_asked = False  # the client's handshake was seen, frames may follow
        self.held = 0
        self.successor: Reader | None = None
        self.is_foreign = False

    def read(self, data: bytes, segment: Datagram) -> Sequence[Datagram]:
        """Return the messages behind a handshake that these bytes complete."""
        buffer = self._buffer
        while data:
            if self._has_asked and not buffer and not data.startswith(_GET):
                return self._go_on(data, segment)
            seen = max(len(buffer) - 3, 0)
            buffer += data
            end = buffer.find(_HEAD_END, seen)
            if end < 0:
                break
            data = bytes(buffer[end + len(_HEAD_END) :])
            is_upgrade = _UPGRADE.search(buffer, 0, end) is not None
            is_answer = buffer.startswith(b"HTTP/")
            is_switch = _SWITCHED.match(buffer) is not None
            buffer.clear()
            if is_upgrade and is_switch:
                return self._go_on(data, segment)
            if is_answer or not is_upgrade:
                self.successor = ForeignReader(Protocol.HTTP)
                break
            self._has_asked = True
        self.held = len(buffer)
        if self.held > HEAD_BYTES:
            self.successor = ForeignReader(Protocol.HTTP)
        return ()

    def _go_on(self, data: bytes, segment: Datagram) -> Sequence[Datagram]:
        self.held = 0
        self._counts.websocket_streams += 1
        reader = WebSocketReader(self._counts, self._limits)
        self.successor = reader
        return reader.read(data, segment)

    def miss(self, count: int) -> None:
        """Take what follows lost bytes for a WebSocket that is joined late."""
        reader = WebSocketReader(self._counts, self._limits)
        reader.miss(count)
        self.successor = reader
        self._buffer.clear()
        self.held = 0

    def cut(self, segment: Datagram) -> Sequence[Datagram]:  # noqa: ARG002
        """Wait for the gap that follows."""
        return ()

    def give_up(self) -> None:
        """Forget half a head."""
        self._buffer.clear()
        self.held = 0
