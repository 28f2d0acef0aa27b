"""Users of URIs and display names, covered whole, whatever they consist of.

Numbers among them are covered elsewhere too, as NumberMask does it; a name is not looked for
elsewhere, since a user may be called like anything.
"""

import re

from hep.sip import parse
from hepscope_common.rules.cover import Cover, fill
from hepscope_common.rules.mask_numbers import STRUCTURAL, NumberMask, covered_where, replaced
from hepscope_common.rules.mask_text import HeaderText, headers_of, without_marks

# Marks are above Latin-1: what is covered is not covered once more.
_UNIT = re.compile(r"%[0-9A-Fa-f]{2}|[0-9A-Za-z\x80-\xff]")
_OPEN = re.compile(r"[0-9A-WYZa-wyz]")
"""What a covered user holds none of, where an x stands for each mark."""
_LEAST_NUMBER = 5
_ORIGIN = re.compile(r"(o=)([^\s-]\S*+|-\S++)(.*)", re.DOTALL)

_ADDRESSES = frozenset(
    {
        "Contact", "Diversion", "From", "History-Info", "P-Asserted-Identity", "P-Associated-URI",
        "P-Called-Party-ID", "P-Preferred-Identity", "Path", "Record-Route", "Refer-To",
        "Referred-By", "Remote-Party-ID", "Reply-To", "Route", "Service-Route", "To",
    }
)  # fmt: skip
"""Headers in which what stands before an @ is a user under any scheme, or none."""

# At the start of a word: behind an @ or > come parameters, and a tag may hold an @.
_FOREIGN_USER = re.compile(
    r"((?:\A|(?<=[\s<\",]))(?:(?:sips?|im|pres|h323|mailto|xmpp|msrps?|https?|wss?):)?+)"
    r"([^\s<>\"@;][^\s<>\"@]*+@)",
    re.IGNORECASE,
)


class UserMask(NumberMask):
    """Covers letters and digits of users."""

    covers_origin = True

    def __init__(self, *, least: int = _LEAST_NUMBER, cover: Cover = fill) -> None:
        super().__init__(first=0, last=0, least=least, cover=cover)

    def _freshly_covered(self, text: str) -> str:
        units = [unit for unit in _UNIT.finditer(text) if _symbol(unit[0])]
        return replaced(text, units, self._cover("".join(_symbol(unit[0]) for unit in units), ""))

    def _body_line(self, line: str, known: set[str]) -> str:
        origin = _ORIGIN.fullmatch(line)
        if origin is not None:
            return f"{origin[1]}{self._covered(origin[2])}{origin[3]}"
        return super()._body_line(line, known)

    def _header(self, header: HeaderText, known: set[str]) -> tuple[str, str]:
        name, text = super()._header(header, known)
        if name in _ADDRESSES or not name:
            at = header.value_at if name else 0
            value = _FOREIGN_USER.sub(lambda found: found[1] + self._covered(found[2]), text[at:])
            text = text[:at] + value
        return name, text

    def _leftovers(self, head: str) -> str:
        message = parse(without_marks(head).encode("latin-1"))
        for user in (message.ruri_user, message.from_user, message.to_user):
            if user.isascii() and _OPEN.search(user):
                head = "\n".join(
                    header.text
                    if header.name in STRUCTURAL
                    else covered_where(header.text, f"{user}@", self._covered)
                    for header in headers_of(head)
                )
        return head


def _symbol(unit: str) -> str:
    """Return the character that a unit stands for; "" for one that is neither letter nor digit."""
    char = unit if len(unit) == 1 else chr(int(unit[1:], 16))
    return char if (char.isascii() and char.isalnum()) or char >= "\x80" else ""
