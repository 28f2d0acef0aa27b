"""What the forms of a push have in common.

An entry is made when its line is read, in two parts: what Loki of every release takes, and the
structured metadata, which may have to be left out later.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from hepscope_storage_writer.loki.streams import Stream

Pairs = Sequence[tuple[str, str]]
"""Structured metadata: names and values."""


class Entry(NamedTuple):
    """A line as it will be sent."""

    time_ns: int
    base: bytes
    metadata: bytes

    @property
    def size_bytes(self) -> int:
        """What it takes in a push, nearly."""
        return len(self.base) + len(self.metadata)


Part = tuple[Stream, Sequence[Entry]]
"""Lines of one stream, in order of time."""


class Form(Protocol):
    """A way to write pushes."""

    headers: dict[str, str]
    """What tells Loki of the form."""

    def entry(self, time_ns: int, line: bytes, pairs: Pairs) -> Entry:
        """Return an entry of a line in UTF-8."""
        ...

    def body(self, parts: Sequence[Part], *, with_metadata: bool) -> bytes:
        """Return the body of a push."""
        ...
