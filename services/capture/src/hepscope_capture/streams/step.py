"""Whether the reader of a SIP stream knows where messages begin, and the search if it does not."""

from hepscope_capture.streams.counts import StreamCounts
from hepscope_capture.streams.foreign import ForeignReader, Protocol
from hepscope_capture.streams.limits import StreamLimits
from hepscope_capture.streams.others import find_frame, other_reader, websocket_reader
from hepscope_capture.streams.reader import Reader
from hepscope_capture.streams.start import DECIDING_BYTES, find_start, is_counted_value, refused_end

_MAX_REFUSED = 8


class Step:
    """In step, lost, or in doubt: then what the buffer begins with was found by searching.

    Whoever finds out that the stream is not plain SIP sets the successor.
    """

    __slots__ = (
        "_counts", "_limits", "_refused", "_searched", "has_found", "is_beginning", "is_doubtful",
        "is_lost", "seen", "successor",
    )  # fmt: skip

    def __init__(self, counts: StreamCounts, limits: StreamLimits, *, is_beginning: bool) -> None:
        """Begin in step with a stream that begins, else lost."""
        self.is_beginning = is_beginning  # nothing has come yet
        self.is_lost = not is_beginning
        self.is_doubtful = False
        self.has_found = False  # a message, so this is SIP
        self.seen = 0  # bytes of what is left that need no other look
        self.successor: Reader | None = None
        self._counts = counts
        self._limits = limits
        self._refused = 0  # header sections since the last message that were none
        self._searched = 0  # bytes passed over before the first message

    def find(self) -> None:
        """Take note of a whole message."""
        self.is_doubtful = self.is_beginning = False
        self.has_found = True
        self._refused = 0

    def lose(self, data: bytes | bytearray, at: int) -> int:
        """Fall out of step where no message begins; return where the search goes on."""
        if self.is_doubtful:
            return self.refuse(data, at)
        self.is_lost = True
        if not self.has_found:
            self.look_at(data, at)
        self.is_beginning = False
        return at

    def look_at(self, data: bytes | bytearray, at: int = 0) -> None:
        """Find out whether something else than SIP certainly begins here."""
        self.successor = other_reader(
            data, at, self._counts, self._limits, is_beginning=self.is_beginning
        )

    def refuse(self, data: bytes | bytearray, at: int, body: int = 0) -> int:
        """Go on searching behind what is no start line; return where.

        Behind the whole header section, if it has one and there were many before: each look at a
        start line costs a look at that.
        """
        self.is_lost, self.is_doubtful = True, False
        self._refused += 1 if body else 0
        end = refused_end(data, at)
        if self._refused > _MAX_REFUSED:
            self._refused, end = 0, max(body, end)
        self.pass_over(end - at)
        return end

    def search(self, data: bytes | bytearray, at: int, seen: int) -> int:
        """Search the next start line; return what is done with."""
        start, is_found = find_start(data, at, seen)
        frame = self._frame(data, at, start) if is_found else -1
        while is_found and frame < 0 and is_counted_value(data, start):
            floor = refused_end(data, start)
            start, is_found = find_start(data, floor, 0)
            frame = self._frame(data, floor, start) if is_found else -1
        if frame >= 0:
            start, self.successor = frame, websocket_reader(self._counts, self._limits)
        elif is_found:
            self.is_lost, self.is_doubtful = False, True
        else:
            self.seen = max(len(data) - DECIDING_BYTES - start, 0)
            if not self.has_found and self._searched > self._limits.search_bytes:
                self.successor = ForeignReader(Protocol.OTHER)
        self.pass_over(start - at)
        return start

    def _frame(self, data: bytes | bytearray, floor: int, start: int) -> int:
        return -1 if self.has_found else find_frame(data, floor, start)

    def step_over(self, at: int, body: int) -> int:
        """Leave out a message that is too long; return where the search goes on.

        Its stated length is not believed: one wrong header would deafen the stream.
        """
        self._counts.too_long += 1
        self.find()
        self.is_lost = True
        self.pass_over(body - at)
        return body

    def pass_over(self, count: int) -> None:
        """Count bytes that belong to no message."""
        self._counts.skipped_bytes += count
        if not self.has_found:
            self._searched += count
