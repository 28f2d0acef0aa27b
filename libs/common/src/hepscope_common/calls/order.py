"""Order of a call's messages: packet time, corrected by what SIP makes impossible.

Nodes have clocks of their own and some agents only milliseconds, so a response can carry an earlier
time than its request, also once the skew that is known was taken off (see ``skew``). Within SKEW_US
three facts decide instead: a request comes before its responses, a final response before its ACK
(both binding), and a proxy receives what it forwards before it sends it (between nodes only, or
where times are equal, and given up where messages run in a circle). Beyond that bound a clock is
simply wrong, and packet time stands. Times themselves are never changed.
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from heapq import heapify, heappop, heappush
from typing import Final

from hepscope_common.calls.message import FlowMessage

# T1 of RFC 3261: up to it, a message and its retransmission cannot be taken for each other
SKEW_US: Final = 500_000

Ends = tuple[str, str]  # host ids: from, to

# Where times are equal: the order in which a call without trouble goes on.
_REQUEST_PHASE: Final = {"CANCEL": 3, "ACK": 6, "BYE": 7}
_RESPONSE_PHASE: Final = {"CANCEL": 4, "BYE": 8}


def time_key(message: FlowMessage) -> tuple[int, int, int, str, str, int, str, int, str]:
    """Return the key of plain time order, total for messages that differ in anything shown."""
    if message.method:
        phase = _REQUEST_PHASE.get(message.method, 0)
    elif message.status < 200:
        phase = 1 if message.status == 100 else 2
    else:
        phase = _RESPONSE_PHASE.get(message.cseq_method, 5)
    return (
        message.time_us,
        phase,
        message.cseq or 0,
        message.message_id,
        message.source,
        message.source_port,
        message.destination,
        message.destination_port,
        message.node,
    )


def logical_order(messages: Sequence[FlowMessage], ends: Sequence[Ends]) -> list[int]:
    """Return the positions of ``messages`` in the order in which they must have happened.

    ``messages`` are sorted by ``time_key``; ``ends`` are their hosts. Every position appears
    once, whatever the messages say.
    """
    rules = _Rules(messages)
    _requests_before_responses(rules)
    _finals_before_acks(rules, ends)
    _received_before_forwarded(rules, ends)
    return rules.sorted()


class _Rules:
    """Pairs "this before that", and the order that keeps them and is nearest to time."""

    def __init__(self, messages: Sequence[FlowMessage]) -> None:
        self.messages = messages
        size = len(messages)
        self._binding: list[list[int]] = [[] for _ in range(size)]
        self._wished: list[list[int]] = [[] for _ in range(size)]
        self._binding_open = [0] * size
        self._wished_open = [0] * size

    def bind(self, before: int, after: int) -> None:
        if before != after and self._early_by(before, after) <= SKEW_US:
            self._binding[before].append(after)
            self._binding_open[after] += 1

    def wish(self, before: int, after: int) -> None:
        # A node's own clock is believed: a proxy may well send what it did not receive.
        one_clock = self.messages[before].node == self.messages[after].node
        allowed_us = 0 if one_clock else SKEW_US
        if before != after and self._early_by(before, after) <= allowed_us:
            self._wished[before].append(after)
            self._wished_open[after] += 1

    def _early_by(self, before: int, after: int) -> int:
        return self.messages[before].time_us - self.messages[after].time_us

    def sorted(self) -> list[int]:
        """Return the order; ``allowed`` breaks circles, which only wishes can form."""
        positions = range(len(self.messages))
        allowed = [at for at in positions if not self._binding_open[at]]
        ready = [at for at in allowed if not self._wished_open[at]]
        heapify(allowed)
        heapify(ready)
        done = [False] * len(self.messages)
        order: list[int] = []
        while ready or allowed:
            at = heappop(ready or allowed)
            if done[at]:
                continue
            done[at] = True
            order.append(at)
            for after in self._wished[at]:
                self._wished_open[after] -= 1
                self._offer(after, ready)
            for after in self._binding[at]:
                self._binding_open[after] -= 1
                self._offer(after, ready)
                if not self._binding_open[after]:
                    heappush(allowed, after)
        return order

    def _offer(self, at: int, ready: list[int]) -> None:
        if not self._binding_open[at] and not self._wished_open[at]:
            heappush(ready, at)


def transaction_key(message: FlowMessage) -> Hashable:
    """Return what a request and its responses share on one hop (RFC 3261 17.1.3)."""
    key = (message.call_id, message.cseq, message.transaction_method, message.from_tag)
    if message.via_branch:
        return (*key, message.via_branch)
    ends = (message.source, message.source_port), (message.destination, message.destination_port)
    return (*key, frozenset(ends))


def _requests_before_responses(rules: _Rules) -> None:
    requests: dict[Hashable, int] = {}
    for at, message in enumerate(rules.messages):
        if message.method:
            requests.setdefault(transaction_key(message), at)
    for at, message in enumerate(rules.messages):
        if message.status and not message.method:
            request = requests.get(transaction_key(message))
            if request is not None:
                rules.bind(request, at)


def _finals_before_acks(rules: _Rules, ends: Sequence[Ends]) -> None:
    finals: dict[Hashable, int] = {}
    for at, message in enumerate(rules.messages):
        if message.status >= 200 and message.cseq_method == "INVITE":
            finals.setdefault((message.call_id, message.cseq, *ends[at]), at)
    for at, message in enumerate(rules.messages):
        if message.method == "ACK":
            source, destination = ends[at]
            final = finals.get((message.call_id, message.cseq, destination, source))
            if final is not None:
                rules.bind(final, at)


def _received_before_forwarded(rules: _Rules, ends: Sequence[Ends]) -> None:
    forwarded = _forwarded(rules.messages)
    arrivals: defaultdict[Hashable, dict[str, int]] = defaultdict(dict)
    for at in forwarded:
        arrivals[_forwarded_key(rules.messages[at])].setdefault(ends[at][1], at)
    for at in forwarded:
        arrival = arrivals[_forwarded_key(rules.messages[at])].get(ends[at][0])
        if arrival is not None:
            rules.wish(arrival, at)


def _forwarded(messages: Sequence[FlowMessage]) -> list[int]:
    """Return the positions of what proxies pass on, rather than make anew on each hop.

    Made anew are 100, CANCEL with its responses, and the ACK to a failure, which has the branch
    of its INVITE (RFC 3261 16.7, 16.10, 17.1.1.3).
    """
    invites = {(m.call_id, m.via_branch) for m in messages if m.method == "INVITE"}
    return [
        at
        for at, message in enumerate(messages)
        if (message.method or message.status > 100)
        and message.transaction_method != "CANCEL"
        and (message.method != "ACK" or (message.call_id, message.via_branch) not in invites)
    ]


def _forwarded_key(message: FlowMessage) -> Hashable:
    """What stays the same when a proxy forwards a message; its branch does not."""
    return (
        message.call_id,
        message.cseq,
        message.method,
        message.cseq_method,
        message.status,
        message.from_tag,
        message.to_tag,
    )
