"""Call flows as HEP packets: who sent what to whom, when, and which node saw it.

Times are seconds after a start; a flow is a list of ``Sent``, which can be shuffled, cut and put on
a bus, and read as the signals that an exporter would count.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from hep import HepPacket, decode3, encode3
from hep.sip import parse
from hepscope_common.calls import (
    Attempt,
    AttemptFolding,
    Envelope,
    Signal,
    is_followed,
    signal_of,
)
from support.builders import BASE_US

SECOND_US = 1_000_000
NEVER_US = 1 << 62

Party = tuple[str, int]
ALICE: Party = ("192.0.2.10", 5070)
PROXY: Party = ("192.0.2.1", 5060)
BOB: Party = ("198.51.100.20", 5062)
CAROL: Party = ("203.0.113.7", 5064)

DELAY_US = 5_000
"""From capture to arrival."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A packet on its way: when it was captured and when it arrives."""

    time_us: int
    packet: bytes
    received_us: int


@dataclass
class Flow:
    """Messages of one Call-ID between two parties, as ``nodes`` see them."""

    call_id: str
    start_us: int = BASE_US
    caller: Party = ALICE
    callee: Party = PROXY
    from_tag: str = "f1"
    to_tag: str = "t1"
    nodes: tuple[str, ...] = ("edge",)
    agent: str = "Phone/1.0"
    sent: list[Sent] = field(default_factory=list)

    def request(
        self,
        method: str,
        at_s: float,
        *,
        cseq: int = 1,
        branch: str = "",
        back: bool = False,
        to_tag: str | None = None,
    ) -> "Flow":
        """Send a request, from the callee with ``back``; in a dialog unless ``to_tag`` is ''."""
        initial = method in {"INVITE", "REGISTER"}
        peer = ("" if initial else self.to_tag) if to_tag is None else to_tag
        tags = (peer, self.from_tag) if back else (self.from_tag, peer)
        head = f"{method} sip:bob@example.org SIP/2.0"
        return self._send(
            head,
            method,
            at_s,
            cseq=cseq,
            branch=branch or f"z9-{method}-{cseq}",
            tags=tags,
            from_callee=back,
        )

    def response(
        self,
        status: int,
        at_s: float,
        *,
        method: str = "INVITE",
        cseq: int = 1,
        branch: str = "",
        back: bool = False,
        to_tag: str | None = None,
        sdp: bool = False,
    ) -> "Flow":
        """Answer a request of the caller, or one of the callee with ``back``."""
        peer = self.to_tag if to_tag is None else to_tag
        tags = (peer, self.from_tag) if back else (self.from_tag, peer)
        head = f"SIP/2.0 {status} Reason"
        return self._send(
            head,
            method,
            at_s,
            cseq=cseq,
            branch=branch or f"z9-{method}-{cseq}",
            tags=tags,
            from_callee=not back,
            sdp=sdp,
        )

    def bye(
        self, at_s: float, answer_s: float | None, *, back: bool = False, status: int = 200
    ) -> "Flow":
        """Hang up, the callee with ``back``; unanswered where there is no time of the answer."""
        self.request("BYE", at_s, cseq=9, back=back)
        if answer_s is not None:
            self.response(status, answer_s, method="BYE", cseq=9, back=back)
        return self

    def via(self, nodes: Sequence[str]) -> "Flow":
        """Let what follows be seen by other nodes."""
        self.nodes = tuple(nodes)
        return self

    def _send(
        self,
        head: str,
        method: str,
        at_s: float,
        *,
        cseq: int,
        branch: str,
        tags: tuple[str, str],
        from_callee: bool,
        sdp: bool = False,
    ) -> "Flow":
        from_tag, to_tag = tags
        to = f";tag={to_tag}" if to_tag else ""
        body = "v=0\r\n" if sdp else ""
        kind = "Content-Type: application/sdp\r\n" if sdp else ""
        payload = (
            f"{head}\r\nVia: SIP/2.0/UDP 192.0.2.10:5070;branch={branch}\r\n"
            f"From: <sip:alice@example.org>;tag={from_tag}\r\nTo: <sip:bob@example.org>{to}\r\n"
            f"Call-ID: {self.call_id}\r\nCSeq: {cseq} {method}\r\nUser-Agent: {self.agent}\r\n"
            f"{kind}Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()
        source, destination = self.caller, self.callee
        if from_callee:
            source, destination = destination, source
        for order, node in enumerate(self.nodes):
            time_us = self.start_us + round(at_s * SECOND_US) + order * 150
            self.sent.append(Sent(time_us, _packet(payload, time_us, source, destination, node),
                                  time_us + DELAY_US))  # fmt: skip
        return self


def _packet(payload: bytes, time_us: int, source: Party, destination: Party, node: str) -> bytes:
    address = ipaddress.ip_address(source[0])
    return encode3(
        HepPacket(
            family=2 if address.version == 4 else 10,
            ip_protocol=17,
            source=address.packed,
            destination=ipaddress.ip_address(destination[0]).packed,
            source_port=source[1],
            destination_port=destination[1],
            time_us=time_us,
            protocol_type=1,
            node_id=7,
            node_name=node.encode(),
            payload=payload,
        )
    )


def late(sent: Iterable[Sent], by_s: float) -> list[Sent]:
    """Return packets that arrive later than they were captured, as from a spool."""
    return [replace(one, received_us=one.received_us + round(by_s * SECOND_US)) for one in sent]


def signals_of(sent: Iterable[Sent]) -> list[Signal]:
    """Return what is followed of packets, as the exporter reads it, in the order given."""
    found = []
    for one in sent:
        packet = decode3(one.packet)
        message = parse(packet.payload)
        if is_followed(message):
            envelope = Envelope(
                packet.time_us,
                one.received_us,
                packet.source,
                packet.source_port,
                packet.destination,
                packet.destination_port,
                node=packet.node_name.decode(),
            )
            found.append(signal_of(message, envelope))
    return found


def folded(signals: Iterable[Signal], scope: str = "") -> list[Attempt]:
    """Return the attempts that signals in the order of packet time give in the end.

    Live counting: time passes with the packets. Those of a node where a scope is given.
    """
    folding = AttemptFolding()
    found: dict[int, Attempt] = {}
    for signal in sorted(signals, key=lambda one: one.time_us):
        if scope in {"", signal.node}:
            events = folding.expire(signal.time_us)
            events += folding.feed(signal._replace(received_us=signal.time_us), scope)
            found.update((id(event.attempt), event.attempt) for event in events)
    events = folding.expire(NEVER_US)
    found.update((id(event.attempt), event.attempt) for event in events)
    return [one for one in found.values() if one.is_settled or one.method == "BYE"]
