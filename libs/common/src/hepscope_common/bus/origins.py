"""Origins: who numbered the packets of a record, so that what comes twice is stored once.

A producer that was not told whether a record arrived sends it again, and so does a spool. Both
copies then stand in the log. Each packet therefore has a number (seq) that rises within its
origin, 16 random bytes, and the writer skips whatever is not above the highest it has stored of
that origin in that topic and partition.

A record holds packets of one origin, rising. Two forms, told apart by the headers:

- ``origin`` and ``seq`` (u64, big-endian): the first packet has that number and each next one the
  next. So ingest numbers packets of plain senders, for each topic and partition from 1, under an
  origin of its own per start.
- ``origin`` alone: every packet holds its own number in chunk 17 (vendor 0x4853), as a sender of
  ours wrote it. Numbers may be missing: other partitions have them, or they were refused.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

Headers = tuple[tuple[str, bytes], ...]

ORIGIN_HEADER: Final = "origin"
SEQ_HEADER: Final = "seq"
ORIGIN_BYTES: Final = 16
SEQ_BYTES: Final = 8


class Numbering(NamedTuple):
    """The origin of a record; first_seq is None where each packet holds its own number."""

    origin: bytes
    first_seq: int | None


def headers_of(numbering: Numbering) -> Headers:
    """Return the headers that say so."""
    origin = (ORIGIN_HEADER, numbering.origin)
    if numbering.first_seq is None:
        return (origin,)
    return (origin, (SEQ_HEADER, numbering.first_seq.to_bytes(SEQ_BYTES, "big")))


def numbering_of(headers: Sequence[tuple[str, bytes]]) -> Numbering | None:
    """Return what the headers of a record say; None for a record that is not numbered.

    Headers of a wrong width number nothing: such a record is not ours, and is stored as it comes.
    """
    found = dict(headers)
    origin, seq = found.get(ORIGIN_HEADER, b""), found.get(SEQ_HEADER)
    if len(origin) != ORIGIN_BYTES or (seq is not None and len(seq) != SEQ_BYTES):
        return None
    return Numbering(origin, None if seq is None else int.from_bytes(seq, "big"))
