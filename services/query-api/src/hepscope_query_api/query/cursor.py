"""Cursors: the place where the next page of a list begins.

A cursor holds the sort key of the last item sent (keyset paging, so rows that arrive meanwhile
move nothing), the time range as it was resolved for the first page (so that "the last 24 h" do
not slide), and a digest of the query (so that it cannot continue another one). Its text is
base64 of JSON; it is opaque to clients but no secret, and everything in it is checked again.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from hepscope_query_api.problems import Kind, ProblemError
from hepscope_query_api.query.period import ALWAYS
from hepscope_query_api.timestamps import from_us

VERSION = 1
DIGEST_BYTES = 9
MAX_NUMBER = (1 << 63) - 1
NOT_PART = {"cursor", "limit"}
"""A list may be continued with another page size."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: after ``key``, within ``start_us`` <= time < ``end_us``."""

    start_us: int
    end_us: int
    key: tuple[int | str, ...]


def digest_of(path: str, parameters: Mapping[str, object]) -> str:
    """Return a short digest of a list: its path and what it was asked with."""
    asked = sorted((n, v) for n, v in parameters.items() if n not in NOT_PART and v is not None)
    text = json.dumps([path, asked], default=str, ensure_ascii=True)
    raw = hashlib.blake2b(text.encode("ascii"), digest_size=DIGEST_BYTES).digest()
    return base64.urlsafe_b64encode(raw).decode("ascii")


def encode_cursor(cursor: Cursor, digest: str) -> str:
    """Return the text of a cursor of the query that has this digest."""
    fields = [VERSION, digest, cursor.start_us, cursor.end_us, *cursor.key]
    text = json.dumps(fields, separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode("ascii").rstrip("=")


def decode_cursor(text: str, digest: str, shape: Sequence[type]) -> Cursor:
    """Return the cursor of a text.

    Raises ProblemError (invalid-cursor) unless it was made for the query with this digest and its
    key has the shape that the list sorts by.
    """
    fields = _fields(text)
    if len(fields) != 4 + len(shape) or fields[0] != VERSION:
        raise _refused("It is not a cursor of this API.")
    _, made_for, start_us, end_us, *key = fields
    if made_for != digest:
        raise _refused("It belongs to a query with other parameters.")
    parts = [part for part in (start_us, end_us, *key) if isinstance(part, int | str)]
    if [type(part) for part in parts] != [int, int, *shape]:
        raise _refused("It is damaged.")
    if not all(map(_is_storable, parts)) or not _is_range(int(parts[0]), int(parts[1])):
        raise _refused("It is damaged.")
    return Cursor(int(parts[0]), int(parts[1]), tuple(parts[2:]))


def moment_of(part: int | str) -> datetime:
    """Return the moment that a part of a key holds; raises ProblemError (invalid-cursor)."""
    try:
        return from_us(int(part))
    except (ValueError, OverflowError) as error:
        raise _refused("It is damaged.") from error


def _is_storable(part: int | str) -> bool:
    if isinstance(part, int):
        return abs(part) <= MAX_NUMBER
    return "\0" not in part and not any("\ud800" <= char <= "\udfff" for char in part)


def _is_range(start_us: int, end_us: int) -> bool:
    return ALWAYS.start_us <= start_us < end_us <= ALWAYS.end_us


def _fields(text: str) -> list[object]:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        fields = json.loads(raw)
    except (binascii.Error, ValueError, RecursionError) as error:
        raise _refused("It is not a cursor of this API.") from error
    return fields if isinstance(fields, list) else []


def _refused(why: str) -> ProblemError:
    return ProblemError(
        Kind.INVALID_CURSOR,
        f"The cursor cannot be used: {why} Start again without it.",
        parameter="cursor",
    )
