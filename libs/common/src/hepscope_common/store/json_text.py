"""JSON texts that a jsonb column takes.

jsonb refuses what JSON may hold: NUL, lone surrogates, numbers out of its range. Values come from
the network, so everything is mapped: U+FFFD for such characters, null for NaN and infinities, a
hexadecimal text for an integer beyond 64 bits, a text that says so for what nests too deep.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Final

JsonScalar = str | int | float | bool | None
JsonValue = JsonScalar | Sequence["JsonValue"] | Mapping[str, "JsonValue"]

# Deeper documents are cut there; PostgreSQL's own parser would stop at its stack depth.
DEPTH_LIMIT: Final = 64
TOO_DEEP: Final = "(nested too deep)"
# jsonb keeps a key's length in 28 bits; far less is sane, and a packet has 64 kB anyway.
TEXT_LIMIT: Final = 65_536

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def encode_json(value: JsonValue) -> bytes:
    """Return ``value`` as UTF-8 JSON that PostgreSQL accepts as jsonb."""
    return _encoder.encode(_storable(value, 0)).encode()


def _storable(value: JsonValue, depth: int) -> JsonValue:
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -(1 << 63) <= value < 1 << 63 else _text(hex(value))
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if depth >= DEPTH_LIMIT:
        return TOO_DEEP
    if isinstance(value, Mapping):
        return {_text(key): _storable(item, depth + 1) for key, item in value.items()}
    return [_storable(item, depth + 1) for item in value]


def _text(value: str) -> str:
    return _UNSTORABLE.sub("\ufffd", value[:TEXT_LIMIT])
