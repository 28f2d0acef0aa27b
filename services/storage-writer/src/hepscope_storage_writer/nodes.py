"""Capture nodes: who sent, when first and last, how much.

A count is added after the commit of its batch and written every few seconds, outside of the
storing transactions: all bus partitions share these rows, and a crash may cost a few seconds
of a counter but never a packet. Names come from the network, so their number is bounded.
"""

from dataclasses import dataclass

MAX_NODES = 4096
"""Names remembered between two writes; what comes on top is counted as dropped."""


@dataclass(slots=True)
class NodeSeen:
    """What was seen of a node; times in microseconds since 1970."""

    node_id: int
    hep_version: int
    first_us: int
    last_us: int
    packets: int = 1

    def merge(self, other: "NodeSeen") -> None:
        """Add what was seen elsewhere; id and version are those of the newest packet."""
        if other.last_us >= self.last_us:
            self.node_id, self.hep_version = other.node_id, other.hep_version
        self.first_us = min(self.first_us, other.first_us)
        self.last_us = max(self.last_us, other.last_us)
        self.packets += other.packets


class PendingNodes:
    """Nodes of committed batches that are not yet written."""

    def __init__(self, limit: int = MAX_NODES) -> None:
        self._limit = limit
        self._nodes: dict[str, NodeSeen] = {}
        self._dropped = 0

    def __len__(self) -> int:
        return len(self._nodes)

    def add(self, seen: dict[str, NodeSeen]) -> None:
        """Merge the nodes of a batch; names over the bound are dropped and counted."""
        for name, node in seen.items():
            known = self._nodes.get(name)
            if known is not None:
                known.merge(node)
            elif len(self._nodes) < self._limit:
                self._nodes[name] = node
            else:
                self._dropped += 1

    def take(self) -> dict[str, NodeSeen]:
        """Return all and start anew; ``add`` them again if writing fails."""
        taken, self._nodes = self._nodes, {}
        return taken

    def take_dropped(self) -> int:
        """Return how many names were dropped since the last call."""
        dropped, self._dropped = self._dropped, 0
        return dropped


UPSERT = """
insert into hepscope.node as n (name, node_id, hep_version, first_seen, last_seen, packet_count)
select name, node_id, hep_version, 'epoch'::timestamptz + first_us * interval '1 microsecond',
  'epoch'::timestamptz + last_us * interval '1 microsecond', packets
from unnest($1::text[], $2::bigint[], $3::smallint[], $4::bigint[], $5::bigint[], $6::bigint[])
  as seen (name, node_id, hep_version, first_us, last_us, packets)
order by name
on conflict (name) do update set
  node_id = case when excluded.last_seen >= n.last_seen then excluded.node_id else n.node_id end,
  hep_version =
    case when excluded.last_seen >= n.last_seen then excluded.hep_version else n.hep_version end,
  first_seen = least(n.first_seen, excluded.first_seen),
  last_seen = greatest(n.last_seen, excluded.last_seen),
  packet_count = n.packet_count + excluded.packet_count
"""
"""Sorted, so that writers that share nodes lock them in one order."""


def columns(seen: dict[str, NodeSeen]) -> tuple[list[object], ...]:
    """Return the parameters of UPSERT."""
    return (
        list(seen),
        [node.node_id for node in seen.values()],
        [node.hep_version for node in seen.values()],
        [node.first_us for node in seen.values()],
        [node.last_us for node in seen.values()],
        [node.packets for node in seen.values()],
    )
