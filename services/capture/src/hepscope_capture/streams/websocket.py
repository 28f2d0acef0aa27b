"""SIP over WebSocket (RFC 6455, RFC 7118): each WebSocket message is a SIP message, or none.

Ping, pong and close may stand between the fragments of a message. Joined late or behind a gap, the
next frame that begins with SIP is searched at the start of each segment and in it.
"""

from collections.abc import Sequence

from hep.sip import looks_like_sip
from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.streams.counts import StreamCounts
from hepscope_capture.streams.foreign import ForeignReader, Protocol
from hepscope_capture.streams.frames import (
    DEFLATED,
    FIN,
    FINDING_BYTES,
    OPCODE,
    FrameError,
    FrameHead,
    find_sip,
    frame_head,
    opens_sip,
    unmask,
)
from hepscope_capture.streams.inflate import Inflater
from hepscope_capture.streams.limits import StreamLimits
from hepscope_capture.streams.marks import Marks
from hepscope_capture.streams.reader import Reader, message

_LINE_ENDS = b"\r\n"
# A frame that claims more is not stepped over but searched through.
_MAX_STEP = 16 * 1024 * 1024


class WebSocketReader:
    """Reads the frames of one direction."""

    __slots__ = (
        "_buffer", "_counts", "_found", "_inflater", "_is_deflated", "_is_lost", "_limits",
        "_marks", "_parts", "_searched", "_since_us", "_skip", "_wanted", "held", "is_foreign",
        "successor",
    )  # fmt: skip

    def __init__(self, counts: StreamCounts, limits: StreamLimits) -> None:
        self._counts = counts
        self._limits = limits
        self._buffer = bytearray()  # an unfinished frame
        self._marks = Marks()
        self._wanted = 0
        self._skip = 0  # bytes of a lost frame that are still to come
        self._parts: bytearray | None = None  # of an unfinished message
        self._since_us = 0
        self._is_deflated = False
        self._is_lost = False  # where frames begin is not known
        self._inflater = Inflater()
        self._found = False
        self._searched = 0
        self.held = 0
        self.successor: Reader | None = None
        self.is_foreign = False

    def read(self, data: bytes, segment: Datagram) -> Sequence[Datagram]:
        """Return the messages that these bytes complete."""
        if self._skip:
            step = min(self._skip, len(data))
            self._skip -= step
            data = data[step:]
        buffer = self._buffer
        place = len(buffer)
        if place:
            self._marks.add(place, segment.time_us)
        else:
            self._marks.begin(segment.time_us)
        buffer += data
        if self._is_lost:
            self._search(place)
        found: list[Datagram] = []
        if len(buffer) >= self._wanted and not self._is_lost:
            at = self._parse(buffer, segment, found)
            del buffer[:at]
            self._marks.drop(at)
        self._weigh()
        return found

    def miss(self, count: int) -> None:
        """Step over lost bytes: inside a frame, the step can be kept."""
        rest = self._skip or (self._wanted - len(self._buffer) if self._wanted else 0)
        self.give_up()
        if 0 <= count <= rest:
            self._skip = rest - count
        else:
            self._skip = 0
            self._is_lost = True

    def cut(self, segment: Datagram) -> Sequence[Datagram]:  # noqa: ARG002
        """Wait for the gap that follows."""
        return ()

    def give_up(self) -> None:
        """Drop an unfinished message, and with it the history that later ones may refer to."""
        if self.held:
            self._counts.incomplete += not self._is_lost
            self._counts.skipped_bytes += self.held
        self._buffer = bytearray()
        self._wanted = 0
        self._parts = None
        self._inflater.forget()
        self.held = 0

    def _parse(self, data: bytearray, segment: Datagram, found: list[Datagram]) -> int:
        """Add the messages to those found; return how many bytes are done with."""
        at, size = 0, len(data)
        self._wanted = 0
        while at < size and self.successor is None:
            try:
                head = frame_head(data, at)
            except FrameError:
                self._is_lost = True
                self._break()
                self._pass_over(size - at)
                return size
            if head is None:
                break
            if head.end - head.start > self._limits.message_bytes:
                at = self._step_over(head, at, size)
                continue
            if head.end > size:
                self._wanted = head.end - at
                break
            self._take(data, at, head, segment, found)
            at = head.end
        return at

    def _search(self, place: int) -> None:
        """Drop all bytes before the next frame that begins with SIP, if there is one.

        Of compressed ones nothing is seen but where they begin: with the segment at this place.
        """
        buffer = self._buffer
        start = find_sip(buffer)
        if start < 0 < place and opens_sip(buffer, place):
            start = place
        self._is_lost = start < 0
        if start < 0:  # a frame may have begun at the end
            start = max(len(buffer) - FINDING_BYTES, 0)
        self._pass_over(start)
        del buffer[:start]
        self._marks.drop(start)

    def _take(
        self, data: bytearray, at: int, head: FrameHead, segment: Datagram, found: list[Datagram]
    ) -> None:
        """Take one whole frame."""
        counts = self._counts
        counts.websocket_frames += 1
        if head.is_control:
            counts.websocket_control_frames += 1
            return
        payload = unmask(bytes(data[head.start : head.end]), head.mask)
        if head.first & OPCODE:
            if self._parts is not None:
                self._break()
            self._since_us = self._marks.at(at)
            self._is_deflated = bool(head.first & DEFLATED)
            self._parts = bytearray()
        elif self._parts is None:  # the rest of a message whose first part was not seen
            counts.skipped_bytes += len(payload)
            self._inflater.forget()
            return
        self._parts += payload
        if len(self._parts) > self._limits.message_bytes:
            counts.too_long += 1
            self._break()
        elif head.first & FIN:
            whole, self._parts = bytes(self._parts), None
            self._finish(whole, segment, found)

    def _finish(self, payload: bytes, segment: Datagram, found: list[Datagram]) -> None:
        """Take one whole message."""
        counts = self._counts
        if self._is_deflated:
            plain = self._inflater.inflate(payload, self._limits.message_bytes)
            if plain is None:
                counts.websocket_undeflatable += 1
                self._pass_over(len(payload))
                return
            counts.websocket_deflated += 1
            payload = plain
        payload = payload.lstrip(_LINE_ENDS)
        if not payload:
            counts.keepalives += 1
        elif looks_like_sip(payload):
            self._found = True
            counts.messages += 1
            found.append(message(segment, payload, self._since_us))
        else:
            counts.websocket_other += 1
            self._pass_over(len(payload))

    def _step_over(self, head: FrameHead, at: int, size: int) -> int:
        """Leave out a frame that is too long; return how many bytes are done with."""
        self._counts.too_long += 1
        self._break()
        end = min(head.end, size)
        self._pass_over(end - at)
        if head.end - end <= _MAX_STEP:
            self._skip = head.end - end
        else:
            self._is_lost = True
        return end

    def _break(self) -> None:
        """Give up the message that has begun."""
        if self._parts is not None:
            self._counts.incomplete += 1
            self._counts.skipped_bytes += len(self._parts)
        self._parts = None
        self._inflater.forget()

    def _pass_over(self, count: int) -> None:
        self._counts.skipped_bytes += count
        if not self._found:
            self._searched += count
            if self._searched > self._limits.search_bytes:
                self.successor = ForeignReader(Protocol.OTHER)

    def _weigh(self) -> None:
        self.held = len(self._buffer) + (len(self._parts) if self._parts is not None else 0)
