"""Credentials of SIP digest authentication (RFC 3261 section 22, RFC 7616), overwritten.

What may stay is listed, everything else goes: a parameter that nobody knows may be a secret. The
lines are looked for in all of a payload, since bodies hold SIP messages too (message/sipfrag).
"""

import re

from hep.sip.headers import quoted_end
from hepscope_common.rules.mask_text import hide

CREDENTIAL_LINE = re.compile(
    r"^((?:proxy-)?(?:authorization|authentication-info)(?:\r?\n[ \t]|[ \t])*+:)"
    r"([^\n]*+(?:\n[ \t][^\n]*+)*+)",
    re.IGNORECASE | re.MULTILINE,
)
"""A header that holds credentials: name with colon, and value with continuation lines."""

_OPEN = frozenset({"realm", "uri", "algorithm", "qop", "nc"})
_SECRET = frozenset(
    {"response", "nonce", "cnonce", "opaque", "nextnonce", "rspauth", "auts", "username"}
)
_SCHEME = re.compile(r"\s*(digest|basic|bearer|ntlm|kerberos|negotiate|tls-dsk)\s", re.IGNORECASE)
_STOP = re.compile(r"[,\"]")
_OPEN_VALUE = re.compile(r'\s*[\w*-]+\s*=\s*(?:"[^"\\]*+"|[^\s",;]*+)\s*')


def mask_credentials(text: str, *, usernames: bool) -> str:
    """Return a payload with its credentials overwritten; with usernames those, too."""
    kept = _OPEN if usernames else _OPEN | {"username"}
    return CREDENTIAL_LINE.sub(lambda found: found[1] + _mask_value(found[2], kept), text)


def _mask_value(value: str, kept: frozenset[str]) -> str:
    scheme = _SCHEME.match(value)
    at = 0 if scheme is None else scheme.end()
    if scheme is not None and scheme[1].lower() != "digest":
        return value[:at] + hide(value[at:])
    masked = [value[:at]]
    while at < len(value):
        end = _param_end(value, at)
        masked.append(_mask_param(value[at:end], kept) + value[end : end + 1])
        at = end + 1
    return "".join(masked)


def _param_end(value: str, at: int) -> int:
    """Return where the parameter that begins here ends: at a comma outside quotes."""
    while (found := _STOP.search(value, at)) is not None:
        if found[0] == ",":
            return found.start()
        at = quoted_end(value, found.start())
    return len(value)


def _mask_param(text: str, kept: frozenset[str]) -> str:
    name, sign, value = text.partition("=")
    known = name.strip().lower()
    if known in kept and _OPEN_VALUE.fullmatch(text):
        return text
    if known in _OPEN or known in _SECRET:
        return f"{name}{sign}{_hide_value(value)}"
    return hide(text)


def _hide_value(value: str) -> str:
    """Return the value overwritten, in quotes where it was in quotes."""
    bare = value.strip()
    if len(bare) < 2 or bare[0] != '"' or bare[-1] != '"':
        return hide(value)
    left = value.index('"')
    right = value.rindex('"')
    return f'{value[:left]}"{hide(value[left + 1 : right])}"{value[right + 1 :]}'
