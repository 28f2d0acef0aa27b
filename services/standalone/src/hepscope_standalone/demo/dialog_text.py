"""The text of a dialog's messages: who they are from and to, and how each hop changes them."""

from collections.abc import Sequence

from hepscope_standalone.demo.network import Host
from hepscope_standalone.demo.people import Party
from hepscope_standalone.demo.sip_text import (
    NO_BODY,
    Body,
    Header,
    message,
    request_line,
    status_line,
)
from hepscope_standalone.demo.transaction import Transaction

ALLOW = "INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, PRACK, INFO, REFER, NOTIFY, MESSAGE"
SUPPORTED = "100rel, timer, replaces"
# Requests that name where their sender can be reached (RFC 3261 8.1.1.8 and those who add to it).
WITH_CONTACT = frozenset({"INVITE", "UPDATE", "SUBSCRIBE", "NOTIFY", "REFER"})
MAX_FORWARDS = 70


class DialogText:
    """What the messages of one dialog share, and their bytes on each hop of a path."""

    def __init__(
        self,
        path: Sequence[Host],
        caller: Party,
        callee: Party,
        *,
        call_id: str,
        from_tag: str,
        to_tag: str,
    ) -> None:
        self.path = path
        self.caller = caller
        self.callee = callee
        self.call_id = call_id
        self.from_tag = from_tag
        self.to_tag = to_tag
        self.is_tagged = False
        """Whether the callee has answered, so that requests are within the dialog."""
        self.relay_at: int | None = None
        """The proxy of the path that has a media server put between the two, if one does."""

    def request_bytes(
        self,
        transaction: Transaction,
        hop: int,
        body: Body = NO_BODY,
        headers: Sequence[Header] = (),
        uri: str = "",
    ) -> bytes:
        """Return a request as it is on a hop."""
        method, path = transaction.method, transaction.path
        is_initial = transaction.is_hop_by_hop or not self.is_tagged
        lines = [
            *transaction.vias(hop),
            *(transaction.record_routes(hop, self.from_tag) if is_initial else ()),
            *(() if is_initial else transaction.routes(hop)),
            ("Max-Forwards", str(MAX_FORWARDS - hop)),
            *self._ends(transaction),
            ("CSeq", f"{transaction.cseq} {method}"),
        ]
        if method in WITH_CONTACT:
            lines.append(self._contact(transaction, 0, is_near=hop == 0))
        if method == "INVITE":
            lines += [("Allow", ALLOW), ("Supported", SUPPORTED)]
            if hop and is_initial:
                lines.append(("P-Asserted-Identity", f"<{self.caller.uri}>"))
        if not transaction.is_hop_by_hop:
            lines.append(("User-Agent", path[0].user_agent))
        target = uri or self._target(transaction, hop, is_initial=is_initial)
        return message(
            request_line(method, target),
            [*lines, *headers],
            body,
            relayed=self._is_beyond(transaction, hop),
        )

    def response_bytes(
        self,
        transaction: Transaction,
        hop: int,
        status: int,
        *,
        reason: str | None,
        at: int,
        headers: Sequence[Header],
        body: Body,
    ) -> bytes:
        """Return a response as it is on a hop; the host ``at`` of the path has made it."""
        lines = [
            *transaction.vias(hop, is_answer=True),
            *self._ends(transaction),
            ("CSeq", f"{transaction.cseq} {transaction.method}"),
            *self._answer_headers(transaction, status, at, is_near=hop == at - 1),
            *headers,
        ]
        relayed = self.relay_at is not None and not self._is_beyond(transaction, hop)
        return message(status_line(status, reason), lines, body, relayed=relayed)

    def _answer_headers(
        self, transaction: Transaction, status: int, at: int, *, is_near: bool
    ) -> list[Header]:
        """Return what the answering host says of itself."""
        answering = transaction.path[at]
        is_server = answering.node is not None or status == 100
        server = ("Server" if is_server else "User-Agent", answering.user_agent)
        if status == 100 or transaction.method not in {"INVITE", "SUBSCRIBE", "UPDATE"}:
            return [server]
        found = []
        if 100 < status < 300:
            found += transaction.record_routes(len(transaction.path) - 2, self.from_tag)
            found.append(self._contact(transaction, at, is_near=is_near))
        if transaction.method == "INVITE" and status < 300:
            found.append(("Allow", ALLOW))
        return [*found, server]

    def _is_beyond(self, transaction: Transaction, hop: int) -> bool:
        """Whether a hop lies on the far side of the proxy with the media server."""
        if self.relay_at is None:
            return False
        last = len(transaction.path) - 1
        return hop >= (last - self.relay_at if transaction.is_upward else self.relay_at)

    def _target(self, transaction: Transaction, hop: int, *, is_initial: bool) -> str:
        """Return the Request-URI: the address of record, on the last hop and later the device."""
        party = self.caller if transaction.is_upward else self.callee
        last = len(transaction.path) - 2
        if is_initial and (hop < last or not party.host.is_translated):
            return party.uri
        return _device(party, transaction.path[-1], is_near=hop == last)

    def _ends(self, transaction: Transaction) -> list[Header]:
        # A CANCEL repeats the To of its INVITE, though an 18x has named a tag since (RFC 3261 9.1).
        is_tagged = self.is_tagged and transaction.method != "CANCEL"
        tag = f";tag={self.to_tag}" if is_tagged else ""
        first = f"{self.caller.name_addr};tag={self.from_tag}"
        second = f"{self.callee.name_addr}{tag}"
        if transaction.is_upward:
            first, second = second, first
        return [("From", first), ("To", second), ("Call-ID", self.call_id)]

    def _contact(self, transaction: Transaction, at: int, *, is_near: bool) -> Header:
        is_caller = (at == 0) != transaction.is_upward
        party = self.caller if is_caller else self.callee
        return ("Contact", f"<{_device(party, transaction.path[at], is_near=is_near)}>")


def _device(party: Party, host: Host, *, is_near: bool) -> str:
    """Return the URI of a device; beyond its proxy with the address it really has, as Kamailio."""
    name = "ws" if host.transport == "WSS" else host.transport.lower()
    transport = "" if host.transport == "UDP" else f";transport={name}"
    alias = "" if is_near or not host.is_translated else f";alias={host.address}~{host.port}~1"
    return f"sip:{party.user}@{host.sent_by}{transport}{alias}"
