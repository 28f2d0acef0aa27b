"""Reason headers as one short text: ``Q.850 34 no circuit`` (RFC 3326, RFC 6432)."""

from collections.abc import Iterable
from itertools import islice
from typing import Final

from hep.sip.address import unquote
from hep.sip.uri import parse_params
from hepscope_common.calls.q850 import CAUSES

MAX_VALUES: Final = 3
"""One per protocol is allowed; SIP and Q.850 beside each other are what is seen."""

VALUE_CHARS: Final = 120
_Q850: Final = "q.850"


def reason_text(values: Iterable[str]) -> str:
    """Return protocol, cause and text of each value, joined by ``; ``; "" of none.

    Without a text of its own, a Q.850 cause is named as the standard does. What is no Reason
    stands as it is, cut.
    """
    texts = (_value_text(value) for value in islice(values, MAX_VALUES))
    return "; ".join(text for text in texts if text)


def _value_text(value: str) -> str:
    protocol, _, rest = value.partition(";")
    params = parse_params(rest)
    cause = params.get("cause", "").strip()
    text = unquote(params.get("text", "")).strip()
    if not text and protocol.strip().lower() == _Q850 and cause.isascii() and cause.isdigit():
        text = CAUSES.get(int(cause[:4]), "")
    words = f"{protocol} {cause} {text}".split()
    return " ".join(words)[:VALUE_CHARS]
