"""Syslog over TCP cut into messages (RFC 6587): by octet counts, or by line ends, in any mixture.

A message that begins with a count, a blank and ``<`` is counted; any other ends with LF or NUL.
What is longer than the bound comes cut, and the rest of it is skipped.
"""

import re
from typing import NamedTuple

_COUNT = re.compile(rb"([1-9]\d{0,8}) <")
_MAYBE_COUNT = re.compile(rb"[1-9]\d{0,8} ?")
_LINE_END = re.compile(rb"[\n\0]")


class Frame(NamedTuple):
    """One message."""

    text: bytes
    is_cut: bool


class SyslogFrames:
    """Cuts one stream; the result depends on its bytes alone, not on how they were split."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._rest = b""
        self._to_skip = 0  # of a counted message
        self._is_skipping = False  # up to the end of a line

    @property
    def buffered(self) -> int:
        """Bytes held since their message is not whole."""
        return len(self._rest)

    def feed(self, data: bytes) -> list[Frame]:
        """Return the messages that these bytes complete, without their line ends."""
        data = self._rest + data if self._rest else data
        frames: list[Frame] = []
        at = 0
        while at < len(data):
            after = self._step(data, at, frames)
            if after < 0:
                break
            at = after
        self._rest = data[at:]
        return frames

    def finish(self) -> list[Frame]:
        """Return what is held at the end of the stream, as a message without an end."""
        rest, self._rest = self._rest, b""
        text = rest.rstrip(b"\r")
        return [Frame(text, is_cut=False)] if text else []

    def _step(self, data: bytes, at: int, frames: list[Frame]) -> int:
        """Take one message, or a part that is skipped; return where it ends, -1 when unknown."""
        if self._to_skip:
            gone = min(self._to_skip, len(data) - at)
            self._to_skip -= gone
            return at + gone
        if self._is_skipping:
            end = _LINE_END.search(data, at)
            self._is_skipping = end is None
            return end.end() if end else len(data)
        if count := _COUNT.match(data, at):
            return self._counted(data, count, frames)
        if len(data) - at < 11 and _MAYBE_COUNT.fullmatch(data, at):
            return -1
        return self._line(data, at, frames)

    def _counted(self, data: bytes, count: "re.Match[bytes]", frames: list[Frame]) -> int:
        start, size = count.end() - 1, int(count[1])
        taken = min(size, self.max_bytes)
        if len(data) < start + taken:
            return -1
        frames.append(Frame(data[start : start + taken].rstrip(b"\r\n\0"), size > taken))
        self._to_skip = size - taken
        return start + taken

    def _line(self, data: bytes, at: int, frames: list[Frame]) -> int:
        end = _LINE_END.search(data, at, at + self.max_bytes + 1)
        if end is not None:
            text = data[at : end.start()].rstrip(b"\r")
            if text:
                frames.append(Frame(text, is_cut=False))
            return end.end()
        if len(data) - at <= self.max_bytes:
            return -1
        frames.append(Frame(data[at : at + self.max_bytes], is_cut=True))
        self._is_skipping = True
        return at + self.max_bytes
