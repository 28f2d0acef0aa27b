"""Nodes: the capture agents by what their packets call them, with counts, in a bounded table.

A node is its name (chunk 19) or, without one, its number (chunk 12). Both come from the network,
so the table is bounded, and only a node from which a packet was accepted is told apart in
metrics. Clock skew is capture time minus arrival in microseconds, smoothed: the delay of the
network and of a sender's own queue make it negative, a clock that is ahead makes it positive.
"""

from collections.abc import Iterable

from hep import Quirk
from hep.chunks import (
    CHUNK_HEAD_BYTES,
    HEAD_BYTES,
    KEY_AND_LENGTH,
    MAGIC,
    NODE_NAME,
)
from hepscope_common.rules.rate import TokenBucket

MAX_NODES = 500
"""Nodes told apart; an installation has tens, seldom hundreds."""

MAX_NAME = 64
"""Characters of a name that are shown."""

OTHERS = "other"

SKEW_EVERY = 16
"""Accepted packets from one look at the clock to the next."""

MAX_QUIRK_SETS = 64
"""Quirks together in a packet that are counted so, of each node; then each is counted alone."""

_SKEW_SHARE = 8
"""What a new reading counts: one in so many."""

_NODE_ID = 12

NodeKey = bytes | int
"""The name, or the number of a node without name."""


class Node:
    """One node with its counts."""

    __slots__ = (
        "accepted",
        "bucket",
        "last_us",
        "name",
        "node_id",
        "packet_bytes",
        "quirk_counts",
        "quirk_packets",
        "refused",
        "skew_us",
        "version",
        "versions",
    )

    def __init__(self, name: str, node_id: int) -> None:
        self.name = name
        self.node_id = node_id
        self.accepted = 0
        self.packet_bytes = 0
        """Bytes of the accepted packets, as they came."""
        self.refused: dict[str, int] = {}
        self.last_us = 0
        """Arrival of the last packet accepted."""
        self.skew_us: float | None = None
        self.version = 0
        """HEP version of the last packet accepted."""
        self.versions = 0
        """Bit n is set when HEP version n came."""
        self.quirk_packets = 0
        self.quirk_counts: dict[int, int] = {}
        """Packets by the quirks that one had together."""
        self.bucket: TokenBucket | None = None

    def note_skew(self, time_us: int, now_us: int) -> None:
        """Take a capture time (0 = not said) into the smoothed skew."""
        if not time_us:
            return
        read = float(time_us - now_us)
        before = self.skew_us
        self.skew_us = read if before is None else before + (read - before) / _SKEW_SHARE

    def note_version(self, version: int) -> None:
        """Take a version that differs from that of the packet before."""
        self.version = version
        self.versions |= 1 << version

    def note_quirks(self, quirks: int) -> None:
        """Take the quirks of one packet."""
        self.quirk_packets += 1
        counts = self.quirk_counts
        if quirks in counts or len(counts) < MAX_QUIRK_SETS:
            counts[quirks] = counts.get(quirks, 0) + 1
            return
        for quirk in Quirk(quirks):
            counts[int(quirk)] = counts.get(int(quirk), 0) + 1

    def within_rate(self, per_second: int, now_us: int) -> bool:
        """Tell whether one more packet is within so many a second."""
        if self.bucket is None:
            self.bucket = TokenBucket(per_second, now_us)
        return self.bucket.take(now_us)


class NodeTable:
    """Finds the Node of a packet."""

    def __init__(self, *, max_nodes: int = MAX_NODES) -> None:
        self._max_nodes = max_nodes
        self.known: dict[NodeKey, Node] = {}
        """By name, or number where there is no name; look here first, then ask ``meet``."""
        self._others = Node(OTHERS, 0)

    def __len__(self) -> int:
        return len(self.known)

    @property
    def others(self) -> Node:
        """All nodes without a row of their own, as one."""
        return self._others

    def meet(self, node_name: bytes, node_id: int) -> Node:
        """Return the node of a packet, a new one if it is not known."""
        key = node_name or node_id
        node = self.known.get(key)
        if node is None:
            if len(self.known) >= self._max_nodes and not self._forget_silent():
                return self._others
            node = self.known[key] = Node(shown_name(node_name, node_id), node_id)
        return node

    def accepted(self) -> Iterable[tuple[tuple[str], float]]:
        """Return accepted packets by node."""
        return [((node.name,), node.accepted) for node in self._told()]

    def refused(self) -> Iterable[tuple[tuple[str, str], float]]:
        """Return refused packets by node and reason; nodes without accepted ones share a row."""
        counts: dict[tuple[str, str], int] = {}
        for node in (*self.known.values(), self._others):
            name = node.name if node.accepted else OTHERS
            for reason, count in node.refused.items():
                counts[name, reason] = counts.get((name, reason), 0) + count
        return counts.items()

    def last_seen(self) -> Iterable[tuple[tuple[str], float]]:
        """Return when the last packet of each node came, Unix seconds."""
        return [((node.name,), node.last_us / 1e6) for node in self._told()]

    def skew(self) -> Iterable[tuple[tuple[str], float]]:
        """Return the clock skew of each node in seconds."""
        return [
            ((node.name,), node.skew_us / 1e6)
            for node in self._told()
            if node.skew_us is not None and node is not self._others
        ]

    def quirks(self) -> Iterable[tuple[tuple[str], float]]:
        """Return accepted packets with quirks by node."""
        return [((node.name,), node.quirk_packets) for node in self._told() if node.quirk_packets]

    def _told(self) -> list[Node]:
        """Return the nodes with a name of their own in metrics; of equal names the first."""
        told = {node.name: node for node in (self._others, *reversed(self.known.values()))
                if node.accepted}  # fmt: skip
        return list(told.values())

    def _forget_silent(self) -> bool:
        """Make room: nodes that never had a packet accepted are counted with the others."""
        silent = [key for key, node in self.known.items() if not node.accepted]
        for key in silent:
            for reason, count in self.known.pop(key).refused.items():
                self._others.refused[reason] = self._others.refused.get(reason, 0) + count
        return bool(silent)


def shown_name(node_name: bytes, node_id: int) -> str:
    """Return a node's name as text without control characters, its number where it has none."""
    text = node_name[: MAX_NAME * 4].decode("utf-8", "replace")
    shown = "".join(sign if sign.isprintable() else "\ufffd" for sign in text)[:MAX_NAME]
    return shown or str(node_id)


def node_in(data: bytes) -> tuple[bytes, int] | None:
    """Return name and number in a HEP3 packet that was refused; None where it says neither.

    Only chunk heads are looked at: a stranger's packet is not worth more.
    """
    name, number = b"", 0
    if not data.startswith(MAGIC):
        return None
    at, last_head = HEAD_BYTES, len(data) - CHUNK_HEAD_BYTES
    while at <= last_head:
        key, length = KEY_AND_LENGTH.unpack_from(data, at)
        if length < CHUNK_HEAD_BYTES:
            break
        value = data[at + CHUNK_HEAD_BYTES : at + length]
        if key == NODE_NAME:
            name = value
        elif key == _NODE_ID:
            number = int.from_bytes(value[:4], "big")
        at += length
    return (name, number) if name or number else None
