"""What ingest reports of its nodes: states of the node and peer tables, with what changed.

Pure: tables and a time in, states out. A slot each have, up to bounds: nodes of which a packet was
accepted; some of the strangers, whose names anybody can invent; addresses of which something was
refused that belongs to no node, or everything was. All others are one state.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

from hep import Quirk
from hepscope_common.node_report import MAX_SLOTS, MAX_US, NodeKind, NodeState, node_text
from hepscope_ingest.nodes import OTHERS, Node, NodeKey, NodeTable
from hepscope_ingest.peers import Peer, PeerTable

MAX_HEARD: Final = 700
"""Nodes with packets accepted that have a slot; the node table holds fewer."""

MAX_STRANGERS: Final = 64
"""Names that only refused packets claim; forged ones would crowd a list of nodes out."""

MAX_ADDRESSES: Final = 128

_Key = tuple[NodeKind, NodeKey | str]
_OTHERS_KEY: Final = (NodeKind.OTHER, OTHERS)


class _Source(NamedTuple):
    """What is counted at present, not yet copied."""

    kind: NodeKind
    name: str
    node: Node | None
    refused: Mapping[str, int]

    @property
    def packets(self) -> int:
        return self.node.accepted if self.node else 0


class _Row:
    """A slot at work: its counts at the report before, and what was said."""

    __slots__ = (
        "first_seen_us",
        "last_refused_us",
        "packet_bytes",
        "packets",
        "refused",
        "said",
        "slot",
    )

    def __init__(self, slot: int, now_us: int) -> None:
        self.slot = slot
        self.first_seen_us = now_us
        self.last_refused_us: int | None = None
        self.packets = self.packet_bytes = self.refused = 0
        self.said: NodeState | None = None

    def state(self, source: _Source, now_us: int, elapsed_seconds: float) -> NodeState:
        """Return the state now; the next one's rates count from here."""
        node = source.node
        packet_bytes = node.packet_bytes if node else 0
        refused = sum(source.refused.values())
        if refused > self.refused:
            self.last_refused_us = now_us
        rises = (
            source.packets - self.packets,
            packet_bytes - self.packet_bytes,
            refused - self.refused,
        )
        # What is counted with the others may go to a row of its own, so a count may fall.
        rates = [round(max(rise, 0) / elapsed_seconds, 3) for rise in rises]
        self.packets, self.packet_bytes, self.refused = source.packets, packet_bytes, refused
        return NodeState(
            slot=self.slot,
            kind=source.kind,
            name=source.name,
            node_id=node.node_id if node and source.kind is NodeKind.NODE else None,
            packets=source.packets,
            packet_bytes=packet_bytes,
            refused=dict(source.refused),
            packets_per_s=rates[0],
            bytes_per_s=rates[1],
            refused_per_s=rates[2],
            first_seen_us=self.first_seen_us,
            last_seen_us=_moment(node.last_us) if node else None,
            last_refused_us=self.last_refused_us,
            clock_skew_us=_skew(node) if node and source.kind is NodeKind.NODE else None,
            hep_versions=_versions(node) if node else [],
            quirks=_quirks(node.quirk_counts) if node else {},
        )


class NodeReports:
    """Remembers what was reported last."""

    def __init__(self, nodes: NodeTable, peers: PeerTable) -> None:
        self._nodes = nodes
        self._peers = peers
        self._rows: dict[_Key, _Row] = {}
        self._free = list(range(MAX_SLOTS - 1, 0, -1))
        self._marks: set[tuple[_Key, bool, bool]] = set()

    def has_news(self) -> bool:
        """Whether a node or address is new, or was accepted or refused for the first time."""
        return not self._marks.issuperset(_marks(self._sources()))

    def collect(
        self, now_us: int, *, elapsed_seconds: float, whole: bool = False
    ) -> list[NodeState]:
        """Return the states that changed since the last call, or the whole table.

        The state of the others is the first in any case; a slot that got free is told once.
        Rates are over the seconds elapsed.
        """
        found = dict(self._sources())
        self._marks = set(_marks(found.items()))
        freed = [self._rows.pop(key).slot for key in self._rows.keys() - found.keys()]
        self._free += freed
        states = []
        for key, source in found.items():
            row = self._rows.get(key)
            if row is None:
                slot = self._free.pop() if source.kind is not NodeKind.OTHER else 0
                row = self._rows[key] = _Row(slot, now_us)
            state = row.state(source, now_us, elapsed_seconds)
            if whole or not row.slot or state != row.said:
                states.append(state)
            row.said = state
        return states + [NodeState(slot=slot) for slot in freed if slot in self._free]

    def _sources(self) -> Iterator[tuple[_Key, _Source]]:
        heard, strangers = _parted(self._nodes.known.items())
        addresses = [
            (peer.name, refused) for peer in self._peers.known() if (refused := _unclaimed(peer))
        ]
        others = _Source(
            NodeKind.OTHER,
            OTHERS,
            self._nodes.others,
            _sum([
                self._nodes.others.refused,
                self._peers.others.nameless,
                *(node.refused for _, node in heard[MAX_HEARD:]),
                *(node.refused for _, node in strangers[MAX_STRANGERS:]),
                *(refused for _, refused in addresses[MAX_ADDRESSES:]),
            ]),
        )  # fmt: skip
        yield _OTHERS_KEY, others
        for key, node in (*heard[:MAX_HEARD], *strangers[:MAX_STRANGERS]):
            name = node_text(key, 0) if isinstance(key, bytes) else str(key)
            yield (NodeKind.NODE, key), _Source(NodeKind.NODE, name, node, node.refused)
        for name, refused in islice(addresses, MAX_ADDRESSES):
            yield (NodeKind.ADDRESS, name), _Source(NodeKind.ADDRESS, name, None, refused)


_Known = tuple[NodeKey, Node]


def _parted(known: Iterable[_Known]) -> tuple[Sequence[_Known], Sequence[_Known]]:
    """Return nodes with packets accepted, and those of which some were refused only."""
    heard: list[_Known] = []
    strangers: list[_Known] = []
    for one in known:
        if one[1].accepted:
            heard.append(one)
        elif one[1].refused:
            strangers.append(one)
    return heard, strangers


def _marks(sources: Iterable[tuple[_Key, _Source]]) -> Iterator[tuple[_Key, bool, bool]]:
    return ((key, source.packets > 0, bool(source.refused)) for key, source in sources)


def _unclaimed(peer: Peer) -> Mapping[str, int]:
    """Return the refusals that show with an address: without packets accepted, all of them.

    Such a peer may claim to be any node; the refusals then show with that one, too.
    """
    return peer.nameless if peer.accepted else peer.refused


def _sum(counts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in counts:
        for reason, count in one.items():
            total[reason] = total.get(reason, 0) + count
    return total


def _moment(time_us: int) -> int | None:
    return time_us if 0 < time_us <= MAX_US else None


def _skew(node: Node) -> int | None:
    return None if node.skew_us is None else max(min(round(node.skew_us), MAX_US), -MAX_US)


def _versions(node: Node) -> list[int]:
    return [number for number in (1, 2, 3) if node.versions >> number & 1]


def _quirks(counts: Mapping[int, int]) -> dict[str, int]:
    return _sum([
        {str(quirk.name).lower(): count for quirk in Quirk(quirks)}
        for quirks, count in counts.items()
    ])  # fmt: skip
