"""A line of a log, wherever it comes from, and its place in the list.

Lines are ordered by time in microseconds, then by source, then by what is unique there: a row's
number, or a line's nanoseconds and digest. So pages of both sources fit together.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple


class Source(StrEnum):
    """Where lines come from."""

    DATABASE = "database"
    LOKI = "loki"


RANKS: Final = {Source.DATABASE: 0, Source.LOKI: 1}
DIGEST_BYTES: Final = 8


class Key(NamedTuple):
    """The place of a line in the list."""

    time_us: int
    rank: int
    number: int
    digest: str


KEY_SHAPE: Final = (int, int, int, str)


@dataclass(frozen=True, slots=True)
class Line:
    """One line."""

    key: Key
    source: Source
    text: str
    node: str = ""
    protocol_type: int | None = None
    correlation_id: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    is_copy: bool = False
    """Whether a job that copies HEP to Loki wrote it: the database may have it as well."""

    @property
    def twin(self) -> tuple[int, str]:
        """What a line and its copy have in common."""
        return self.key.time_us, self.text


@dataclass(frozen=True, slots=True)
class Found:
    """Lines of one source, in order; of what lies behind ``horizon`` not all is known."""

    lines: Sequence[Line] = ()
    horizon: Key | None = None


def plain(text: str) -> str:
    """Return the text of a line without what ended it on the wire."""
    return text.rstrip("\r\n\0")


def loki_key(time_ns: int, text: str, labels: Mapping[str, str]) -> Key:
    """Return the place of a line of Loki, which has no number."""
    whole = json.dumps([text, sorted(labels.items())], ensure_ascii=True).encode("ascii")
    digest = hashlib.blake2b(whole, digest_size=DIGEST_BYTES).hexdigest()
    return Key(time_ns // 1000, RANKS[Source.LOKI], time_ns % 1000, digest)
