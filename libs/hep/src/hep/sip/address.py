r"""Addresses in From, To, Contact and the like (RFC 3261 section 20.10).

    "Display \"name\"" <sip:user@host;uri-parameter>;header-parameter
    sip:user@host;header-parameter

Without `<>` every `;` parameter belongs to the header, so no URI parameter exists there. Commas
never separate here: the list headers are split before (`headers.split_list`), From and To never.
"""

from typing import NamedTuple

from hep.sip.headers import quoted_end
from hep.sip.uri import parse_params

_BLANKS = " \t\r\n"


class NameAddr(NamedTuple):
    """The parts of an address: display without its quotes and escapes, URI text, parameters text.

    is_sound tells whether the form was that of the RFC; if not, the parts are what could be read.
    """

    display: str
    uri: str
    tail: str
    is_sound: bool

    @property
    def params(self) -> dict[str, str]:
        """The header's parameters by lower-case name."""
        return parse_params(self.tail)


def split_address(value: str) -> NameAddr:
    """Return the parts of one address; never raises."""
    value = value.strip(_BLANKS)
    if value[:1] == '"':
        end = quoted_end(value, 0)
        if end < len(value):
            return _after_display(value, unquote(value[:end]), end)
        # The quote never closes: the URI is found again by the last `<`.
        left = value.rfind("<")
        display = value[1:left] if left > 0 else ""
        return _bracketed(value, display.strip(_BLANKS), left)._replace(is_sound=False)
    left = value.find("<")
    if left < 0:
        return _bare(value)
    display = value[:left].strip(_BLANKS)
    parts = _bracketed(value, display, left)
    # Without quotes a display name is a row of tokens.
    if any(sign in display for sign in ',;:@"'):
        return parts._replace(is_sound=False)
    return parts


def _after_display(value: str, display: str, end: int) -> NameAddr:
    left = value.find("<", end)
    if left < 0:
        bare = _bare(value[end:])
        return NameAddr(display, bare.uri, bare.tail, is_sound=False)
    parts = _bracketed(value, display, left)
    return parts if not value[end:left].strip(_BLANKS) else parts._replace(is_sound=False)


def _bracketed(value: str, display: str, left: int) -> NameAddr:
    right = value.find(">", left)
    if right < 0:
        bare = _bare(value[left + 1 :])
        return NameAddr(display, bare.uri, bare.tail, is_sound=False)
    uri = value[left + 1 : right]
    stripped = uri.strip(_BLANKS)
    tail = value[right + 1 :].strip(_BLANKS)
    is_sound = uri == stripped and (not tail or tail[0] == ";") and not is_stray(tail)
    return NameAddr(display, stripped, tail, is_sound)


def _bare(value: str) -> NameAddr:
    # A URI that holds `;`, `,` or `?` must stand in `<>` (section 20.10), so the first `;` decides.
    uri, separator, tail = value.partition(";")
    is_sound = "?" not in uri and "," not in uri and not is_stray(separator + tail)
    return NameAddr("", uri.strip(_BLANKS), separator + tail, is_sound)


def is_stray(tail: str) -> bool:
    """Tell whether a row of `;` parameters holds empty ones or ends in a separator."""
    return tail[-1:] in (";", ",") or ";;" in tail or ",," in tail


def unquote(text: str) -> str:
    """Return a quoted string's content, its escapes undone; other text as it is."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    inner = text[1:-1]
    if "\\" not in inner:
        return inner
    kept: list[str] = []
    at = 0
    while (escape := inner.find("\\", at)) >= 0:
        kept.append(inner[at:escape])
        kept.append(inner[escape + 1 : escape + 2])
        at = escape + 2
    kept.append(inner[at:])
    return "".join(kept)
