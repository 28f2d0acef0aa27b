"""Clock skew between capture nodes, from the messages that several of them saw.

A message has one time; nodes that saw it at different times have different clocks, or it was
under way in between. Between two nodes, with ``d`` = their times' difference of one message::

    one direction    d = skew + transit        told apart by nothing: the skew is the median of d
    both directions  d = skew + transit, d = skew - transit: the mean of both medians is the skew

Per message only one difference counts, and only where both nodes saw it equally often: where one
missed the first and the other the last of several sends, the difference is that of two sends.
Such ones are few, and a median, the smaller of the two in the middle, does not follow them.

Limits: a clock that is set during the call has one skew all the same; transit that differs by
direction shows as skew of half its difference; one above 200 ms is taken for skew.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from hepscope_common.calls.message import FlowMessage

AGREEING_US: Final = 400_000
"""Differences that are one skew; below T1 (500 ms, RFC 3261 17.1.1.1), when a resend may come."""

DOUBTED_US: Final = 1_000_000
"""A skew beyond it may as well be a resend: WITNESSES messages have to agree on it."""

WITNESSES: Final = 3
SHOWN_US: Final = 1_000
"""A skew below it is no error of a clock, and nothing is corrected by it."""

Differences = tuple[list[int], list[int]]  # of messages forward and backward between addresses


@dataclass(frozen=True, slots=True)
class Clocks:
    """How far each node's clock is ahead of the others', where that can be told.

    Nodes of one ``group`` were compared; the node that saw most of a group has skew 0.
    """

    ahead_us: Mapping[str, int] = field(default_factory=dict)
    group: Mapping[str, str] = field(default_factory=dict)

    def skew_us(self, node: str) -> int:
        """Return how far a node's clock is ahead; 0 where that is little, or not known."""
        ahead_us = self.ahead_us.get(node, 0)
        return ahead_us if abs(ahead_us) >= SHOWN_US else 0

    @property
    def skewed(self) -> dict[str, int]:
        """The nodes whose clock is corrected, by name."""
        return {node: skew for node in sorted(self.ahead_us) if (skew := self.skew_us(node))}


def measured(alike: Sequence[Sequence[FlowMessage]]) -> Clocks:
    """Return the clocks of messages, given by groups that are alike, each in order of time."""
    seen = Counter(message.node for group in alike for message in group)
    rank = {node: (-count, node) for node, count in seen.items()}
    found: defaultdict[tuple[str, str], Differences] = defaultdict(lambda: ([], []))
    for group in alike:
        _compare(group, rank, found)
    edges: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for (base, other), differences in found.items():
        skew_us = _skew_us(*differences)
        if skew_us is not None:
            edges[base][other] = skew_us
            edges[other][base] = -skew_us
    ahead_us: dict[str, int] = {}
    groups: dict[str, str] = {}
    for root in sorted(seen, key=rank.__getitem__):
        if root not in groups:
            _spread(root, edges, ahead_us, groups)
    return Clocks(ahead_us, groups)


def _compare(
    group: Sequence[FlowMessage],
    rank: Mapping[str, tuple[int, str]],
    found: defaultdict[tuple[str, str], Differences],
) -> None:
    times: defaultdict[str, list[int]] = defaultdict(list)
    for message in group:
        times[message.node].append(message.time_us)
    if len(times) < 2:
        return
    # All with one, so that many nodes make many comparisons and not their square.
    base = min(times, key=rank.__getitem__)
    one = group[0]
    backward = (one.source, one.source_port) > (one.destination, one.destination_port)
    for other in times:
        if other == base or len(times[other]) != len(times[base]):
            continue
        differences = [b - a for a, b in zip(times[base], times[other], strict=True)]
        if max(differences) - min(differences) <= AGREEING_US:
            found[base, other][backward].append(_middle(differences))


def _skew_us(forward: Sequence[int], backward: Sequence[int]) -> int | None:
    differences = [*forward, *backward]
    skew_us = _middle(differences)
    if forward and backward and abs(_middle(forward) - _middle(backward)) <= AGREEING_US:
        skew_us = (_middle(forward) + _middle(backward)) // 2
    agreeing = sum(abs(one - skew_us) <= AGREEING_US for one in differences)
    is_doubted = abs(skew_us) > DOUBTED_US and agreeing < WITNESSES
    return None if is_doubted or agreeing * 2 < len(differences) else skew_us


def _middle(differences: Sequence[int]) -> int:
    ordered = sorted(differences)
    half = len(ordered) // 2
    return min(ordered[half], ordered[-half - 1], key=abs)


def _spread(
    root: str,
    edges: Mapping[str, Mapping[str, int]],
    ahead_us: dict[str, int],
    groups: dict[str, str],
) -> None:
    """Put the root and all that are compared with it, over others too, into one group."""
    ahead_us[root], groups[root] = 0, root
    waiting = deque([root])
    while waiting:
        node = waiting.popleft()
        for other, skew_us in sorted(edges.get(node, {}).items()):
            if other not in groups:
                ahead_us[other], groups[other] = ahead_us[node] + skew_us, root
                waiting.append(other)
