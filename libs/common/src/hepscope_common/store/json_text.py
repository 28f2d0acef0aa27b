"""JSON texts that a jsonb column takes.

jsonb refuses what JSON may hold: NUL, lone surrogates, numbers out of its range. Values come from
the network, so everything is mapped: U+FFFD for such characters, null for NaN and infinities, a
hexadecimal text for an integer that has no decimal one, a text that says so for what nests too
deep. Nearly all documents need none of this, so they are encoded first and looked at afterwards.
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
# Python refuses to write longer integers in decimal; half of its limit of digits, in bits.
INTEGER_BITS: Final = 7000

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
# How the encoder writes NUL; a text may hold the same six characters, and takes the long way too.
_NUL: Final = "\\u0000"
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def encode_json(value: JsonValue) -> bytes:
    """Return ``value`` as UTF-8 JSON that PostgreSQL accepts as jsonb."""
    try:
        text = _encode(value)
        if _NUL not in text:
            return text.encode()
    # NaN, infinities, huge integers and lone surrogates are ValueErrors.
    except (ValueError, RecursionError):
        pass
    return _encode(_storable(value, 0)).encode()


def _storable(value: JsonValue, depth: int) -> JsonValue:
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if value.bit_length() <= INTEGER_BITS else hex(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if depth >= DEPTH_LIMIT:
        return TOO_DEEP
    if isinstance(value, Mapping):
        return {_text(key): _storable(item, depth + 1) for key, item in value.items()}
    return [_storable(item, depth + 1) for item in value]


def _text(value: str) -> str:
    return _UNSTORABLE.sub("\ufffd", value)
