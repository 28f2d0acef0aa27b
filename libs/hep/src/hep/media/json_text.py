"""JSON payloads as agents write them: several objects in a row, keys twice, texts unescaped.

rtpproxy glues one object per RTCP packet, rtpengine repeats the keys of a second packet inside
one object, captagent does not escape the texts of SDES.
"""

import json
from typing import TypeAlias

from hep.media.errors import MediaError, Reason

# Four times what a HEP packet carries uncompressed, as for inflated payloads.
MAX_BYTES = 256 * 1024
MAX_OBJECTS = 64

JsonObject: TypeAlias = dict[str, object]

_DECODER = json.JSONDecoder()
_BLANKS = " \t\r\n\0,"
# Where objects may be told apart by it: see _split.
_BLOCKS = "report_blocks"
_SENDER = "sender_information"
_SDES = '"sdes_information"'


def objects(payload: bytes) -> list[JsonObject]:
    """Every JSON object at the top of a payload, those of a top array too, in order.

    Raises MediaError: EMPTY, TOO_LARGE, TOO_DEEP, BAD_JSON, BAD_SHAPE, TOO_MANY.
    """
    if len(payload) > MAX_BYTES:
        raise MediaError(Reason.TOO_LARGE, MAX_BYTES)
    text = payload.decode("utf-8", "replace").strip(_BLANKS + "\ufeff")
    if not text:
        raise MediaError(Reason.EMPTY, 0)
    try:
        return _flat(_read(text))
    except RecursionError:
        raise MediaError(Reason.TOO_DEEP, 0) from None


def _read(text: str) -> list[object]:
    # The hook costs a call per object, so it is used only where a key can be there twice.
    repeated = text.count('"report_blocks"') > 1
    decoder = json.JSONDecoder(object_pairs_hook=_split) if repeated else _DECODER
    try:
        return _read_all(text, decoder)
    except MediaError:
        raise
    except ValueError as broken:
        place = text.find(_SDES)
        if place < 0:
            offset = broken.pos if isinstance(broken, json.JSONDecodeError) else 0
            raise MediaError(Reason.BAD_JSON, offset) from None
    # What stands before the texts of SDES is sound, and all that counts.
    try:
        return _read_all(text[:place].rstrip(_BLANKS) + "}", decoder)
    except MediaError:
        raise
    except ValueError:
        raise MediaError(Reason.BAD_JSON, place) from None


def _read_all(text: str, decoder: json.JSONDecoder) -> list[object]:
    """The values that stand in a row. Raises ValueError, also for a number of too many digits."""
    values: list[object] = []
    at = 0
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        values.append(value)
        while at < len(text) and text[at] in _BLANKS:
            at += 1
        if len(values) > MAX_OBJECTS:
            raise MediaError(Reason.TOO_MANY, at)
    return values


def _split(pairs: list[tuple[str, object]]) -> JsonObject | list[JsonObject]:
    """An object, or the objects whose keys were written into one."""
    found: list[JsonObject] = [{}]
    for key, value in pairs:
        current = found[-1]
        if key in current or (key == _SENDER and _BLOCKS in current):
            current = {}
            found.append(current)
        current[key] = value
    return found[0] if len(found) == 1 else found


def _flat(values: list[object]) -> list[JsonObject]:
    found: list[JsonObject] = []
    for value in values:
        if isinstance(value, dict):
            found.append(value)
        elif isinstance(value, list):
            found.extend(entry for entry in value if isinstance(entry, dict))
    if not found:
        raise MediaError(Reason.BAD_SHAPE, 0)
    if len(found) > MAX_OBJECTS:
        raise MediaError(Reason.TOO_MANY, 0)
    return found
