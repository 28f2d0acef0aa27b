"""Networks whose peers may send: CIDR lists over packed addresses of 4 or 16 bytes."""

import ipaddress
from collections.abc import Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Membership:
    """Tells whether an address lies in one of several networks."""

    __slots__ = ("_by_width",)

    def __init__(self, networks: Sequence[Network]) -> None:
        # By width of the address: (network address, shift that leaves the prefix).
        self._by_width: dict[int, list[tuple[int, int]]] = {4: [], 16: []}
        for network in networks:
            width = network.max_prefixlen // 8
            shift = network.max_prefixlen - network.prefixlen
            self._by_width[width].append((int(network.network_address) >> shift, shift))

    def __contains__(self, address: bytes) -> bool:
        """Tell it of a packed address; one of another width lies nowhere."""
        number = int.from_bytes(address, "big")
        for prefix, shift in self._by_width.get(len(address), ()):
            if number >> shift == prefix:
                return True
        return False


class PeerNetworks:
    """Which peers may send."""

    __slots__ = ("_allowed", "_denied")

    def __init__(self, allowed: Sequence[Network], denied: Sequence[Network]) -> None:
        self._allowed = Membership(allowed) if allowed else None
        self._denied = Membership(denied)

    def allow(self, address: bytes) -> bool:
        """Tell whether a peer at a packed address may send; denied goes before allowed."""
        if address in self._denied:
            return False
        return self._allowed is None or address in self._allowed
