"""Copies: what several capture points saw of one message on the wire, folded into one.

Two sightings are one message when their identity is the same (see ``retransmission``: Call-ID,
start line, CSeq, branch, tags, and the hop), their nodes differ, and their times are close:

- nodes whose clocks could be compared (see ``skew``): within AGREEING_US of each other once the
  skew is taken off, which is less than a resend needs;
- other nodes: within WINDOW_US.

Of several that would do, a sighting joins the nearest before it. A message that one node saw
twice was sent twice, so it is a resend whatever other nodes saw; and a node is only a witness for
resends of nodes with which it could be compared: without, nothing says that its sighting is not
a copy that came late.

Limits. An agent that reports a packet twice (a bond, a bridge, ``any``) makes a resend of it. Where
NAT lies between two nodes they see different addresses, so different hops: both are shown. Of
two nodes that share one message alone, a resend within WINDOW_US which the other node missed
is taken for a copy. Nodes without name and id are one.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from hepscope_common.calls.message import FlowMessage
from hepscope_common.calls.order import time_key
from hepscope_common.calls.retransmission import Resends, identity_of
from hepscope_common.calls.skew import AGREEING_US, Clocks, measured

WINDOW_US: Final = 1_000_000
MAX_LOOKS: Final = 8
"""Messages looked back at for the one that a sighting is a copy of; no timer sends as many."""


@dataclass(frozen=True, slots=True)
class WireMessage:
    """One message on the wire; ``sightings`` in order of time, one per node at most.

    ``best`` is the sighting that is shown: of the clock that is corrected least, the earliest.
    """

    best: FlowMessage
    sightings: tuple[FlowMessage, ...]
    resend: int


def wire_messages(timed: Sequence[FlowMessage]) -> tuple[list[WireMessage], Clocks]:
    """Return messages in time order as what was on the wire, and the clocks that saw them."""
    alike: defaultdict[Hashable, list[FlowMessage]] = defaultdict(list)
    single: list[WireMessage] = []
    for message in timed:
        identity = identity_of(message)
        if identity is None:
            single.append(WireMessage(message, (message,), 0))
        else:
            alike[identity].append(message)
    clocks = measured(list(alike.values()))
    folded = (one for group in alike.values() for one in _folded(group, clocks))
    return [*single, *folded], clocks


def _folded(alike: Iterable[FlowMessage], clocks: Clocks) -> Iterable[WireMessage]:
    ahead_us = clocks.ahead_us
    timed = sorted(
        ((one.time_us - ahead_us[one.node], time_key(one), one) for one in alike),
        key=lambda sighting: sighting[:2],
    )
    wires: list[tuple[int, dict[str, FlowMessage]]] = []
    for true_us, _, sighting in timed:
        for first_us, seen in wires[: -MAX_LOOKS - 1 : -1]:
            witness = next(iter(seen))
            is_compared = clocks.group[witness] == clocks.group[sighting.node]
            if true_us - first_us > (AGREEING_US if is_compared else WINDOW_US):
                continue
            if sighting.node not in seen:
                seen[sighting.node] = sighting
                break
        else:
            wires.append((true_us, {sighting.node: sighting}))
    resends = Resends()
    for true_us, seen in wires:
        witnesses = {clocks.group[node] for node in seen}
        number = max(resends.number(group, true_us) for group in witnesses)
        sightings = tuple(seen.values())
        yield WireMessage(min(sightings, key=lambda one: _rank(one, clocks)), sightings, number)


def _rank(sighting: FlowMessage, clocks: Clocks) -> tuple[int, tuple[object, ...]]:
    return abs(clocks.skew_us(sighting.node)), time_key(sighting)
