"""Free texts of RTCP reports as JSON: what a source calls itself (SDES), and why it left (BYE).

A canonical name is often ``sip:alice@192.0.2.1``. Everything around the texts stays byte for byte.
"""

import json
import re

from hepscope_common.rules.cover import FILL
from hepscope_common.rules.mask_numbers import NumberMask

_TEXT = re.compile(rb'("(?:text|reason)"\s*+:\s*+)("(?:[^"\\]|\\.)*+")', re.DOTALL)


def mask_texts(payload: bytes, mask: NumberMask) -> bytes:
    """Return a report whose texts are covered as a user or a number is; never raises."""

    def cover(found: re.Match[bytes]) -> bytes:
        return found[1] + _covered(found[2], mask)

    return _TEXT.sub(cover, payload)


def _covered(quoted: bytes, mask: NumberMask) -> bytes:
    try:
        text = json.loads(quoted).encode()
    except ValueError:
        return b'"' + FILL.encode() * (len(quoted) - 2) + b'"'
    # A byte a character, as masks work; what is left of others is as it was.
    shown = mask.number(text.decode("latin-1")).encode("latin-1")
    return json.dumps(shown.decode("utf-8", "replace"), ensure_ascii=False).encode()
