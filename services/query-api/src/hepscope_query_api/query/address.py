"""Address filters: an address, an address with port, a network, or a pattern.

``10.0.0.5``, ``10.0.0.5:5060``, ``2001:db8::1``, ``[2001:db8::1]:5060``, ``10.0.0.0/8``,
``10.1.*``, ``*:5060``. Networks may have host bits set, as people copy them from interfaces.
"""

import ipaddress
from dataclasses import dataclass

from hepscope_query_api.query.pattern import Pattern, parse_pattern

EXPECTED = ["10.0.0.5", "10.0.0.5:5060", "[2001:db8::1]:5060", "10.0.0.0/8", "10.1.*"]


@dataclass(frozen=True, slots=True)
class AddressFilter:
    """What an address and a port must be; None = anything."""

    network: str | None = None
    address: str | None = None
    pattern: Pattern | None = None
    port: int | None = None


def parse_address(text: str) -> AddressFilter:
    """Return the filter that a text names; raises ValueError."""
    host, port = _split_port(text)
    if "/" in host:
        return AddressFilter(network=str(ipaddress.ip_network(host, strict=False)), port=port)
    if "*" in host:
        pattern = parse_pattern(host)
        return AddressFilter(pattern=None if pattern.is_anything else pattern, port=port)
    address = ipaddress.ip_address(host)
    if address.version == 6 and address.scope_id:
        raise ValueError("an address cannot have a zone")
    return AddressFilter(address=str(address), port=port)


def _split_port(text: str) -> tuple[str, int | None]:
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError("a bracket does not close")
        return host, _port(rest[1:]) if rest else None
    if text.count(":") == 1:
        host, _, port = text.partition(":")
        return host, _port(port)
    return text, None


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 5 or int(text) > 65535:
        raise ValueError("a port is a number from 0 to 65535")
    return int(text)
