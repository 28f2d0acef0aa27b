"""SIP in a stream: messages by Content-Length, one after the other (RFC 3261 section 18.3).

In step, a message begins where the one before ended; line ends between them are keep-alives
(RFC 5626). Out of step (joined late, behind a gap, after bytes that are no message) the next
start line is searched, and its header section has to confirm it: half messages never come out.
A message without Content-Length ends with its header section, or with the segment if it names the
type of a body.
"""

import re
from collections.abc import Sequence

from hep.sip import looks_like_sip
from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.streams.counts import StreamCounts
from hepscope_capture.streams.limits import StreamLimits
from hepscope_capture.streams.marks import Marks
from hepscope_capture.streams.reader import Reader, message
from hepscope_capture.streams.start import (
    confirmed_start,
    has_no_header,
    head_bounds,
    is_counted_value,
    is_hopeless,
    is_one_message,
    message_end,
    start_in_step,
)
from hepscope_capture.streams.step import Step

_LINE_ENDS = re.compile(rb"[\r\n]+")
_CR, _LF = 13, 10


class SipReader:
    """Reads a direction until it knows better; what every direction begins with."""

    __slots__ = (
        "_buffer", "_counts", "_limits", "_marks", "_skip", "_step", "_wanted", "held",
        "is_foreign", "successor",
    )  # fmt: skip

    def __init__(self, counts: StreamCounts, limits: StreamLimits, *, is_beginning: bool) -> None:
        """Make a reader of a stream from its beginning, or from anywhere in it."""
        self._counts = counts
        self._limits = limits
        self._step = Step(counts, limits, is_beginning=is_beginning)
        self._buffer = bytearray()  # an unfinished message, or what may become a start line
        self._marks = Marks()
        self._wanted = 0  # bytes of the message in the buffer, if its length is known
        self._skip = 0  # bytes of a lost message that are still to come
        self.held = 0
        self.successor: Reader | None = None
        self.is_foreign = False

    def read(self, data: bytes, segment: Datagram) -> Sequence[Datagram]:
        """Return the messages that these bytes complete."""
        if self._skip:
            data = self._stepped(data)
        buffer, step = self._buffer, self._step
        is_whole = not (buffer or step.is_lost or segment.is_cut) and data is segment.payload
        if is_whole and is_one_message(data):
            step.is_beginning, step.has_found = False, True
            self._counts.messages += 1
            return (segment,)
        if step.is_lost and not step.has_found and data:
            step.look_at(data)
            if step.successor is not None:
                self.give_up()
                return self._hand_over(data, segment)
        if not buffer:
            return self._begin(data, segment)
        if self._wanted:
            return self._complete(data, segment)
        self._marks.add(len(buffer), segment.time_us)
        buffer += data
        found, at = self._parse(buffer, segment)
        if step.successor is not None:
            return self._hand_over(bytes(buffer[at:]), segment)
        del buffer[:at]
        self._marks.drop(at)
        self.held = len(buffer)
        return found

    def _begin(self, data: bytes, segment: Datagram) -> Sequence[Datagram]:
        """Read what stands at the beginning of a message, if in step."""
        found, at = self._parse(data, segment)
        if self._step.successor is not None:
            return self._hand_over(data[at:], segment)
        if at < len(data):
            self._buffer += data[at:]
            self._marks.begin(segment.time_us)
            self.held = len(self._buffer)
        return found

    def _complete(self, data: bytes, segment: Datagram) -> Sequence[Datagram]:
        """Read on in a message whose length is known."""
        buffer = self._buffer
        missing = self._wanted - len(buffer)
        if len(data) < missing:
            buffer += data
            self.held = len(buffer)
            return ()
        buffer += data[:missing]
        whole = message(segment, bytes(buffer), self._marks.at(0))
        self._counts.messages += 1
        self._step.find()
        self._empty()
        if missing == len(data):
            return (whole,)
        return [whole, *self._begin(data[missing:], segment)]

    def miss(self, count: int) -> None:
        """Step over lost bytes: inside a body whose length is known, the step can be kept."""
        rest, step = self._skip, self._step
        if self._wanted and not step.is_doubtful:
            rest = self._wanted - len(self._buffer)
        self.give_up()
        step.is_beginning = False
        if 0 <= count <= rest:
            self._skip = rest - count
            step.is_lost = False
        else:
            self._skip = 0
            step.is_lost = True

    def cut(self, segment: Datagram) -> Sequence[Datagram]:
        """Return what there is of a message whose end the capture cut off.

        Found by searching, it has to begin with the segment: too little of it is there to confirm.
        """
        buffer, step = self._buffer, self._step
        is_sure = not step.is_doubtful or buffer == segment.payload
        if step.is_lost or not is_sure or not looks_like_sip(bytes(buffer)):
            return ()
        rest = self._wanted - len(buffer) if self._wanted else 0
        found = message(segment, bytes(buffer), self._marks.at(0), is_cut=True)
        self._counts.messages += 1
        self._counts.cut_messages += 1
        self._empty()
        step.find()
        self._skip = rest
        step.is_lost = not rest
        return (found,)

    def give_up(self) -> None:
        """Drop an unfinished message."""
        if self._buffer:
            self._counts.skipped_bytes += len(self._buffer)
            self._counts.incomplete += not self._step.is_lost
            self._empty()

    def _empty(self) -> None:
        self._buffer = bytearray()
        self.held = self._wanted = self._step.seen = 0
        self._step.is_doubtful = False

    def _stepped(self, data: bytes) -> bytes:
        count = min(self._skip, len(data))
        self._skip -= count
        self._counts.skipped_bytes += count
        return data[count:]

    def _parse(self, data: bytes | bytearray, segment: Datagram) -> tuple[Sequence[Datagram], int]:
        """Return the messages, and how many bytes are done with."""
        found: list[Datagram] = []
        step, at, size, is_new = self._step, 0, len(data), isinstance(data, bytes)
        # The empty line that was found last, and up to where there is no other.
        end, body, bare = -1, -1, 0 if step.is_lost else step.seen
        seen, step.seen, self._wanted = step.seen - bare, 0, 0
        while at < size and step.successor is None:
            if step.is_lost:
                at = step.search(data, at, seen)
                seen = 0
                if step.is_lost:
                    break
            elif not step.is_doubtful and (data[at] == _CR or data[at] == _LF):
                at = self._past_line_ends(data, at)
                continue
            if step.is_doubtful and has_no_header(data, at):
                at = step.refuse(data, at)
                continue
            if at > end:
                end, body = head_bounds(data, max(at, bare))
            if body < 0:
                bare = max(size - 2, 0)
                if is_hopeless(data, at, has_start=step.is_doubtful):
                    at = step.lose(data, at)
                    continue
                step.seen = max(size - 2 - at, 0)
                break
            head = bytes(data[at:end])
            start = confirmed_start(head) if step.is_doubtful else start_in_step(head)
            if start < 0 or (start and is_counted_value(data, at + start)):
                at = step.refuse(data, at, body) if step.is_doubtful else step.lose(data, at)
                continue
            step.pass_over(start)
            at += start
            stop = message_end(data, head, body)
            if stop - at > self._limits.message_bytes:
                at = step.step_over(at, body)
                continue
            if stop > size:
                self._wanted = stop - at
                break
            step.find()
            if is_new and stop - at == len(segment.payload) and not segment.is_cut:
                found.append(segment)
            else:
                time_us = segment.time_us if is_new else self._marks.at(at)
                found.append(message(segment, bytes(data[at:stop]), time_us))
            at = stop
        self._counts.messages += len(found)
        return found, at

    def _hand_over(self, data: bytes, segment: Datagram) -> Sequence[Datagram]:
        """Let the successor read on, from these bytes."""
        self._empty()
        self.successor = self._step.successor
        assert self.successor is not None
        return self.successor.read(data, segment)

    def _past_line_ends(self, data: bytes | bytearray, at: int) -> int:
        found = _LINE_ENDS.match(data, at)
        assert found is not None
        self._counts.keepalives += 1
        return found.end()
