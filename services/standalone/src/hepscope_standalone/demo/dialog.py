"""A dialog along a path of hosts, hop by hop as each node on the way sees it (RFC 3261 12, 16, 17).

Hosts between the first and the last are proxies: they answer an INVITE with 100, add a Via and a
Record-Route, acknowledge a failure themselves and pass it on. Requests go down the path, or up it
from the callee. The clock is the scene's; a message is complete bytes once it is carried.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hepscope_standalone.demo.network import Host, Party
from hepscope_standalone.demo.scene import Scene, Sent
from hepscope_standalone.demo.sip_text import Body, Header, message, request_line, status_line

ALLOW = "INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, INFO, REFER, NOTIFY"
NO_BODY = Body()


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


class Dialog:
    """One Call-ID between a caller and a callee; forks share ``call_id`` and ``from_tag``."""

    def __init__(
        self,
        scene: Scene,
        path: Sequence[Host],
        caller: Party,
        callee: Party,
        *,
        fork_of: "Dialog | None" = None,
    ) -> None:
        self.scene = scene
        self.path = tuple(path)
        self.caller = caller
        self.callee = callee
        self.call_id: str = fork_of.call_id if fork_of else scene.new_call_id(path[0])
        self.from_tag: str = fork_of.from_tag if fork_of else scene.token()
        # The way to the proxy that forks is shared, Via and CSeq included.
        self.branches: list[str] = list(fork_of.branches) if fork_of else []
        self.cseq: int = fork_of.cseq if fork_of else 0
        self._upward_cseq = 0
        self._to_tag = scene.token()
        self._is_tagged = False

    def request(
        self,
        method: str,
        *,
        body: Body = NO_BODY,
        headers: Sequence[Header] = (),
        start: int = 0,
        stop: int | None = None,
        upward: bool = False,
        uri: str = "",
    ) -> Transaction:
        """Send a request over the hops from ``start`` to ``stop``; ``upward`` from the callee."""
        path = self.path[::-1] if upward else self.path
        last = len(path) - 1 if stop is None else stop
        kept = self.branches[:start]
        branches = kept + [f"z9hG4bK{self.scene.token(12)}" for _ in range(len(kept), last)]
        if method == "INVITE":
            self.branches = branches
        cseq = self._next_cseq(method, is_new=start == 0, upward=upward)
        transaction = Transaction(method, cseq, path, start, branches, is_upward=upward)
        for hop in range(start, last):
            payload = self._request_bytes(transaction, hop, body, headers, uri)
            transaction.sent.append(self._carry(transaction, hop, payload))
            if method == "INVITE" and hop + 1 < len(path) - 1:
                with self.scene.aside():
                    self.respond(transaction, 100, at=hop + 1, until=hop)
        return transaction

    def respond(
        self,
        transaction: Transaction,
        status: int,
        *,
        body: Body = NO_BODY,
        headers: Sequence[Header] = (),
        reason: str | None = None,
        at: int | None = None,
        until: int = 0,
    ) -> list[Sent]:
        """Answer from the host ``at`` (the last one) back to ``until`` (the first).

        A failed INVITE is acknowledged on each hop, as the receiver of the answer does.
        """
        if status > 100 and transaction.method != "CANCEL":
            self._is_tagged = True
        sent = []
        first = len(transaction.path) - 1 if at is None else at
        line = status_line(status, reason)
        own = [*self._answer_headers(transaction, status, transaction.path[first]), *headers]
        for hop in range(first, until, -1):
            payload = self._response_bytes(transaction, hop - 1, line, own, body)
            sent.append(self._carry(transaction, hop - 1, payload, back=True))
            if transaction.method == "INVITE" and status >= 300:
                self._acknowledge(transaction, hop - 1)
        return sent

    def cancel(self, invite: Transaction, *, start: int = 0) -> None:
        """Cancel an INVITE hop by hop, each confirmed; the callee then answers 487 (RFC 3261 9)."""
        cancel = Transaction(
            "CANCEL", invite.cseq, invite.path, start, invite.branches, is_hop_by_hop=True
        )
        for hop in range(start, len(invite.path) - 1):
            self._carry(cancel, hop, self._request_bytes(cancel, hop))
            with self.scene.aside():
                self.respond(cancel, 200, at=hop + 1, until=hop)
        self.respond(invite, 487, until=start)

    def begin_again(self) -> None:
        """Forget the answer: the next request of this Call-ID is a new attempt (a challenge)."""
        self._is_tagged = False
        self._to_tag = self.scene.token()

    def _next_cseq(self, method: str, *, is_new: bool, upward: bool) -> int:
        """Return the number of a request; an ACK and the further forks of one keep theirs."""
        step = 1 if is_new and method != "ACK" else 0
        if upward:
            self._upward_cseq += step
            return self._upward_cseq
        self.cseq += step
        return self.cseq

    def _carry(
        self, transaction: Transaction, hop: int, payload: bytes, *, back: bool = False
    ) -> Sent:
        near, far = transaction.path[hop], transaction.path[hop + 1]
        source, destination = (far, near) if back else (near, far)
        return self.scene.carry(source, destination, _transport(near, far), self.call_id, payload)

    def _acknowledge(self, invite: Transaction, hop: int) -> None:
        ack = Transaction("ACK", invite.cseq, invite.path, hop, invite.branches, is_hop_by_hop=True)
        with self.scene.aside():
            self._carry(ack, hop, self._request_bytes(ack, hop))

    def _request_bytes(
        self,
        transaction: Transaction,
        hop: int,
        body: Body = NO_BODY,
        headers: Sequence[Header] = (),
        uri: str = "",
    ) -> bytes:
        target = self.caller if transaction.is_upward else self.callee
        contact = self._contact(transaction.path[0], is_callee=transaction.is_upward)
        lines = [
            *self._vias(transaction, hop),
            *self._record_routes(transaction, hop),
            *self._routes(transaction, hop),
            ("Max-Forwards", str(70 - hop)),
            *self._ends(transaction),
            ("CSeq", f"{transaction.cseq} {transaction.method}"),
            *(contact if transaction.method == "INVITE" else ()),
            ("User-Agent", transaction.path[0].user_agent),
            *headers,
        ]
        is_initial = transaction.is_hop_by_hop or not self._is_tagged
        at_device = f"sip:{target.user}@{target.host.sent_by}"
        line = request_line(transaction.method, uri or (target.uri if is_initial else at_device))
        return message(line, lines, body)

    def _answer_headers(
        self, transaction: Transaction, status: int, answering: Host
    ) -> Sequence[Header]:
        """Return what the answering host says of itself, the same on every hop."""
        server = ("Server", answering.user_agent)
        if transaction.method != "INVITE" or status == 100:
            return [server]
        routes = self._record_routes(transaction, len(transaction.path) - 2)
        contact = self._contact(answering, is_callee=not transaction.is_upward)
        return [*routes, *(contact if status < 300 else ()), server]

    def _response_bytes(
        self, transaction: Transaction, hop: int, line: str, own: Sequence[Header], body: Body
    ) -> bytes:
        lines = [
            *self._vias(transaction, hop),
            *self._ends(transaction),
            ("CSeq", f"{transaction.cseq} {transaction.method}"),
            *own,
        ]
        return message(line, lines, body)

    def _vias(self, transaction: Transaction, hop: int) -> list[Header]:
        lowest = hop if transaction.is_hop_by_hop else 0
        return [("Via", _via(transaction, at)) for at in range(hop, lowest - 1, -1)]

    def _record_routes(self, transaction: Transaction, hop: int) -> list[Header]:
        if transaction.method != "INVITE":
            return []
        proxies = transaction.path[1 : min(hop, len(transaction.path) - 2) + 1]
        return [("Record-Route", f"<sip:{proxy.sent_by};lr>") for proxy in reversed(proxies)]

    def _routes(self, transaction: Transaction, hop: int) -> list[Header]:
        if not self._is_tagged or transaction.is_hop_by_hop:
            return []
        return [("Route", f"<sip:{proxy.sent_by};lr>") for proxy in transaction.path[hop + 1 : -1]]

    def _ends(self, transaction: Transaction) -> list[Header]:
        # A CANCEL repeats the To of its INVITE, though an 18x has named a tag since (RFC 3261 9.1).
        is_tagged = self._is_tagged and transaction.method != "CANCEL"
        tag = f";tag={self._to_tag}" if is_tagged else ""
        first = f"{self.caller.name_addr};tag={self.from_tag}"
        second = f"{self.callee.name_addr}{tag}"
        if transaction.is_upward:
            first, second = second, first
        return [("From", first), ("To", second), ("Call-ID", self.call_id)]

    def _contact(self, host: Host, *, is_callee: bool) -> list[Header]:
        user = (self.callee if is_callee else self.caller).user
        return [("Contact", f"<sip:{user}@{host.sent_by}>"), ("Allow", ALLOW)]


def _transport(near: Host, far: Host) -> str:
    """Return how two hosts talk: as the phone among them wants, UDP between servers."""
    return far.transport if near.transport == "UDP" else near.transport


def _via(transaction: Transaction, hop: int) -> str:
    near, far = transaction.path[hop], transaction.path[hop + 1]
    branch = transaction.branches[hop]
    return f"SIP/2.0/{_transport(near, far)} {near.sent_by};branch={branch};rport"
