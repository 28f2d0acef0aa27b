"""Telephone numbers, covered but for their first and last digits.

They stand in users of URIs and in display names; whatever number was found there is overwritten
elsewhere too (P-headers, origin of the session description, ...). Headers by which a call, a
transaction or another leg is found stay as they are.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from hep.sip import parse
from hep.sip.headers import quoted_end
from hepscope_common.rules.cover import Cover, fill
from hepscope_common.rules.mask_text import (
    HeaderText,
    headers_of,
    marked,
    unmarked,
    without_marks,
)

_PORT_DIGITS = 5
_REMEMBERED = 8_192
"""Numbers of at most _LONGEST characters whose cover is kept."""
_LONGEST = 64
_UNIT = re.compile(r"%3[0-9]|%[0-9A-Fa-f]{2}|[0-9]")
_PIECES = re.compile(r"([;:&?])")
# Possessive: each run of characters is looked at once, however long it is.
_RUN = re.compile(r"[^\s<>\"@]++@?")
_SCHEME = re.compile(r"(?:sips?|im|pres):", re.IGNORECASE)
_NUMBER_SCHEME = re.compile(r"((?:tel|fax|modem):)([^;,?&@]*+)", re.IGNORECASE)
_DIGITS = re.compile(r"[0-9]++")
_OPENING = re.compile(r"[<\"]")
_USERNAME = re.compile(r"(\busername\s*+=\s*+\"?)([^\",\s]*+)", re.IGNORECASE)
_TAG = re.compile(r";\s*+tag\s*+=", re.IGNORECASE)

STRUCTURAL = frozenset(
    {
        "Call-ID", "CSeq", "Content-Length", "Content-Type", "Date", "Expires", "In-Reply-To",
        "Join", "Max-Forwards", "Min-Expires", "Min-SE", "P-Charging-Vector", "RAck", "RSeq",
        "Replaces", "Retry-After", "Session-Expires", "Session-ID", "SIP-ETag", "SIP-If-Match",
        "Target-Dialog", "Timestamp", "Via", "X-CID",
    }
)  # fmt: skip
"""Headers that are left alone: calls, transactions and legs are told by them."""

_CREDENTIALS = frozenset({"Authorization", "Proxy-Authorization"})
_SDP_USER = re.compile(r"(o=)(\S*+)(.*)", re.DOTALL)
_SDP_MEDIA = re.compile(r"[abcmrtvz]=")


class NumberMask:
    """Covers the digits of numbers that have at least so many of them."""

    covers_origin = False
    """Whether the user of a session's origin is covered, whatever it is."""

    def __init__(self, *, first: int, last: int, least: int, cover: Cover = fill) -> None:
        self._first = first
        self._last = last
        self._least = least
        self._cover = cover
        self._remembered = lru_cache(_REMEMBERED)(self._freshly_covered)

    def number(self, text: str) -> str:
        """Return one number, or text that is none, as it may be shown."""
        return unmarked(self._covered(text))

    def _covered(self, text: str) -> str:
        """Return a number with what covers it marked, so that nothing covers it once more."""
        # The same ones come in each message of a call, several times.
        return self._remembered(text) if len(text) <= _LONGEST else self._freshly_covered(text)

    def _freshly_covered(self, text: str) -> str:
        units = [found for found in _UNIT.finditer(text) if _is_digit(found[0])]
        if len(units) < self._least:
            return text
        digits = "".join(found[0][-1] for found in units)
        beside = ""
        if len(units) > self._first + self._last:
            end = len(units) - self._last
            beside = f"{digits[: self._first]} {digits[end:]}"
            units, digits = units[self._first : end], digits[self._first : end]
        return replaced(text, units, self._cover(digits, beside))

    def message(self, head: str, body: str) -> tuple[str, str]:
        """Return header section and body of a SIP message without numbers."""
        known: set[str] = set()
        headers = [self._header(header, known) for header in headers_of(head)]
        body = self._uris(body, known)
        if known:
            headers = [(name, self._elsewhere(name, text, known)) for name, text in headers]
        if known or self.covers_origin:
            lines = (self._body_line(line, known) for line in body.split("\n"))
            body = "\n".join(lines)
        head = self._leftovers("\n".join(text for _, text in headers))
        return unmarked(head), unmarked(body)

    def _header(self, header: HeaderText, known: set[str]) -> tuple[str, str]:
        name, text, at = header
        if name in STRUCTURAL:
            return name, text
        if name in _CREDENTIALS:
            text = _USERNAME.sub(lambda found: found[1] + self._note(found[2], known), text)
        elif name and "<" in text:
            text = text[:at] + self._displays(text[at:], known)
        return name, self._uris(text, known)

    def _note(self, text: str, known: set[str]) -> str:
        masked = self._covered(text)
        digits = "".join(_DIGITS.findall(text))
        if masked != text and len(digits) >= self._least:
            known.add(digits)
        return masked

    def _uris(self, text: str, known: set[str]) -> str:
        def mask(found: re.Match[str]) -> str:
            run = found[0]
            scheme = _SCHEME.search(run) if run[-1] == "@" else None
            if scheme is not None:
                at = scheme.end()
                pieces = (self._note(piece, known) for piece in _PIECES.split(run[at:]))
                return run[:at] + "".join(pieces)
            return _NUMBER_SCHEME.sub(lambda one: one[1] + self._note(one[2], known), run)

        # Most headers have neither.
        if "@" not in text and _NUMBER_SCHEME.search(text) is None:
            return text
        return _RUN.sub(mask, text)

    def _displays(self, value: str, known: set[str]) -> str:
        """Return an address header's value, the names before each `<` without numbers."""
        parts: list[str] = []
        start = 0
        while True:
            left = _bracket(value, start)
            if left < 0:
                return "".join(parts) + value[start:]
            right = value.find(">", left)
            comma = value.find(",", right) if right >= 0 else -1
            stop = comma + 1 if comma >= 0 else len(value)
            parts.append(self._note(value[start:left], known) + value[left:stop])
            start = stop

    def _elsewhere(self, name: str, text: str, known: set[str]) -> str:
        if name in STRUCTURAL:
            return text
        start = text.index(":") + 1 if name else 0
        tag = _TAG.search(text, start)
        at = tag.start() if tag else len(text)
        return text[:start] + self._known(text[start:at], known) + text[at:]

    def _body_line(self, line: str, known: set[str]) -> str:
        if _SDP_MEDIA.match(line):
            return line
        origin = _SDP_USER.fullmatch(line)
        if origin is not None:
            return f"{origin[1]}{self._known(origin[2], known)}{origin[3]}"
        return self._known(line, known)

    def _known(self, text: str, known: set[str]) -> str:
        def mask(found: re.Match[str]) -> str:
            digits = found[0]
            is_port = len(digits) <= _PORT_DIGITS and text[found.start() - 1 : found.start()] == ":"
            return self._covered(digits) if digits in known and not is_port else digits

        if not any(number in text for number in known):
            return text
        return _DIGITS.sub(mask, text)

    def _leftovers(self, head: str) -> str:
        """Return the head without users that only the parser finds, in malformed addresses."""
        message = parse(without_marks(head).encode("latin-1"))
        for user in (message.ruri_user, message.from_user, message.to_user):
            if not user.isascii():
                continue
            for piece in _PIECES.split(user):
                digits = sum(_is_digit(unit) for unit in _UNIT.findall(piece))
                if digits >= self._least and (piece in head or digits > self._first + self._last):
                    head = self._piece_everywhere(head, piece)
        return head

    def _piece_everywhere(self, head: str, piece: str) -> str:
        headers = []
        for header in headers_of(head):
            text = header.text
            if header.name not in STRUCTURAL:
                text = covered_where(text, piece, self._once)
            headers.append(text)
        return "\n".join(headers)

    def _once(self, text: str) -> str:
        """Return a number covered, if it is not yet."""
        digits = sum(_is_digit(unit) for unit in _UNIT.findall(text))
        is_done = not text.isascii() and digits <= self._first + self._last
        return text if is_done else self._covered(text)


def covered_where(text: str, wanted: str, cover: Callable[[str], str]) -> str:
    """Return the text with each occurrence covered; a mark in it counts as an x."""
    shown, pieces, at = without_marks(text), [], 0
    while (found := shown.find(wanted, at)) >= 0:
        end = found + len(wanted)
        pieces += [text[at:found], cover(text[found:end])]
        at = end
    return "".join(pieces) + text[at:]


def replaced(text: str, units: list[re.Match[str]], covers: str) -> str:
    """Return the text with each unit (a character, or an escaped one) replaced by a character."""
    pieces, at = [], 0
    for unit, cover in zip(units, covers, strict=True):
        start, end = unit.span()
        pieces.append(text[at:start])
        pieces.append(marked(cover if end - start == 1 else f"%{ord(cover):02x}"))
        at = end
    return "".join(pieces) + text[at:]


def _is_digit(unit: str) -> bool:
    return len(unit) == 1 or (unit[1] == "3" and unit[2] in "0123456789")


def _bracket(value: str, at: int) -> int:
    """Return where the next `<` outside quotes is, -1 when there is none."""
    while (found := _OPENING.search(value, at)) is not None:
        if found[0] == "<":
            return found.start()
        at = quoted_end(value, found.start())
    return -1
