"""Who sends to us: addresses as packed bytes, and whether they may."""

import socket
from collections.abc import Sequence

from hepscope_common.rules.networks import Membership, Network

_MAPPED = "::ffff:"

Address = tuple[str, int]
"""Host and port as sockets tell them."""


def packed(host: str) -> bytes:
    """Return the 4 or 16 bytes of an address as sockets tell it, zone and mapping undone."""
    host = host.partition("%")[0]
    if host.startswith(_MAPPED) and "." in host:
        return socket.inet_aton(host[len(_MAPPED) :])
    return socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)


class Peers:
    """Says who may send."""

    def __init__(self, networks: Sequence[Network]) -> None:
        """Allow these networks; none = everybody."""
        self._allowed = Membership(networks) if networks else None

    def allows(self, host: str) -> bool:
        """Say whether an address, as sockets tell it, may send."""
        return self._allowed is None or packed(host) in self._allowed
