"""Capture nodes as label values: their names, as many as there is room for.

The first ``max_nodes`` names have a label of their own, all others share ``other``. The label is
also the scope in which the attempts of a node are counted.
"""

from hepscope_common.metrics import OTHER

NODE_CHARS = 64
"""Of a node's name as a label: a name may have 64 kB, and there may be hundreds of nodes."""

MAX_REMEMBERED = 16_384
"""Spellings remembered with their label; a flood of names makes it start anew."""


class NodeLabels:
    """Maps what a packet says of its node to a label."""

    def __init__(self, max_nodes: int) -> None:
        self._max_nodes = max_nodes
        self._labels: set[str] = set()
        self._remembered: dict[tuple[bytes, int], str] = {}

    def label(self, name: bytes, number: int) -> str:
        """Return the name, cut, or the number of a node without one; ``other`` beyond the bound."""
        key = (name, number)
        label = self._remembered.get(key)
        if label is None:
            label = self._make(name, number)
            if len(self._remembered) >= MAX_REMEMBERED:
                self._remembered.clear()
            # A long name is looked at anew each time, so that the memory stays small.
            if len(name) <= 4 * NODE_CHARS:
                self._remembered[key] = label
        return label

    def _make(self, name: bytes, number: int) -> str:
        text = name[: 4 * NODE_CHARS].decode("utf-8", "replace")[:NODE_CHARS] or str(number)
        if not text.isprintable():
            text = "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
        if text in self._labels:
            return text
        if len(self._labels) >= self._max_nodes:
            return OTHER
        self._labels.add(text)
        return text
