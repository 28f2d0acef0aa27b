"""Folding of messages into attempts, as a stream: requests, responses and packet time in.

INVITE (initial), REGISTER and BYE are followed. A transaction is found by Call-ID, top branch,
From tag, CSeq and number of Vias, which a response has in common with its request on that hop;
an attempt by Call-ID, From tag, hop, addresses and Request-URI (ports are left out: a TCP
client that connects again goes on with its attempt).

A final closes an attempt at once, except one that asks the client to try again; that waits
64 * T1 for the retry. Without a final it closes 32 s after the last new request, 180 s after
the last provisional response but 100. A closed attempt is remembered for 32 s, so that
retransmissions open no second one. Responses that come before their request, as two nodes may
deliver them, are kept until it comes. Everything is bounded.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final

from hepscope_common.calls.attempt import Attempt
from hepscope_common.calls.keys import STATUS_MAX
from hepscope_common.calls.state import RINGING_TIMEOUT_US, SETUP_TIMEOUT_US

if TYPE_CHECKING:
    from hep.sip import SipMessage
    from hepscope_common.calls.envelope import Envelope

# Finals after which a client is expected to send the request again under its Call-ID.
RETRIED: Final = {
    "INVITE": frozenset({401, 407, 422, 494}),
    "REGISTER": frozenset({401, 407, 423, 494}),
    "BYE": frozenset({401, 407, 503}),
}
LINGER_US: Final = SETUP_TIMEOUT_US
MAX_TRANSACTIONS: Final = 200_000  # about 300 bytes each; 32 s of 6000 requests a second
MAX_RETRIES: Final = 16  # a client that goes on for ever must not keep one attempt open for ever
MAX_EARLY: Final = 1024  # requests whose response came first
MAX_EARLY_RESPONSES: Final = 8
MAX_REDIRECTED: Final = 1024  # sessions between a 3xx and the INVITE that follows it


@dataclass(slots=True)
class _Open:
    """An attempt with its transactions, from its first request until it is forgotten."""

    attempt: Attempt
    key: Hashable
    deadline_us: int
    transactions: list[Hashable] = field(default_factory=list)
    closed: bool = False


class AttemptFolding:
    """Folds messages into attempts; each method returns the attempts that it closed."""

    def __init__(self, max_transactions: int = MAX_TRANSACTIONS) -> None:
        self.evicted = 0  # attempts closed before their time, because there were too many
        self._max_transactions = max_transactions
        self._open: dict[Hashable, _Open] = {}
        self._transactions: dict[Hashable, _Open] = {}
        self._deadlines: list[tuple[int, int, _Open]] = []
        self._serial = 0
        self._early: OrderedDict[Hashable, list[tuple[int, int]]] = OrderedDict()
        self._redirected: OrderedDict[Hashable, int] = OrderedDict()

    def feed(self, message: SipMessage, envelope: Envelope) -> list[Attempt]:
        """Take in a message in the order of arrival."""
        if message.method:
            return self._on_request(message, envelope)
        if message.status and message.cseq_method in RETRIED:
            key = _transaction(message, message.cseq_method)
            entry = self._transactions.get(key)
            if entry is not None:
                return self._on_response(entry, key, message.status, envelope.time_us)
            self._keep_early(key, message.status, envelope.time_us)
        return []

    def expire(self, now_us: int) -> list[Attempt]:
        """Close and forget what is over at ``now_us``, in packet time."""
        closed: list[Attempt] = []
        while self._deadlines and self._deadlines[0][0] <= now_us:
            scheduled_us, _, entry = heappop(self._deadlines)
            if entry.deadline_us > scheduled_us:
                self._schedule(entry)
            else:
                closed += self._forget(entry)
        return closed

    @property
    def transactions(self) -> int:
        """How many transactions are remembered."""
        return len(self._transactions)

    def _on_request(self, message: SipMessage, envelope: Envelope) -> list[Attempt]:
        method = message.method
        if method not in RETRIED or (method == "INVITE" and message.to_tag):
            return []
        key = _transaction(message, method)
        entry = self._transactions.get(key)
        if entry is not None:
            entry.attempt.requests += 1
            entry.attempt.started_us = min(entry.attempt.started_us, envelope.time_us)
            entry.attempt.session_us = min(entry.attempt.session_us, entry.attempt.started_us)
            return []
        closed = self._make_room()
        entry = self._entry(message, envelope)
        entry.transactions.append(key)
        self._transactions[key] = entry
        for status, time_us in self._early.pop(key, ()):
            closed += self._on_response(entry, key, status, time_us)
        return closed

    def _entry(self, message: SipMessage, envelope: Envelope) -> _Open:
        """Return the attempt that a new transaction belongs to, perhaps a new one."""
        key = _attempt_key(message, envelope)
        deadline_us = envelope.time_us + SETUP_TIMEOUT_US
        entry = self._open.get(key)
        if entry is not None and len(entry.transactions) <= MAX_RETRIES:
            entry.attempt.requests += 1
            entry.attempt.retries += 1
            entry.attempt.status = entry.attempt.final_us = None
            entry.deadline_us = max(entry.deadline_us, deadline_us)
            return entry
        session = (message.call_id, message.from_tag, message.via_count)
        entry = _Open(
            Attempt(
                method=message.method,
                call_id=message.call_id,
                from_tag=message.from_tag,
                request_uri=message.request_uri,
                hop=message.via_count,
                source=envelope.source,
                destination=envelope.destination,
                node=envelope.node,
                started_us=envelope.time_us,
                session_us=min(self._redirected.get(session, envelope.time_us), envelope.time_us),
            ),
            key,
            deadline_us,
        )
        self._open[key] = entry
        self._schedule(entry)
        return entry

    def _on_response(self, entry: _Open, key: Hashable, status: int, time_us: int) -> list[Attempt]:
        attempt = entry.attempt
        if entry.closed or status > STATUS_MAX:
            return []
        if status < 200:
            if status > 100:
                self._on_provisional(entry, time_us)
            return []
        # A challenge to an earlier request may come again after the retry; it decides nothing.
        if key != entry.transactions[-1] and status >= 300:
            return []
        attempt.status, attempt.final_us = status, time_us
        if status in RETRIED[attempt.method]:
            entry.deadline_us = time_us + LINGER_US
            return []
        return self._close(entry, time_us)

    def _on_provisional(self, entry: _Open, time_us: int) -> None:
        attempt = entry.attempt
        if attempt.provisional_us is None or time_us < attempt.provisional_us:
            attempt.provisional_us = time_us
        if attempt.method == "INVITE":
            entry.deadline_us = max(entry.deadline_us, time_us + RINGING_TIMEOUT_US)

    def _close(self, entry: _Open, time_us: int) -> list[Attempt]:
        """Count an attempt once; its transactions stay known until the deadline."""
        attempt = entry.attempt
        entry.closed = True
        entry.deadline_us = time_us + LINGER_US
        if self._open.get(entry.key) is entry:
            del self._open[entry.key]
        if attempt.method == "INVITE" and attempt.status is not None and attempt.status < 400:
            self._keep_session(attempt)
        self._schedule(entry)
        return [attempt]

    def _keep_session(self, attempt: Attempt) -> None:
        key = (attempt.call_id, attempt.from_tag, attempt.hop)
        if attempt.status is not None and attempt.status >= 300:
            self._redirected[key] = attempt.session_us
            if len(self._redirected) > MAX_REDIRECTED:
                self._redirected.popitem(last=False)
        else:
            self._redirected.pop(key, None)

    def _keep_early(self, key: Hashable, status: int, time_us: int) -> None:
        responses = self._early.setdefault(key, [])
        if len(responses) < MAX_EARLY_RESPONSES:
            responses.append((status, time_us))
        if len(self._early) > MAX_EARLY:
            self._early.popitem(last=False)

    def _make_room(self) -> list[Attempt]:
        closed: list[Attempt] = []
        while len(self._transactions) >= self._max_transactions and self._deadlines:
            _, _, entry = heappop(self._deadlines)
            self.evicted += not entry.closed
            closed += self._forget(entry)
        return closed

    def _forget(self, entry: _Open) -> list[Attempt]:
        for key in entry.transactions:
            self._transactions.pop(key, None)
        entry.transactions.clear()
        if entry.closed:
            return []
        entry.closed = True
        if self._open.get(entry.key) is entry:
            del self._open[entry.key]
        return [entry.attempt]

    def _schedule(self, entry: _Open) -> None:
        self._serial += 1
        heappush(self._deadlines, (entry.deadline_us, self._serial, entry))


def _transaction(message: SipMessage, method: str) -> Hashable:
    return (
        message.call_id,
        message.via_branch,
        message.from_tag,
        message.cseq,
        method,
        message.via_count,
    )


def _attempt_key(message: SipMessage, envelope: Envelope) -> Hashable:
    return (
        message.method,
        message.call_id,
        message.from_tag,
        message.via_count,
        envelope.source,
        envelope.destination,
        message.request_uri,
    )
