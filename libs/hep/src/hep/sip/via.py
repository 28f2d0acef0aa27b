"""The top Via of a SIP message (RFC 3261 section 20.42): transport, host, branch.

    SIP/2.0/UDP host:port;branch=z9hG4bK...;received=...

Blanks are legal around the slashes. The branch is what pairs a request with its answers; one that
holds no more than the magic cookie pairs by the rules of RFC 2543, which is the matcher's business.
"""

import re
from typing import NamedTuple

from hep.sip.address import is_stray
from hep.sip.headers import split_list
from hep.sip.uri import parse_params, split_host_port

MAGIC_COOKIE = "z9hG4bK"
# Signs that the usual form of one hop has not.
_UNUSUAL = (",", ";;", "\t", '"')
_SENT = re.compile(
    r"SIP[ \t]*/[ \t]*\d\.\d[ \t]*/[ \t]*([^ \t;,/]+)[ \t]+([^;]*)(.*)", re.IGNORECASE | re.DOTALL
)


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


def top_hop(value: str) -> tuple[str, str, str, bool]:
    """Return (transport, host, branch, is_sound) of the first hop: the hot path's part of read_via.

    The usual form is read by find and slice, everything else by read_via with the same result.
    """
    if value[:8] == "SIP/2.0/" and not any(sign in value for sign in _UNUSUAL):
        transport, _, rest = value[8:].partition(" ")
        host, _, params = rest.partition(";")
        before, found, branch = params.partition("branch=")
        if found and before[-1:] in ("", ";") and " " not in rest and branch[-1:] != ";":
            if ":" in host:
                host = split_host_port(host)[0]
            if ";" in branch:
                branch = branch.partition(";")[0]
            return transport.lower(), host, branch, host != ""
    via = read_via(value)
    return via.transport, via.host, via.branch, via.is_sound


def count_hops(value: str) -> int:
    """Return how many hops one Via header holds."""
    return len(split_list(value)) if "," in value else 1
