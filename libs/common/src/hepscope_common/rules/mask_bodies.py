"""What bodies give away: text messages, dialled digits, media keys."""

import re

from hepscope_common.rules.cover import FILL
from hepscope_common.rules.mask_text import hide

DTMF_TYPES = (
    "application/dtmf",  # and dtmf-relay
    "audio/telephone-event",
    "application/vnd.nortelnetworks.digits",
    "application/kpml-response",
)
"""Beginnings of content types whose bodies are dialled digits."""

_RELAY = "application/dtmf-relay"
_RELAY_LINE = re.compile(r"([^\S\r\n]*+duration\s*+=\s*+\d{1,6}\s*+)|([^\S\r\n]*+signal\s*+=)(.*)",
                         re.IGNORECASE | re.DOTALL)  # fmt: skip

# RFC 4568 (crypto), RFC 4567 (key-mgmt), RFC 8839 section 5.4 (ice-pwd), RFC 8866 section 5.12.
_KEY_LINE = re.compile(
    r"^(a=crypto:|a=key-mgmt:|a=ice-pwd:|k=)([^\n]*+)", re.IGNORECASE | re.MULTILINE
)
_INLINE = re.compile(r"(inline:[ \t]*+)([^|;\s]*+)", re.IGNORECASE)
_METHOD = re.compile(r"[a-z0-9-]{1,16}[: ]", re.IGNORECASE)


def hide_body(body: str) -> str:
    """Return a body of which nothing is left but its length."""
    return FILL * len(body)


def mask_dtmf(body: str, content_types: list[str]) -> str:
    """Return a body without dialled digits; content_types are all that the message names."""
    kinds = [kind.strip().lower() for kind in content_types]
    if any(kind.startswith("multipart/") for kind in kinds):
        lowered = body.lower()
        return hide_body(body) if any(kind in lowered for kind in DTMF_TYPES) else body
    if not any(kind.startswith(DTMF_TYPES) for kind in kinds):
        return body
    if len(kinds) == 1 and kinds[0].startswith(_RELAY):
        return "\n".join(_mask_relay_line(line) for line in body.split("\n"))
    return hide_body(body)


def _mask_relay_line(line: str) -> str:
    found = _RELAY_LINE.fullmatch(line)
    if found is None:
        return hide(line)
    return found[1] or found[2] + hide(found[3])


def mask_media_keys(text: str) -> str:
    """Return a payload without the keys of its session descriptions.

    The lines are looked for in all of it: no header begins like one.
    """
    return _KEY_LINE.sub(_mask_key_line, text)


def _mask_key_line(found: re.Match[str]) -> str:
    name, value = found[1], found[2]
    if name.lower() == "a=crypto:" and _INLINE.search(value):
        return name + _INLINE.sub(lambda key: key[1] + hide(key[2]), value)
    method = _METHOD.match(value)
    at = method.end() if method else 0
    return name + value[:at] + hide(value[at:])
