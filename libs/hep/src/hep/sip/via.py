"""The top Via of a SIP message (RFC 3261 section 20.42): transport, host, branch.

    SIP/2.0/UDP host:port;branch=z9hG4bK...;received=...

Blanks are legal around the slashes. The branch is what pairs a request with its answers; one that
holds no more than the magic cookie pairs by the rules of RFC 2543, which is the matcher's business.
"""

import re
from typing import NamedTuple

from hep.sip.address import is_stray
from hep.sip.faults import Fault
from hep.sip.headers import split_list
from hep.sip.places import BLANKS
from hep.sip.uri import parse_params, split_host_port

MAGIC_COOKIE = "z9hG4bK"
_SENT = re.compile(
    r"SIP[ \t]*/[ \t]*\d\.\d[ \t]*/[ \t]*([^ \t;,/]+)[ \t]+([^;]*)(.*)", re.IGNORECASE | re.DOTALL
)

# One hop with a host that is no IPv6 address and a branch, and the blanks that stand around it on
# its line. No parameter may hold what ends it, so that a mismatch costs time linear in the length.
_USUAL = re.compile(
    r" ?SIP/2\.0/([A-Za-z-]+) ([A-Za-z0-9._-]+)(?::\d{1,5})?"
    r"(?:;(?!(?i:branch)=)[A-Za-z][^;, \t\r\"]*)*;branch=([^;, \t\r\"]+)"
    r"(?:;[A-Za-z][^;, \t\r\"]*)*\r?"
)
_BROADCAST = "255.255.255.255"


class Via(NamedTuple):
    """One hop; transport in lower case, host without brackets."""

    transport: str = ""
    host: str = ""
    port: int | None = None
    branch: str = ""
    params: str = ""
    is_sound: bool = True


def read_via(value: str) -> Via:
    """Return the parts of the first hop in a Via header; never raises."""
    first = value
    is_sound = not is_stray(value)
    if "," in value:
        hops = split_list(value)
        first = hops[0] if hops else ""
    found = _SENT.fullmatch(first)
    if found is None:
        branch = parse_params(first.partition(";")[2]).get("branch", "")
        return Via(branch=branch, params=first.partition(";")[2], is_sound=False)
    host, port = split_host_port(found[2])
    tail: str = found[3]
    branch = parse_params(tail).get("branch", "")
    return Via(found[1].lower(), host, port, branch, tail, is_sound and host != "")


def read_top_via(value: str) -> tuple[str, str, str, int, tuple[Fault, ...]] | None:
    """Return (transport, host, branch, hop count, faults) of a Via's value; None of a blank one."""
    usual = _USUAL.fullmatch(value)
    if usual is not None and usual[2] != _BROADCAST:
        transport, host, branch = usual.groups()
        return transport.lower(), host, branch, 1, ()
    value = value.strip(BLANKS)
    if not value:
        return None
    faults: list[Fault] = []
    via = read_via(value)
    if not via.is_sound:
        faults.append(Fault.BAD_VIA)
    if names_broadcast(value):
        faults.append(Fault.BROADCAST_VIA)
    return via.transport, via.host, via.branch, count_hops(value), tuple(faults)


def count_hops(value: str) -> int:
    """Return how many hops one Via header holds."""
    if "," not in value:
        return 1
    # Stray commas leave pieces that are no hops (RFC 4475 section 3.1.2.1).
    return sum("/" in hop for hop in split_list(value))


def names_broadcast(value: str) -> bool:
    """Tell whether a hop is the IPv4 broadcast address."""
    return _BROADCAST in value
