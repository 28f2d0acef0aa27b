"""Peers: the addresses that packets come from, with their counts, in a bounded table.

A UDP source address can be forged at will, so the table is bounded and only a peer from
which a packet was accepted is told apart by name; all others share one row.
"""

import socket
from collections.abc import Iterable

from hepscope_common.rules.rate import TokenBucket

MAX_PEERS = 1000
"""Peers told apart in metrics; an installation has tens of agents, seldom hundreds."""

MAX_ENDPOINTS = 16384
"""Address and port pairs remembered packed; the table is emptied when full."""

OTHERS = "other"

Address = tuple[object, ...]
"""Host, port and for IPv6 more, as ``recvfrom`` gives it."""


class Peer:
    """One address with its counts."""

    __slots__ = ("accepted", "bucket", "name", "nameless", "refused")

    def __init__(self, name: str) -> None:
        self.name = name
        self.accepted = 0
        self.refused: dict[str, int] = {}
        self.nameless: dict[str, int] = {}
        """Those of the refused that belong to no node."""
        self.bucket: TokenBucket | None = None


class Endpoint:
    """An address and port as a packet's annotation carries it, and the peer it belongs to."""

    __slots__ = ("is_allowed", "packed", "peer")

    def __init__(self, packed: bytes, peer: Peer) -> None:
        self.packed = packed
        self.peer = peer
        self.is_allowed: bool | None = None
        """Whether it may send, once the rule on networks was asked."""

    @property
    def address(self) -> bytes:
        """The address alone, packed."""
        return self.packed[:-2]


class PeerTable:
    """Finds the Peer of a socket address."""

    def __init__(self, *, max_peers: int = MAX_PEERS, max_endpoints: int = MAX_ENDPOINTS) -> None:
        self._max_peers = max_peers
        self._max_endpoints = max_endpoints
        self._endpoints: dict[Address, Endpoint] = {}
        self._peers: dict[str, Peer] = {}
        self._others = Peer(OTHERS)

    def endpoint(self, address: Address) -> Endpoint:
        """Return the endpoint of an address as ``recvfrom`` gives it."""
        found = self._endpoints.get(address)
        if found is None:
            if len(self._endpoints) >= self._max_endpoints:
                self._endpoints.clear()
                self._forget_silent()
            # A socket of both families tells an IPv4 peer in IPv6 form.
            host, port = str(address[0]).removeprefix("::ffff:"), int(str(address[1]))
            found = Endpoint(pack_endpoint(host, port), self._peer(host))
            self._endpoints[address] = found
        return found

    def known(self) -> Iterable[Peer]:
        """Return the peers that have a row of their own."""
        return self._peers.values()

    @property
    def others(self) -> Peer:
        """All peers without a row of their own, as one."""
        return self._others

    def accepted(self) -> Iterable[tuple[tuple[str], float]]:
        """Return accepted packets by peer name; peers without any share a row."""
        for peer in (*self._peers.values(), self._others):
            if peer.accepted:
                yield (peer.name,), peer.accepted

    def refused(self) -> Iterable[tuple[tuple[str, str], float]]:
        """Return refused packets by peer name and reason."""
        unknown: dict[str, int] = dict(self._others.refused)
        for peer in self._peers.values():
            for reason, count in peer.refused.items():
                if peer.accepted:
                    yield (peer.name, reason), count
                else:
                    unknown[reason] = unknown.get(reason, 0) + count
        for reason, count in unknown.items():
            yield (OTHERS, reason), count

    def _peer(self, host: str) -> Peer:
        peer = self._peers.get(host)
        if peer is None:
            if len(self._peers) >= self._max_peers:
                return self._others
            peer = self._peers[host] = Peer(host)
        return peer

    def _forget_silent(self) -> None:
        """Make room: a peer that never had a packet accepted is counted with the others."""
        for name in [name for name, peer in self._peers.items() if not peer.accepted]:
            gone = self._peers.pop(name)
            _add(self._others.refused, gone.refused)
            _add(self._others.nameless, gone.nameless)


def _add(counts: dict[str, int], more: dict[str, int]) -> None:
    for reason, count in more.items():
        counts[reason] = counts.get(reason, 0) + count


def pack_endpoint(host: str, port: int) -> bytes:
    """Return address (4 or 16 bytes) and port (2 bytes); mapped IPv4 becomes IPv4."""
    text = host.partition("%")[0].removeprefix("::ffff:")
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    try:
        packed = socket.inet_pton(family, text)
    except OSError:
        packed = bytes(4)
    return packed + port.to_bytes(2, "big")
