"""Extra: what has no column of its own, as one small JSON object per row.

Keys are header names in their registered spelling, their value a text, or a list of texts where
a header repeats. Keys with a colon, which no header name can hold, are ours: ``hep:chunks``
maps vendor:type to hexadecimal, ``hep:time`` is the time as sent (microseconds since 1970)
where a known mistake in it was undone. The payload holds everything in full, so this is cut
without loss; credentials are left in the payload alone.
"""

from collections.abc import Sequence
from typing import Final

from hep.sip.headers import ROUTINE, canonical_name
from hepscope_common.store.json_text import JsonValue

MAX_HEADERS: Final = 64
MAX_NAME: Final = 64
MAX_VALUE: Final = 512
MAX_CHUNKS: Final = 32
MAX_CHUNK_BYTES: Final = 128

Extra = dict[str, JsonValue]


def uncommon_headers(lines: Sequence[str]) -> Extra | None:
    """Return the uncommon headers among unfolded header lines, None when there are none."""
    if not lines:
        return None
    found: dict[str, list[str]] = {}
    count = 0
    for line in lines:
        name, colon, value = line.partition(":")
        name = canonical_name(name.strip(" \t"))
        if colon and name and name not in ROUTINE and count < MAX_HEADERS:
            found.setdefault(name[:MAX_NAME], []).append(value.strip(" \t\r")[:MAX_VALUE])
            count += 1
    if not found:
        return None
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def add_packet_extra(
    extra: Extra | None, chunks: Sequence[tuple[int, int, bytes]], sent_us: int | None
) -> Extra | None:
    """Return extra with the HEP chunks that have no column, and the time sent if repaired."""
    if not chunks and sent_us is None:
        return extra
    whole = extra or {}
    if chunks:
        whole["hep:chunks"] = {
            f"{vendor}:{kind}": value[:MAX_CHUNK_BYTES].hex()
            for vendor, kind, value in chunks[:MAX_CHUNKS]
        }
    if sent_us is not None:
        whole["hep:time"] = sent_us
    return whole
