"""What reverse proxies say of a request: ``X-Forwarded-*``, or ``Forwarded`` (RFC 7239).

Anybody can send these headers, so they count only from a peer that is trusted, and of the hops in
them only those that trusted proxies added: read from the right, the first address that is no
trusted proxy's is the client's.
"""

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from hepscope_query_api.web.base_path import parse_base_path

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Headers: TypeAlias = Iterable[tuple[bytes, bytes]]

NAMES: Final = frozenset(
    {
        b"forwarded",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-port",
        b"x-forwarded-prefix",
        b"x-forwarded-proto",
        b"x-real-ip",
    }
)
"""All headers by which proxies speak of a request; those that are not read are dropped too."""

MAX_HOPS: Final = 32
"""More are no chain of proxies."""

_PAIR: Final = re.compile(r'([!#$%&\'*+.^_`|~0-9A-Za-z-]+)=(?:"((?:[^"\\]|\\.)*)"|([^";,\s]*))')
_HOST: Final = re.compile(r"[A-Za-z0-9._~\[\]:-]{1,255}")


class Ignored(StrEnum):
    """Why such headers did not count. Closed: each is a metric label."""

    UNTRUSTED_PEER = "untrusted_peer"
    MALFORMED = "malformed"
    TWO_KINDS = "two_kinds"


@dataclass(frozen=True, slots=True)
class Told:
    """What trusted proxies say; None where they say nothing."""

    client: str | None = None
    scheme: str | None = None
    host: str | None = None
    prefix: str | None = None
    ignored: frozenset[Ignored] = frozenset()


@dataclass(slots=True)
class _Hop:
    """What one proxy added: whom it spoke with, and under which name."""

    client: str | None = None
    scheme: str | None = None
    host: str | None = None


def parse_network(value: object) -> object:
    """Return the network of ``10.0.0.5`` or ``10.1.0.0/24``; raises ValueError."""
    return ipaddress.ip_network(value.strip()) if isinstance(value, str) else value


def is_trusted(peer: str, trusted: Sequence[Network]) -> bool:
    """Return whether a peer's address is one of a trusted proxy."""
    address = parse_address(peer)
    return address is not None and any(address in network for network in trusted)


def read(headers: Headers, trusted: Sequence[Network]) -> Told:
    """Return what the headers of a request say that came from a trusted peer."""
    found: dict[bytes, list[str]] = {}
    for name, value in headers:
        if name in NAMES:
            found.setdefault(name, []).append(value.decode("latin-1"))
    ignored: set[Ignored] = set()
    prefix = _prefix(_rightmost(found.pop(b"x-forwarded-prefix", [])), ignored)
    standard = found.pop(b"forwarded", [])
    if standard and any(name.startswith(b"x-forwarded") for name in found):
        # A proxy that sets one kind passes on what a client sent of the other.
        ignored.add(Ignored.TWO_KINDS)
        standard = []
    hops = _standard_hops(standard, ignored) if standard else _usual_hops(found)
    if len(hops) > MAX_HOPS:
        ignored.add(Ignored.MALFORMED)
        hops = []
    client = _client([hop.client for hop in hops], trusted, ignored)
    nearest = hops[-1] if hops else _Hop()
    return Told(
        client=client,
        scheme=_scheme(nearest.scheme, ignored),
        host=_host(nearest.host, ignored),
        prefix=prefix,
        ignored=frozenset(ignored),
    )


def parse_address(text: str) -> Address | None:
    """Return the address of ``1.2.3.4``, ``1.2.3.4:5``, ``v6`` or ``[v6]:5``; None of others."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        # A zone (fe80::1%eth0) may be any text, and says nothing to others than that machine.
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _usual_hops(found: dict[bytes, list[str]]) -> list[_Hop]:
    """Return a hop per address of X-Forwarded-For; the last one has the name and the scheme."""
    hops = [_Hop(client) for client in _items(found.get(b"x-forwarded-for", []))] or [_Hop()]
    hops[-1].scheme = _rightmost(found.get(b"x-forwarded-proto", []))
    hops[-1].host = _rightmost(found.get(b"x-forwarded-host", []))
    return hops


def _standard_hops(values: list[str], ignored: set[Ignored]) -> list[_Hop]:
    """Return the hops behind the last one that cannot be read: proxies add theirs at the end."""
    hops: list[_Hop] = []
    # Each header for itself: a quote that a client left open must not reach into a proxy's.
    for element in reversed([part for value in values for part in _split(value, ",")]):
        pairs = _pairs(element)
        if pairs is None:
            ignored.add(Ignored.MALFORMED)
            break
        hops.append(_Hop(pairs.get("for"), pairs.get("proto"), pairs.get("host")))
    return hops[::-1]


def _pairs(element: str) -> dict[str, str] | None:
    """Return what an element of Forwarded says, None of one that is none."""
    pairs: dict[str, str] = {}
    for part in _split(element, ";"):
        match = _PAIR.fullmatch(part.strip())
        if match is None or match[1].lower() in pairs:
            return None
        name, quoted, plain = match.groups()
        pairs[name.lower()] = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
    return pairs


def _client(
    chain: list[str | None], trusted: Sequence[Network], ignored: set[Ignored]
) -> str | None:
    """Return the rightmost address that is no trusted proxy's, else the leftmost one."""
    found: str | None = None
    for told in reversed(chain):
        if told is None:
            break
        address = parse_address(told)
        if address is None:
            # RFC 7239 lets a proxy hide an address: "unknown", "_hidden".
            ignored.add(Ignored.MALFORMED)
            break
        found = str(address)
        if not any(address in network for network in trusted):
            break
    return found


def _scheme(text: str | None, ignored: set[Ignored]) -> str | None:
    if text is None or text.lower() in ("http", "https"):
        return None if text is None else text.lower()
    ignored.add(Ignored.MALFORMED)
    return None


def _host(text: str | None, ignored: set[Ignored]) -> str | None:
    if text is None or _HOST.fullmatch(text):
        return text
    ignored.add(Ignored.MALFORMED)
    return None


def _prefix(text: str | None, ignored: set[Ignored]) -> str | None:
    if text is None:
        return None
    try:
        return parse_base_path(text)
    except ValueError:
        ignored.add(Ignored.MALFORMED)
        return None


def _items(values: list[str]) -> list[str]:
    return [item.strip() for item in ",".join(values).split(",") if item.strip()]


def _rightmost(values: list[str]) -> str | None:
    items = _items(values)
    return items[-1] if items else None


def _split(text: str, mark: str) -> list[str]:
    """Return the parts of a text between marks that stand outside of quotes."""
    parts, quoted, escaped, start = [], False, False, 0
    for index, character in enumerate(text):
        if escaped:
            escaped = False
        elif quoted and character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif character == mark and not quoted:
            parts.append(text[start:index])
            start = index + 1
    return [part for part in (*parts, text[start:]) if part.strip()]
