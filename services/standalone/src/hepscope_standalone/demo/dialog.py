"""A dialog along a path of hosts, hop by hop as each node on the way sees it (RFC 3261 12, 16, 17).

Hosts between the first and the last are proxies: they answer an INVITE with 100, add a Via and a
Record-Route, acknowledge a failure themselves and pass it on. Requests go down the path, or up it
from the callee. The clock is the scene's; a message is complete bytes once it is carried.
"""

from collections.abc import Sequence

from hepscope_standalone.demo.dialog_text import DialogText
from hepscope_standalone.demo.network import Host
from hepscope_standalone.demo.people import Party
from hepscope_standalone.demo.scene import Scene, Sent
from hepscope_standalone.demo.sip_text import NO_BODY, Body, Header
from hepscope_standalone.demo.transaction import DEFAULT_TRANSPORT, Transaction


class Dialog(DialogText):
    """One Call-ID between a caller and a callee; forks share ``call_id`` and ``from_tag``."""

    def __init__(
        self,
        scene: Scene,
        path: Sequence[Host],
        caller: Party,
        callee: Party,
        *,
        fork_of: "Dialog | None" = None,
        between_servers: str = DEFAULT_TRANSPORT,
    ) -> None:
        call_id = fork_of.call_id if fork_of else scene.new_call_id(path[0])
        from_tag = fork_of.from_tag if fork_of else scene.token()
        super().__init__(
            tuple(path),
            caller,
            callee,
            call_id=call_id,
            from_tag=from_tag,
            to_tag=scene.token(),
        )
        self.scene = scene
        # The way to the proxy that forks is shared, Via and CSeq included.
        self.branches: list[str] = list(fork_of.branches) if fork_of else []
        self.cseq: int = fork_of.cseq if fork_of else 0
        self._upward_cseq = 0
        self._between_servers = between_servers

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
        transaction = Transaction(
            method,
            cseq,
            path,
            start,
            branches,
            is_upward=upward,
            between_servers=self._between_servers,
        )
        for hop in range(start, last):
            payload = self.request_bytes(transaction, hop, body, headers, uri)
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
            self.is_tagged = True
        sent = []
        first = len(transaction.path) - 1 if at is None else at
        for hop in range(first, until, -1):
            payload = self.response_bytes(
                transaction,
                hop - 1,
                status,
                reason=reason,
                at=first,
                headers=headers,
                body=body,
            )
            sent.append(self._carry(transaction, hop - 1, payload, back=True))
            if transaction.method == "INVITE" and status >= 300:
                self._acknowledge(transaction, hop - 1)
        return sent

    def exchange(
        self,
        method: str,
        *,
        body: Body = NO_BODY,
        headers: Sequence[Header] = (),
        upward: bool = False,
        answer: Body = NO_BODY,
        answer_headers: Sequence[Header] = (),
        status: int = 200,
    ) -> None:
        """Send a request within the dialog and let it be answered."""
        request = self.request(method, body=body, headers=headers, upward=upward)
        self.respond(request, status, body=answer, headers=answer_headers)

    def cancel(
        self, invite: Transaction, *, start: int = 0, headers: Sequence[Header] = ()
    ) -> None:
        """Cancel an INVITE hop by hop, each confirmed; the callee then answers 487 (RFC 3261 9)."""
        cancel = Transaction(
            "CANCEL",
            invite.cseq,
            invite.path,
            start,
            invite.branches,
            is_hop_by_hop=True,
            between_servers=invite.between_servers,
        )
        for hop in range(start, len(invite.path) - 1):
            self._carry(cancel, hop, self.request_bytes(cancel, hop, headers=headers))
            with self.scene.aside():
                self.respond(cancel, 200, at=hop + 1, until=hop)
        self.respond(invite, 487, until=start)

    def begin_again(self) -> None:
        """Forget the answer: the next request of this Call-ID is a new attempt (a challenge)."""
        self.is_tagged = False
        self.to_tag = self.scene.token()

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
        near, far = transaction.ends(hop)
        source, destination = (far, near) if back else (near, far)
        transport = transaction.transport(hop)
        return self.scene.carry(source, destination, transport, self.call_id, payload)

    def _acknowledge(self, invite: Transaction, hop: int) -> None:
        ack = Transaction(
            "ACK",
            invite.cseq,
            invite.path,
            hop,
            invite.branches,
            is_upward=invite.is_upward,
            is_hop_by_hop=True,
            between_servers=invite.between_servers,
        )
        with self.scene.aside():
            self._carry(ack, hop, self.request_bytes(ack, hop))
