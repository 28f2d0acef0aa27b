"""Which messages are sent: heplify's filters."""

import re
from ipaddress import ip_network

from hepscope_capture.heplify.go_flags import FlagError
from hepscope_capture.heplify.translation import Translation
from hepscope_capture.heplify.values import Values

DEDUP_MS = 400
"""1.x's; 2.x forgets nothing, and with that drops SIP's own retransmissions."""

_METHOD = re.compile(r"[A-Za-z]{1,32}")
_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{2}|[nrt0\\])")
_ESCAPES = {"n": b"\n", "r": b"\r", "t": b"\t", "0": b"\0", "\\": b"\\"}
_ADDRESSES = {
    "diip": "--exclude-addresses",
    "disip": "--exclude-sources",
    "didip": "--exclude-destinations",
}


def translate_filters(values: Values, to: Translation) -> None:
    """Add the filters; raises FlagError."""
    methods = values.items("dim")
    for method in methods:
        if not _METHOD.fullmatch(method):
            raise FlagError(f"-dim {method}: no method of SIP")
    if methods:
        to.add("--exclude-methods", ",".join(methods).upper())
    for flag, option in _ADDRESSES.items():
        if networks := values.items(flag):
            to.add(option, ",".join(_network(flag, text) for text in networks))
    to.add_each("--include-payload", _texts(values, "fi"))
    to.add_each("--exclude-payload", _texts(values, "di"))
    if values.flag("dd"):
        to.add("--dedup-ms", DEDUP_MS)
    if values.text("script-file"):
        raise FlagError("-script-file: there is no Lua; see the options for filters and masks")


def _network(flag: str, text: str) -> str:
    try:
        ip_network(text)
    except ValueError as error:
        raise FlagError(f"-{flag} {text}: {error}") from None
    return text


def _texts(values: Values, flag: str) -> list[str]:
    if values.line == 2:
        return values.items(flag)
    pieces = ",".join(values.texts(flag)).split(",")
    return [_unescaped(piece) for piece in pieces if piece]


def _unescaped(text: str) -> str:
    """Return the text with escapes undone; bytes that are no UTF-8 as os.fsdecode does."""
    if "\\" not in text:
        return text
    pieces = _ESCAPE.split(text)
    data = b"".join(
        piece.encode("utf-8", "surrogateescape")
        if at % 2 == 0
        else (bytes.fromhex(piece[1:]) if piece.startswith("x") else _ESCAPES[piece])
        for at, piece in enumerate(pieces)
    )
    return data.decode("utf-8", "surrogateescape")
