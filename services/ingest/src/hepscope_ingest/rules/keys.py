"""Auth keys of single nodes (HEP chunk 14): who says to be one of them must show one of its keys.

Several keys of a node are valid at once, so that they can be changed one side after the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hmac import compare_digest


@dataclass(frozen=True, slots=True)
class NodeKey:
    """A key of a node, the node by name or by number."""

    node: str
    key: str = field(repr=False)


def parse_node_key(value: object) -> object:
    """Return the NodeKey of ``node=key`` text; the error does not show the key."""
    if not isinstance(value, str):
        return value
    node, sign, key = value.partition("=")
    if not sign or not node.strip() or not key.strip():
        raise ValueError("expected node=key")
    return NodeKey(node.strip(), key.strip())


class NodeKeys:
    """Finds and checks the keys of a node."""

    __slots__ = ("_by_id", "_by_name")

    def __init__(self, pairs: Sequence[NodeKey]) -> None:
        self._by_name: dict[bytes, list[bytes]] = {}
        self._by_id: dict[int, list[bytes]] = {}
        for pair in pairs:
            node, key = pair.node, pair.key.encode()
            self._by_name.setdefault(node.encode(), []).append(key)
            if node.isascii() and node.isdigit():
                self._by_id.setdefault(int(node), []).append(key)

    def all_keys(self) -> list[bytes]:
        """Return the keys of all nodes."""
        return [key for keys in self._by_name.values() for key in keys]

    def allow(
        self, node_name: bytes, node_id: int, key: bytes | None, others: Sequence[bytes]
    ) -> bool:
        """Tell whether a key is one of the node's, found by name, else by number.

        A node that is not listed needs one of others, or none where others is empty.
        """
        keys = self._by_name.get(node_name) or self._by_id.get(node_id) or others
        if not keys:
            return True
        # With all of them, in constant time: a key is a secret.
        found = [compare_digest(key or b"", known) for known in keys]
        return any(found)
