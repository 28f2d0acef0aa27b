"""A request on its way, and the headers that the way writes: Via, Record-Route, Route (RFC 3261).

Hop ``n`` of a path leads from its host ``n`` to host ``n`` + 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hepscope_standalone.demo.network import Host
from hepscope_standalone.demo.scene import Sent
from hepscope_standalone.demo.sip_text import Header

DEFAULT_TRANSPORT = "UDP"


@dataclass(slots=True)
class Transaction:
    """A request that was sent over some hops of a path; ``branches`` has one for each hop."""

    method: str
    cseq: int
    path: Sequence[Host]
    start: int
    branches: list[str]
    sent: list[Sent] = field(default_factory=list)
    is_upward: bool = False
    is_hop_by_hop: bool = False
    between_servers: str = DEFAULT_TRANSPORT
    """How two servers talk for which UDP would do; TCP for what is large (RFC 3261 18.1.1)."""

    def transport(self, hop: int) -> str:
        """Return how the hosts of a hop talk: as the peer among them wants."""
        near, far = self.path[hop], self.path[hop + 1]
        if near.transport != DEFAULT_TRANSPORT:
            return near.transport
        if far.transport != DEFAULT_TRANSPORT:
            return far.transport
        return self.between_servers if near.node and far.node else DEFAULT_TRANSPORT

    def ends(self, hop: int) -> tuple[Host, Host]:
        """Return the near and the far host of a hop, in the address family they share."""
        near, far = self.path[hop], self.path[hop + 1]
        return near.facing(far), far.facing(near)

    def vias(self, hop: int, *, is_answer: bool = False) -> list[Header]:
        """Return the Via lines of the message on a hop, the topmost first.

        What a receiver adds to the topmost (RFC 3581) stands in those below it, and in answers.
        """
        lowest = hop if self.is_hop_by_hop else 0
        return [
            ("Via", self._via(at, is_received=is_answer or at < hop))
            for at in range(hop, lowest - 1, -1)
        ]

    def record_routes(self, hop: int, tag: str) -> list[Header]:
        """Return what the proxies before a hop ask for; ``tag`` is the From tag, as Kamailio."""
        if self.method not in {"INVITE", "SUBSCRIBE"}:
            return []
        last = min(hop, len(self.path) - 2)
        return [("Record-Route", self._route(at, f";ftag={tag}")) for at in range(last, 0, -1)]

    def routes(self, hop: int) -> list[Header]:
        """Return the way that is left within a dialog."""
        return [("Route", self._route(at)) for at in range(hop + 1, len(self.path) - 1)]

    def _route(self, at: int, more: str = "") -> str:
        transport = self.transport(at)
        named = "" if transport == DEFAULT_TRANSPORT else f";transport={transport.lower()}"
        return f"<sip:{self.path[at].sent_by}{named};lr{more}>"

    def _via(self, hop: int, *, is_received: bool) -> str:
        near, _ = self.ends(hop)
        seen = f"received={near.address};rport={near.port}" if is_received else "rport"
        return f"SIP/2.0/{self.transport(hop)} {near.sent_by};branch={self.branches[hop]};{seen}"
