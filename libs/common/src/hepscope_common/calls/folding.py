"""Folding of messages into attempts, as a stream: requests, responses and packet time in.

INVITE (initial), REGISTER and BYE are followed. An attempt is known by Call-ID and From tag; an
INVITE after a 3xx begins a further one, a REGISTER with a new CSeq too. A transaction is known
by Call-ID, top branch, From tag and CSeq, which a response has in common with its request on
that hop; a response that lost its Via is known by the addresses of the hop. A hang-up is known by
Call-ID and both tags, and belongs to the session that the 2xx to the INVITE began.

A final settles an attempt at once, except one that asks the client to try again, which waits
64 * T1 for the retry. Without a final it is settled 32 s after the last new request, 180 s after
the last provisional response but 100. A settled attempt is remembered for 32 s, so that
retransmissions begin no second one (some clients go on beyond Timer F, and clocks differ); a
session until its hang-up is over. Responses that come
before their request, as two nodes may deliver them, are kept until it comes.

Timers run on packet time: an attempt's own messages are compared with it, and where none come,
time passes as packets arrive (``expire``), shifted by what lay between the packet time and the
arrival of its first request. So a recording that is replayed gives what the live call gave.
Everything is bounded.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from enum import StrEnum
from heapq import heappop, heappush
from typing import Final, NamedTuple

from hepscope_common.calls.attempt import Attempt
from hepscope_common.calls.exchange import RETRIED, Exchange, Hop
from hepscope_common.calls.sessions import SESSION_US, Sessions
from hepscope_common.calls.signal import Signal
from hepscope_common.calls.state import SETUP_TIMEOUT_US

LINGER_US: Final = SETUP_TIMEOUT_US
MAX_EXCHANGES: Final = 100_000  # about 1.2 kB each
MAX_EARLY: Final = 1024  # requests whose response came first
MAX_EARLY_RESPONSES: Final = 8


class EventKind(StrEnum):
    """What has happened to an attempt; each at most once, in this order."""

    OPENED = "opened"
    SETTLED = "settled"
    ENDED = "ended"  # of a session, or of a hang-up without one


class Event(NamedTuple):
    """What has happened, and the attempt as it is by then."""

    kind: EventKind
    attempt: Attempt


class AttemptFolding:
    """Folds signals into attempts; each method returns what happened, in order."""

    def __init__(self, max_exchanges: int = MAX_EXCHANGES) -> None:
        self.evicted = 0  # exchanges forgotten before their time, because there were too many
        self.sessions = Sessions()
        self._max_exchanges = max_exchanges
        self._exchanges: dict[Hashable, Exchange] = {}
        self._transactions: dict[Hashable, tuple[Exchange, Hop]] = {}
        self._deadlines: list[tuple[int, int, Exchange]] = []
        self._serial = 0
        self._early: OrderedDict[Hashable, list[Signal]] = OrderedDict()

    def feed(self, signal: Signal, scope: str = "") -> list[Event]:
        """Take in a signal in the order of arrival.

        A scope keeps its attempts apart: the name of a node for attempts as that node saw them.
        """
        method = signal.cseq_method
        # Without Call-ID strangers would be one attempt; such messages have no call record either.
        if method not in RETRIED or not signal.call_id:
            return []
        if signal.method:
            if method == "INVITE" and signal.to_tag:
                return []
            return self._on_request(signal, scope)
        if not signal.status:
            return []
        key = _transaction(signal, scope)
        found = self._transactions.get(key)
        if found is None and not signal.via_branch:
            found = self._found_without_branch(signal, scope)
            key = key if found is None else found[1].last
        if found is None:
            self._keep_early(key, signal)
            return []
        exchange, hop = found
        return self._on_response(exchange, hop, key, signal)

    def expire(self, now_us: int) -> list[Event]:
        """Settle, end and forget what is over at ``now_us``, as packets arrive."""
        events: list[Event] = []
        while self._deadlines and self._deadlines[0][0] <= now_us:
            scheduled_us, _, exchange = heappop(self._deadlines)
            if exchange.deadline_us + exchange.skew_us > scheduled_us:
                self._schedule(exchange)
            elif exchange.is_settled or not exchange.transactions:
                events += self._forget(exchange)
            else:
                events += self._run_out(exchange)
                self._schedule(exchange)
        self.sessions.expire(now_us)
        return events

    @property
    def exchanges(self) -> int:
        """How many are remembered."""
        return len(self._deadlines)

    def _on_request(self, signal: Signal, scope: str) -> list[Event]:
        transaction = _transaction(signal, scope)
        events: list[Event] = []
        found = self._transactions.get(transaction)
        if found is not None:
            events += self._let_time_pass(found[0], signal.time_us)
        if found is not None and found[0].deadline_us > signal.time_us:
            self._seen_again(*found, signal)
            return events
        if found is not None:
            events += self._forget(found[0])
        key = _exchange_key(signal, scope)
        hop_key = (signal.source, signal.destination, signal.destination_port)
        exchange = self._exchanges.get(key)
        if exchange is not None:
            events += self._let_time_pass(exchange, signal.time_us)
        if exchange is not None and exchange.deadline_us <= signal.time_us:
            events += self._forget(exchange)
            exchange = None
        if exchange is None or _is_further(exchange, signal, hop_key):
            events += self._make_room()
            exchange, opened = self._begin(key, signal, scope, exchange)
            events += opened
        elif not exchange.take(hop_key):
            return events
        hop = exchange.add(signal, hop_key, transaction)
        self._transactions[transaction] = (exchange, hop)
        for early in sorted(self._early.pop(transaction, ()), key=_packet_time):
            events += self._on_response(exchange, hop, transaction, early)
        return events

    def _let_time_pass(self, exchange: Exchange, time_us: int) -> list[Event]:
        is_over = not exchange.is_settled and exchange.deadline_us <= time_us
        return self._run_out(exchange) if is_over else []

    def _run_out(self, exchange: Exchange) -> list[Event]:
        """Settle an exchange whose time is over; it is known on for what is sent again."""
        known_until_us = exchange.run_out()
        return self._settle(exchange, known_until_us - LINGER_US)

    def _seen_again(self, exchange: Exchange, hop: Hop, signal: Signal) -> None:
        exchange.attempt.requests += exchange.method != "BYE"
        exchange.ask(hop, signal)

    def _begin(
        self, key: Hashable, signal: Signal, scope: str, before: Exchange | None
    ) -> tuple[Exchange, list[Event]]:
        """Open an exchange; ``before`` is the settled one of this key that it follows."""
        method = signal.cseq_method
        attempt = None
        if method == "BYE":
            tags = (signal.from_tag, signal.to_tag)
            attempt = self.sessions.take(scope, signal.call_id, *tags)
        if attempt is None:
            attempt = _attempt_of(signal, scope)
        redirected = None
        if before is not None and method == "INVITE" and not before.has_run_out:
            redirected = before.redirected or before.first.sights
            attempt.session_us = min(before.attempt.session_us, attempt.started_us)
            attempt.follows_redirection = True
        exchange = Exchange(
            key=key,
            attempt=attempt,
            method=method,
            deadline_us=signal.time_us + SETUP_TIMEOUT_US,
            skew_us=signal.received_us - signal.time_us,
            cseq=signal.cseq or 0,
            redirected=redirected,
        )
        self._exchanges[key] = exchange
        self._schedule(exchange)
        return exchange, [] if method == "BYE" else [Event(EventKind.OPENED, attempt)]

    def _on_response(
        self, exchange: Exchange, hop: Hop, transaction: Hashable, signal: Signal
    ) -> list[Event]:
        if exchange.is_settled:
            return []
        if exchange.deadline_us <= signal.time_us:
            return self._run_out(exchange)
        if not exchange.on_response(hop, transaction, signal):
            return []
        return self._settle(exchange, signal.time_us)

    def _settle(self, exchange: Exchange, time_us: int) -> list[Event]:
        """Say how an exchange ended, once; its transactions stay known for a while."""
        exchange.is_settled = True
        # In the heap it stands for another time, earlier or later; what counts is the deadline.
        exchange.deadline_us = time_us + LINGER_US
        attempt = exchange.attempt
        if exchange.method == "BYE":
            exchange.first.end(attempt)
            return [Event(EventKind.ENDED, attempt)]
        exchange.first.settle(attempt, exchange.redirected)
        if attempt.is_answered:
            self.sessions.add(attempt, time_us + SESSION_US + exchange.skew_us)
        return [Event(EventKind.SETTLED, attempt)]

    def _found_without_branch(self, signal: Signal, scope: str) -> tuple[Exchange, Hop] | None:
        """Return what a response answers that has lost its Via: the newest request of its hop.

        It is what arrives of a 487 to which the callee copied the one Via of a proxy's CANCEL.
        """
        exchange = self._exchanges.get(_exchange_key(signal, scope))
        if exchange is None or (signal.cseq or 0) != exchange.cseq:
            return None
        hop = exchange.hops.get((signal.destination, signal.source, signal.source_port))
        return None if hop is None else (exchange, hop)

    def _keep_early(self, key: Hashable, signal: Signal) -> None:
        responses = self._early.setdefault(key, [])
        if len(responses) < MAX_EARLY_RESPONSES:
            responses.append(signal)
        if len(self._early) > MAX_EARLY:
            self._early.popitem(last=False)

    def _make_room(self) -> list[Event]:
        events: list[Event] = []
        while len(self._deadlines) >= self._max_exchanges:
            _, _, exchange = heappop(self._deadlines)
            self.evicted += bool(exchange.transactions)
            events += self._forget(exchange)
        return events

    def _forget(self, exchange: Exchange) -> list[Event]:
        """Drop an exchange that is over; one that is not settled is by that."""
        if not exchange.transactions:
            return []
        events = [] if exchange.is_settled else self._settle(exchange, exchange.deadline_us)
        for transaction in exchange.transactions:
            self._transactions.pop(transaction, None)
        exchange.transactions.clear()
        if self._exchanges.get(exchange.key) is exchange:
            del self._exchanges[exchange.key]
        return events

    def _schedule(self, exchange: Exchange) -> None:
        self._serial += 1
        at_us = exchange.deadline_us + exchange.skew_us
        heappush(self._deadlines, (at_us, self._serial, exchange))


def _packet_time(signal: Signal) -> int:
    return signal.time_us


def _transaction(signal: Signal, scope: str) -> Hashable:
    return (
        scope,
        signal.call_id,
        signal.via_branch,
        signal.from_tag,
        signal.cseq,
        signal.cseq_method,
    )


def _exchange_key(signal: Signal, scope: str) -> Hashable:
    if signal.cseq_method == "BYE":
        # Both sides may hang up at once; that is one end of one session.
        low, high = sorted((signal.from_tag, signal.to_tag))
        return (scope, "BYE", signal.call_id, low, high)
    return (scope, signal.cseq_method, signal.call_id, signal.from_tag)


def _is_further(exchange: Exchange, signal: Signal, hop_key: Hashable) -> bool:
    """Tell whether a request begins a new attempt, although one of its key is remembered."""
    if not exchange.is_settled:
        return False
    if exchange.has_run_out:
        return True
    if exchange.method == "REGISTER":
        return (signal.cseq or 0) > exchange.cseq
    status = exchange.attempt.status
    if exchange.method != "INVITE" or status is None or not 300 <= status < 400:
        return False
    # The client itself sends it, to wherever it was told; a proxy's copy of the old one is none.
    return hop_key in exchange.hops or signal.source == exchange.attempt.source


def _attempt_of(signal: Signal, scope: str) -> Attempt:
    return Attempt(
        method=signal.cseq_method,
        call_id=signal.call_id,
        from_tag=signal.from_tag,
        node=scope,
        started_us=signal.time_us,
        session_us=signal.time_us,
        source=signal.source,
        source_port=signal.source_port,
        destination=signal.destination,
        destination_port=signal.destination_port,
        user_agent=signal.user_agent,
    )
