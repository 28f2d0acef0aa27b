"""The calls that RTCP may belong to: their addresses and SSRCs, and how long these count.

One address may be claimed by several calls: by both legs of a B2BUA that passes descriptions on,
by a call whose BYE nobody saw and the next on its port, by every call of a bridge with one port.
The call wins that is not over, has the better claim to both ends, had this SSRC a moment ago,
claimed last. Where more than two busy calls are equal, no one does.

Call-IDs and addresses come from the network, so all of it is bounded; the call that was heard of
longest ago is forgotten first.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from hepscope_capture.media.call import Call
from hepscope_capture.media.claimants import CONTENDERS, Claimants
from hepscope_capture.media.evidence import Evidence
from hepscope_capture.media.offers import Offer
from hepscope_capture.media.signalling import CallNews, Step
from hepscope_capture.media.ssrcs import SsrcOwners

LINGER_US = 60_000_000
"""How long after its end RTCP still is of a call: the last reports, a BYE that was challenged."""
IDLE_US = 12 * 3600 * 1_000_000
"""How long a call counts of which neither a description nor RTCP is seen."""
BUSY_US = 120_000_000
"""How recently a call must have been heard of to contend for an address."""
RECENT_US = 60_000_000
"""How recently an SSRC must have been heard to speak for its call."""

MAX_DIALOGS = 16
MAX_SYMMETRIC = 8


class Flow(NamedTuple):
    """The ends of an RTCP packet as keys, and the SSRCs that its clear part tells."""

    source: bytes
    destination: bytes
    ssrc: int
    about: int = 0
    """The stream that its first report block is about; 0 when it has none."""


class Match(NamedTuple):
    """The call of a packet."""

    call_id: bytes
    evidence: Evidence
    is_secure: bool


@dataclass(slots=True)
class TableCounts:
    """What became of calls, since the start."""

    learned: int = 0
    ended: int = 0
    idle: int = 0  # forgotten, because nothing was heard of them
    evicted: int = 0  # forgotten, because too many others were newer


class CallTable:
    """Calls by what they claim."""

    def __init__(self, max_calls: int) -> None:
        self._max_calls = max_calls
        self._calls: dict[bytes, Call] = {}
        """Heard of longest ago first."""
        self._claimants = Claimants()
        self._ssrcs = SsrcOwners()
        self._ended: deque[tuple[int, Call]] = deque()
        self.counts = TableCounts()

    def __len__(self) -> int:
        """Return how many calls are known."""
        return len(self._calls)

    @property
    def addresses(self) -> int:
        """How many addresses are claimed."""
        return len(self._claimants)

    @property
    def ssrcs(self) -> int:
        """How many SSRCs are known."""
        return len(self._ssrcs)

    def apply(self, news: CallNews) -> None:
        """Take in what a message said."""
        call = self._calls.get(news.call_id)
        is_new = call is None
        if call is None:
            if news.offer.claims or news.offer.ssrcs:
                call = self._begin(news)
            else:
                return
        if news.step >= Step.BYE:
            self._end(call, news)
            return
        if news.dialog and news.dialog not in call.dialogs and len(call.dialogs) < MAX_DIALOGS:
            call.dialogs += (news.dialog,)
        call.ended_us = 0
        if not is_new:
            self._use(call, news.time_us)
        for claim in news.offer.claims:
            self._claimants.add(call, claim, news.time_us)
        for ssrc in news.offer.ssrcs:
            self._ssrcs.add(call, ssrc)

    def find(self, flow: Flow, time_us: int, *, is_last_chance: bool = False) -> Match | None:
        """Return the call of a packet and remember what the packet tells of it; None without one.

        The last chance is for a packet that has waited in vain: then a call that is over gets a
        stream that it was not known to have.
        """
        call = self._best(flow, time_us, is_last_chance=is_last_chance)
        if call is None:
            call = self._by_ssrc(flow, time_us)
            if call is None:
                return None
        claims = (call.claims.get(flow.destination), call.claims.get(flow.source))
        found = [claim for claim in claims if claim is not None]
        evidence = min((claim[0] for claim in found), default=Evidence.SSRC)
        is_secure = any(claim[1] for claim in found)
        if evidence < Evidence.SYMMETRIC:
            self._learn_symmetry(call, flow, time_us, is_secure=is_secure)
        for ssrc in (flow.ssrc, flow.about):
            self._ssrcs.add(call, ssrc)
        call.rtcp_us = time_us
        self._use(call, time_us)
        return Match(call.call_id, evidence, is_secure)

    def expire(self, time_us: int) -> None:
        """Forget the calls that are over, and those nothing is heard of."""
        # Interfaces and processes have not quite the same time; a greater step is another capture.
        while self._ended and abs(time_us - self._ended[0][0]) > LINGER_US:
            ended_us, call = self._ended.popleft()
            # Otherwise it went on, or ended again.
            if call.ended_us == ended_us and self._calls.get(call.call_id) is call:
                self._forget(call)
                self.counts.ended += 1
        self.forget_idle(time_us)

    def forget_idle(self, time_us: int) -> None:
        """Forget the calls that nothing is heard of."""
        while self._calls:
            call = next(iter(self._calls.values()))
            if time_us - call.used_us <= IDLE_US:
                return
            self._forget(call)
            self.counts.idle += 1

    def news(self) -> list[CallNews]:
        """Return news that would make another table know the same calls."""
        told = []
        for call in self._calls.values():
            claims = tuple((key, why, secure) for key, (why, secure, _) in call.claims.items())
            offer = Offer(claims, call.ssrcs)
            first = CallNews(call.call_id, call.used_us, Step.TOLD, b"", offer)
            told.append(first)
            told.extend(
                CallNews(call.call_id, call.used_us, Step.CONFIRMED, dialog)
                for dialog in call.dialogs
            )
            if call.ended_us:
                told.append(CallNews(call.call_id, call.ended_us, Step.FAILED))
        return told

    def _begin(self, news: CallNews) -> Call:
        while len(self._calls) >= self._max_calls:
            self._forget(next(iter(self._calls.values())))
            self.counts.evicted += 1
        call = self._calls[news.call_id] = Call(news.call_id, news.time_us)
        self.counts.learned += 1
        return call

    def _end(self, call: Call, news: CallNews) -> None:
        if news.step is Step.BYE:
            call.dialogs = tuple(one for one in call.dialogs if one != news.dialog)
        # A re-INVITE that failed leaves its dialog; of a forked call another may go on.
        if call.dialogs or call.ended_us:
            return
        call.ended_us = news.time_us or 1
        self._ended.append((call.ended_us, call))

    def _use(self, call: Call, time_us: int) -> None:
        call.used_us = max(call.used_us, time_us)
        self._calls[call.call_id] = self._calls.pop(call.call_id)

    def _learn_symmetry(self, call: Call, flow: Flow, time_us: int, *, is_secure: bool) -> None:
        for key in (flow.source, flow.destination):
            if key not in call.claims and call.symmetric < MAX_SYMMETRIC:
                call.symmetric += 1
                self._claimants.add(call, (key, Evidence.SYMMETRIC, is_secure), time_us)

    def _best(self, flow: Flow, time_us: int, *, is_last_chance: bool) -> Call | None:
        claimants = self._claimants
        claiming = (*claimants.of(flow.destination), *claimants.of(flow.source))
        calls = [call for call in claiming if _counts(call, time_us)]
        if not calls:
            return None
        best = calls[0]
        if any(call is not best for call in calls):
            winner = self._ranked_first(calls, flow, time_us)
            if winner is None:
                return None
            best = winner
        if best.ended_us and not is_last_chance and best.ssrcs and flow.ssrc not in best.ssrcs:
            # Probably of the next call on these ports, which has not told of itself yet.
            return None
        return best

    def _ranked_first(self, calls: Iterable[Call], flow: Flow, time_us: int) -> Call | None:
        """Return the call with the best claim, None when too many have it."""
        ranks = {id(call): (self._rank(call, flow, time_us), call) for call in calls}
        rank, best = max(ranks.values(), key=lambda entry: entry[0])
        equal = sum(
            other[:-1] == rank[:-1] and abs(time_us - call.used_us) <= BUSY_US
            for other, call in ranks.values()
        )
        return best if equal <= CONTENDERS else None

    def _rank(self, call: Call, flow: Flow, time_us: int) -> tuple[bool, bool, int, bool, int]:
        weight = newest_us = 0
        for key in {flow.source, flow.destination}:
            claim = call.claims.get(key)
            if claim is not None:
                # Of an address that many claim, the other end has to tell whose packet it is.
                is_crowded = self._claimants.is_crowded(key)
                weight += min(claim[0].weight, 1) if is_crowded else claim[0].weight
                newest_us = max(newest_us, claim[2])
        is_known = self._ssrcs.has(call, flow.ssrc) and abs(time_us - call.rtcp_us) <= RECENT_US
        return weight > 0, not call.ended_us, weight, is_known, newest_us

    def _by_ssrc(self, flow: Flow, time_us: int) -> Call | None:
        for ssrc in (flow.ssrc, flow.about):
            call = self._ssrcs.only(ssrc)
            if call is not None and _counts(call, time_us):
                return call
        return None

    def _forget(self, call: Call) -> None:
        del self._calls[call.call_id]
        self._claimants.forget(call)
        self._ssrcs.forget(call)


def _counts(call: Call, time_us: int) -> bool:
    """Whether a call goes on, or has ended only just."""
    return not call.ended_us or time_us - call.ended_us <= LINGER_US
