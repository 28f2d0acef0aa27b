"""Exchange: the transactions of one request at every hop that shows them, and what ended them.

Hops are told apart by source, destination and destination port (the source's port is left out: a
TCP client that connects again goes on with its attempt). What counts is said at the hop whose
request is the earliest, whichever of them was heard first.

Nodes that watch one hop fill each other's gaps, as long as their clocks agree. One whose messages
come with another distance between packet time and arrival has a sight of its own, so that no delay
is taken from the clocks of two.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hepscope_common.calls.keys import STATUS_MAX
from hepscope_common.calls.state import RINGING_TIMEOUT_US, SECOND_US, SETUP_TIMEOUT_US

if TYPE_CHECKING:
    from hepscope_common.calls.attempt import Attempt
    from hepscope_common.calls.signal import Signal

# Finals after which a client is expected to send the request again under its Call-ID: RFC 3261
# 8.1.3.5 and 22, RFC 3329 (494), RFC 4028 (422); of a BYE those that RFC 6076 4.4 goes on after.
RETRIED: Final = {
    "INVITE": frozenset({401, 407, 413, 415, 416, 420, 421, 422, 488, 494}),
    "REGISTER": frozenset({401, 407, 420, 421, 423, 494}),
    "BYE": frozenset({401, 407, 503}),
}

MAX_HOPS: Final = 8
MAX_TRANSACTIONS: Final = 32  # of one exchange; a client that goes on for ever ends its attempt
MAX_SIGHTS: Final = 8  # nodes of one hop; further ones are taken for the first
SAME_CLOCK_US: Final = SECOND_US  # nodes deliver at once, and NTP keeps them within milliseconds


@dataclass(slots=True)
class Sight:
    """When things happened at a hop by one clock, that of a node or of several which agree."""

    skew_us: int  # what to add to a packet time to have the time of arrival
    started_us: int
    provisional_us: int | None = None
    progress_us: int | None = None


@dataclass(slots=True)
class Hop:
    """One way from sender to receiver, with what was said there."""

    source: bytes
    source_port: int
    destination: bytes
    destination_port: int
    user_agent: str
    last: Hashable  # its newest transaction
    sights: dict[str, Sight] = field(default_factory=dict)  # by node; the first is never missing
    node: str = ""  # the one that showed the final
    final_us: int | None = None
    status: int | None = None
    is_done: bool = False

    @property
    def started_us(self) -> int:
        """When the earliest request was sent, by whichever clock."""
        return self._earliest.started_us

    def on_request(self, signal: Signal) -> None:
        """Take in a request, its first or again, by the clock of its node."""
        sight = self.sights.get(signal.node)
        if sight is None:
            sight = self._join(signal)
        sight.started_us = min(sight.started_us, signal.time_us)

    def on_provisional(self, signal: Signal) -> None:
        """Take in a 101..199; capture points may show it in any order."""
        time_us, status = signal.time_us, signal.status
        sight = self.sights.get(signal.node) or self._earliest
        if sight.provisional_us is None or time_us < sight.provisional_us:
            sight.provisional_us = time_us
        if (status == 180 or (status == 183 and signal.has_sdp)) and (
            sight.progress_us is None or time_us < sight.progress_us
        ):
            sight.progress_us = time_us

    def settle(self, attempt: Attempt, redirected: Mapping[str, Sight] | None = None) -> None:
        """Write into an attempt what was said here, by the clock of who showed the final.

        ``redirected`` is how the INVITE that was redirected first was seen, where one was.
        """
        sight = self.sights.get(self.node) or self._earliest
        attempt.started_us = attempt.session_us = sight.started_us
        if redirected:
            before = redirected.get(self.node) or min(redirected.values(), key=_started_us)
            attempt.session_us = min(before.started_us, sight.started_us)
        attempt.source, attempt.source_port = self.source, self.source_port
        attempt.destination = self.destination
        attempt.destination_port = self.destination_port
        attempt.user_agent = self.user_agent
        attempt.provisional_us = sight.provisional_us
        attempt.progress_us = sight.progress_us
        attempt.status, attempt.final_us = self.status, self.final_us
        attempt.final_node = self.node
        attempt.is_settled = True

    def end(self, attempt: Attempt) -> None:
        """Write into an attempt how its session was hung up here.

        By the clock of who showed the answer that began it, if that one saw the hang-up, too.
        """
        sight = self.sights.get(self.node) or self._earliest
        attempt.bye_us = (self.sights.get(attempt.final_node) or sight).started_us
        attempt.bye_status = self.status
        if self.final_us is not None:
            attempt.bye_final_us = attempt.bye_us + self.final_us - sight.started_us
        attempt.is_ended = True

    @property
    def _earliest(self) -> Sight:
        if len(self.sights) == 1:
            return next(iter(self.sights.values()))
        return min(self.sights.values(), key=_started_us)

    def _join(self, signal: Signal) -> Sight:
        """Return the sight of a node that was not heard of here."""
        skew_us = signal.received_us - signal.time_us
        for sight in self.sights.values():
            if abs(sight.skew_us - skew_us) < SAME_CLOCK_US or len(self.sights) >= MAX_SIGHTS:
                break
        else:
            sight = Sight(skew_us, signal.time_us)
        if len(self.sights) < MAX_SIGHTS:
            self.sights[signal.node] = sight
        return sight


@dataclass(slots=True)
class Exchange:
    """An attempt, or the hang-up of a session, from its first request until it is forgotten."""

    key: Hashable
    attempt: Attempt
    method: str
    deadline_us: int  # packet time
    skew_us: int  # what to add to a packet time to have the time of arrival
    cseq: int  # the highest
    hops: dict[Hashable, Hop] = field(default_factory=dict)
    transactions: list[Hashable] = field(default_factory=list)
    redirected: Mapping[str, Sight] | None = None  # how the first INVITE was seen
    is_settled: bool = False
    has_run_out: bool = False  # settled by a timer: a new transaction begins another one
    asked_us: int = 0  # the newest request, sent again or not
    ran_out_us: int = 0

    @property
    def first(self) -> Hop:
        """The hop that counts."""
        hops = iter(self.hops.values())
        best = next(hops)
        if len(self.hops) == 1:
            return best
        for hop in hops:
            if hop.started_us < best.started_us:
                best = hop
        return best

    def ask(self, hop: Hop, signal: Signal) -> None:
        """Take in a request of a known transaction, from its sender again or from another node."""
        hop.on_request(signal)
        self.asked_us = max(self.asked_us, signal.time_us)
        if self.has_run_out:
            self.deadline_us = self._known_until_us

    def run_out(self) -> int:
        """Note that the time is over; returns until when what is sent again belongs to it.

        That is as long as a silence may be, at most as long again as a client waits by default.
        """
        self.has_run_out = True
        self.ran_out_us = self.deadline_us
        return self._known_until_us

    @property
    def _known_until_us(self) -> int:
        return min(self.asked_us, self.ran_out_us) + SETUP_TIMEOUT_US

    def take(self, hop_key: Hashable) -> bool:
        """Count a request of one more transaction; returns whether there is room for it."""
        hop = self.hops.get(hop_key)
        if len(self.transactions) >= MAX_TRANSACTIONS or (
            hop is None and len(self.hops) >= MAX_HOPS
        ):
            return False
        if self.method != "BYE":
            self.attempt.requests += 1
            self.attempt.retries += hop is not None and not self.is_settled
        return True

    def add(self, signal: Signal, hop_key: Hashable, transaction: Hashable) -> Hop:
        """Take in the first request of a transaction; returns its hop."""
        self.transactions.append(transaction)
        self.cseq = max(self.cseq, signal.cseq or 0)
        self.deadline_us = max(self.deadline_us, signal.time_us + SETUP_TIMEOUT_US)
        hop = self.hops.get(hop_key)
        if hop is None:
            hop = self.hops[hop_key] = Hop(
                signal.source,
                signal.source_port,
                signal.destination,
                signal.destination_port,
                signal.user_agent,
                transaction,
            )
        else:
            hop.last = transaction
            hop.status = hop.final_us = None
            hop.is_done = False
        self.ask(hop, signal)
        return hop

    def on_response(self, hop: Hop, transaction: Hashable, signal: Signal) -> bool:
        """Take in a response; returns whether the exchange is settled by it."""
        status, time_us = signal.status, signal.time_us
        if status < 200:
            if status > 100:
                hop.on_provisional(signal)
                if self.method == "INVITE":
                    self.deadline_us = max(self.deadline_us, time_us + RINGING_TIMEOUT_US)
            return False
        if status > STATUS_MAX or hop.is_done:
            return False
        # A challenge to an earlier request may come again after the retry; it decides nothing.
        if status >= 300 and transaction != hop.last:
            return False
        hop.status, hop.final_us, hop.node = status, time_us, signal.node
        if status in RETRIED[self.method]:
            self.deadline_us = max(self.deadline_us, time_us + SETUP_TIMEOUT_US)
            return False
        hop.is_done = True
        return hop is self.first


def _started_us(sight: Sight) -> int:
    return sight.started_us
