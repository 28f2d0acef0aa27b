"""Call flows as a ladder is read: what was sent when, from whom to whom, seen by which node."""

from dataclasses import dataclass, field

from support.builders import BASE_US, make_packet, make_request, make_response

ALICE, PROXY, BOB, CARRIER = "192.0.2.1", "192.0.2.9", "192.0.2.2", "198.51.100.1"


@dataclass
class CallFlow:
    """The packets of one Call-ID; times are seconds from the start of the traffic."""

    call_id: str
    node: bytes = b"edge"
    caller: str = ALICE
    callee: str = BOB
    start_s: float = 0.0
    packets: list[tuple[int, bytes]] = field(default_factory=list)

    def request(
        self,
        at_s: float,
        method: str,
        *,
        cseq: int = 1,
        branch: str = "",
        in_dialog: bool = False,
        headers: str = "",
        body: str = "",
        hop: tuple[str, str] | None = None,
        node: bytes | None = None,
    ) -> "CallFlow":
        """The caller sends a request; ``hop`` names other ends."""
        source, destination = hop or (self.caller, self.callee)
        payload = make_request(
            method,
            self.call_id,
            cseq=cseq,
            branch=branch or f"z9hG4bK-{cseq}-{source}",
            to_tag="to-1" if in_dialog else "",
            headers=headers,
            body=body,
        )
        return self._add(at_s, payload, source, destination, node)

    def response(
        self,
        at_s: float,
        status: int,
        *,
        method: str = "INVITE",
        cseq: int = 1,
        branch: str = "",
        headers: str = "",
        hop: tuple[str, str] | None = None,
        node: bytes | None = None,
    ) -> "CallFlow":
        """The callee answers the request of this CSeq on a hop, named from the request's side."""
        source, destination = hop or (self.caller, self.callee)
        payload = make_response(
            status,
            "",
            method,
            self.call_id,
            cseq=cseq,
            branch=branch or f"z9hG4bK-{cseq}-{source}",
            headers=headers,
        )
        return self._add(at_s, payload, destination, source, node)

    def hang_up(self, at_s: float, *, answered_s: float | None = None) -> "CallFlow":
        """The caller sends BYE, answered after a while, or never."""
        self.request(at_s, "BYE", cseq=9, in_dialog=True)
        if answered_s is not None:
            self.response(answered_s, 200, method="BYE", cseq=9)
        return self

    def _add(
        self, at_s: float, payload: bytes, source: str, destination: str, node: bytes | None
    ) -> "CallFlow":
        time_us = BASE_US + round((self.start_s + at_s) * 1_000_000)
        packet = make_packet(
            payload,
            time_us=time_us,
            source=source,
            destination=destination,
            node_name=self.node if node is None else node,
        )
        self.packets.append((time_us, packet))
        return self


def invite(call_id: str, status: int | None, *, start_s: float = 0.0, **kept: str) -> CallFlow:
    """An INVITE that rings after a second and gets its final a second later, or none at all."""
    flow = CallFlow(call_id, start_s=start_s, **kept)  # type: ignore[arg-type]
    flow.request(0, "INVITE").response(0.02, 100)
    if status is not None:
        flow.response(1, 180).response(2, status).request(2.01, "ACK", in_dialog=True)
    return flow
