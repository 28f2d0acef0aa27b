"""Fields of PostgreSQL's binary COPY format, encoded by hand.

A body is HEADER, rows, TRAILER. A row is the number of its columns as int16 and its fields, each
an int32 length and that many bytes, or NULL. All big-endian. Times are microseconds since
2000-01-01 UTC on the wire, since 1970-01-01 UTC in our arguments.

Every function returns a whole field and takes any value of its type: what a column cannot hold
(NUL, lone surrogates, integers that are too large) is mapped here, because one bad value would
fail the COPY of a whole batch.
"""

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from struct import Struct
from typing import Final

import asyncpg

from hepscope_common.store.json_text import JsonValue, encode_json
from hepscope_common.store.transaction import unless_lost

HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER: Final = b"\xff\xff"
NULL: Final = b"\xff\xff\xff\xff"
EMPTY: Final = bytes(4)

# From the Unix epoch to PostgreSQL's, in microseconds and in days.
EPOCH_US: Final = 946_684_800_000_000
EPOCH_DAYS: Final = 10_957
DAY_US: Final = 86_400_000_000
# Years 1 to 9999, as microseconds since 2000: timestamptz holds more, but Python's datetime does
# not, and one such row would fail every query that reads it.
OLDEST_US: Final = -63_082_281_600_000_000
NEWEST_US: Final = 252_455_615_999_999_999

# Longest texts, in characters. None is indexed beyond INDEXED_LIMIT: a btree entry over 2.7 kB is
# an error, and four bytes a character is the worst case.
TEXT_LIMIT: Final = 65_536
INDEXED_LIMIT: Final = 256
AGENT_LIMIT: Final = 512
# asyncpg sends what it is given as one message; slices let the server work meanwhile.
SLICE_BYTES: Final = 512 * 1024
# Elements of one text[] field.
ARRAY_LIMIT: Final = 4096

_TEXT_OID: Final = 25
_INET4_HEAD: Final = b"\0\0\0\x08\x02\x20\0\x04"
_INET6_HEAD: Final = b"\0\0\0\x14\x03\x80\0\x10"

_length = Struct("!i").pack
_int16 = Struct("!h").pack
_int2 = Struct("!ih").pack
_int4 = Struct("!ii").pack
_int8 = Struct("!iq").pack
_real = Struct("!if").pack
_array_head = Struct("!iiiii").pack
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def row(columns: int) -> bytes:
    """Return the head of a row of ``columns`` fields."""
    return _int16(columns)


def int2(value: int | None) -> bytes:
    """Return a smallint; NULL when it does not fit, since a wrong number is worse than none."""
    if value is None or not -0x8000 <= value < 0x8000:
        return NULL
    return _int2(2, value)


def int4(value: int | None) -> bytes:
    """Return an int; NULL when it does not fit."""
    if value is None or not -0x8000_0000 <= value < 0x8000_0000:
        return NULL
    return _int4(4, value)


def int8(value: int | None) -> bytes:
    """Return a bigint; NULL when it does not fit."""
    if value is None or not -(1 << 63) <= value < 1 << 63:
        return NULL
    return _int8(8, value)


def real(value: float | None) -> bytes:
    """Return a real; NULL when it does not fit."""
    if value is None:
        return NULL
    try:
        return _real(4, value)
    except OverflowError:
        return NULL


def timestamptz(unix_us: int | None) -> bytes:
    """Return a time, held within the years 1 to 9999."""
    if unix_us is None:
        return NULL
    return _int8(8, min(max(unix_us - EPOCH_US, OLDEST_US), NEWEST_US))


def date(unix_us: int | None) -> bytes:
    """Return the UTC day of a time."""
    if unix_us is None:
        return NULL
    held = min(max(unix_us, OLDEST_US + EPOCH_US), NEWEST_US + EPOCH_US)
    return _int4(4, held // DAY_US - EPOCH_DAYS)


def text(value: str | None, limit: int = TEXT_LIMIT) -> bytes:
    """Return a text of at most ``limit`` characters; U+FFFD for NUL and lone surrogates."""
    if value is None:
        return NULL
    encoded = storable(value[:limit])
    return _length(len(encoded)) + encoded


def storable(value: str) -> bytes:
    """Return ``value`` as UTF-8 that a text column takes."""
    try:
        encoded = value.encode()
    except UnicodeEncodeError:
        return _UNSTORABLE.sub("\ufffd", value).encode()
    return encoded.replace(b"\0", b"\xef\xbf\xbd") if b"\0" in encoded else encoded


def bytea(value: bytes | bytearray | memoryview | None) -> bytes:
    """Return bytes as they are."""
    if value is None:
        return NULL
    return _length(len(value)) + value


def inet(packed: bytes | None) -> bytes:
    """Return an address given as 4 or 16 bytes, network order; NULL for any other length."""
    if not packed:
        return NULL
    if len(packed) == 4:
        return _INET4_HEAD + packed
    if len(packed) == 16:
        return _INET6_HEAD + packed
    return NULL


def jsonb(value: JsonValue) -> bytes:
    """Return a JSON document; SQL NULL for None. Bounds are those of ``encode_json``."""
    if value is None:
        return NULL
    encoded = encode_json(value)
    return _length(len(encoded) + 1) + b"\x01" + encoded


def text_array(values: Sequence[str] | None, limit: int = TEXT_LIMIT) -> bytes:
    """Return a text[] of the first ARRAY_LIMIT values, each cut to ``limit`` characters."""
    if values is None:
        return NULL
    if not values:
        return _length(12) + _array_head(0, 0, _TEXT_OID, 0, 0)[:12]
    elements = [text(value, limit) for value in values[:ARRAY_LIMIT]]
    body = _array_head(1, 0, _TEXT_OID, len(elements), 1) + b"".join(elements)
    return _length(len(body)) + body


async def copy_rows(
    connection: asyncpg.Connection,
    table: str,
    columns: Sequence[str],
    rows: bytes | bytearray | memoryview,
) -> int:
    """COPY encoded ``rows`` (without HEADER and TRAILER) into a table; returns how many came in.

    Raises asyncpg's errors; the transaction is lost then, as after any failed statement.
    """
    async with unless_lost(connection), aclosing(_slices(rows)) as slices:
        status = await connection.copy_to_table(
            table, source=slices, columns=list(columns), format="binary"
        )
    return int(status.rpartition(" ")[2])


async def _slices(rows: bytes | bytearray | memoryview) -> AsyncGenerator[bytes, None]:
    yield HEADER
    view = memoryview(rows)
    for start in range(0, len(view), SLICE_BYTES):
        yield bytes(view[start : start + SLICE_BYTES])
    yield TRAILER
