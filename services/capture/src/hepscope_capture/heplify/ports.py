"""heplify's ``-pr``: ports, and what users paste behind them.

1.x puts the text behind ``portrange`` into a filter of tcpdump, so ``5060-5090 and not port 9060``
works there. What can be said by ports is; anything else becomes a whole expression.
"""

import re
from dataclasses import dataclass

from hepscope_capture.heplify.go_flags import FlagError
from hepscope_capture.ports import parse_ports

_LEADING = re.compile(
    r"\s*([0-9][0-9,\s-]*?)\s*(?:(and\b|or\b|&&|\|\|)\s*(.*))?", re.IGNORECASE | re.DOTALL
)
_NOT_PORT = re.compile(r"(?:not|!)\s*port(?:range)?\s+([0-9]+(?:-[0-9]+)?)", re.IGNORECASE)
_AND = re.compile(r"\s+(?:and|&&)\s+", re.IGNORECASE)

# RTCP of all media: version 2, packet types 200-207 (RFC 3550, 4585, 3611).
_RTCP = (
    "(udp[8] & 0xc0 = 0x80 and udp[9] >= 200 and udp[9] <= 207)"
    " or (ip6[6] = 17 and ip6[48] & 0xc0 = 0x80 and ip6[49] >= 200 and ip6[49] <= 207)"
)


@dataclass(frozen=True, slots=True)
class Ports:
    """What to capture: by ports, or, if there is one, by an expression."""

    ports: str
    excluded: str = ""
    expression: str = ""


def parse_ports_flag(text: str, line: int, *, has_rtcp: bool) -> Ports:
    """Return what the flag asks for; raises FlagError."""
    found = _LEADING.fullmatch(text)
    if found is None:
        raise FlagError(f"-pr {text}: neither ports, like 5060-5090, nor ports and a condition")
    ports, conjunction, rest = found.groups()
    try:
        parse_ports(ports)
    except ValueError as error:
        raise FlagError(f"-pr {text}: {error}") from None
    if conjunction is None:
        return Ports("5060-5090" if line == 2 and ports == "5060" else ports)
    excluded = [_NOT_PORT.fullmatch(part) for part in _AND.split(rest.strip())]
    if conjunction.lower() in ("and", "&&") and all(excluded):
        return Ports(ports, ",".join(one[1] for one in excluded if one))
    ranges = [f"portrange {part.strip()}" for part in ports.split(",")]
    by_ports = ranges[0] if len(ranges) == 1 else f"({' or '.join(ranges)})"
    expression = f"{by_ports} {conjunction} {rest.strip()}"
    return Ports(ports, expression=f"({expression}) or {_RTCP}" if has_rtcp else expression)
