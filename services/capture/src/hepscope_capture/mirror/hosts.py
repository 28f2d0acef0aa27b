"""Which hosts were seen to send SIP to each other, and which only one to the other.

A mirror that shows one direction only, say what a port receives, has nearly all of them so. Ports
do not matter: an answer may come from another one.
"""

_THERE, _BACK = 1, 2
_BOTH = _THERE | _BACK


class HostPairs:
    """Pairs of hosts that were seen, each with the directions that were."""

    def __init__(self, most: int = 20_000) -> None:
        """Know this many pairs; later ones are left out."""
        self._most = most
        self._seen: dict[tuple[bytes, bytes], int] = {}
        self.one_way = 0
        """Pairs that were seen in one direction only."""

    def add(self, source: bytes, destination: bytes) -> None:
        """Take that one host has sent to another."""
        is_back = source > destination
        pair = (destination, source) if is_back else (source, destination)
        known = self._seen.get(pair)
        if known == _BOTH:
            return
        if known is None:
            if len(self._seen) < self._most:
                # A host that talks to itself is seen whole.
                known = _BOTH if source == destination else _BACK if is_back else _THERE
                self._seen[pair] = known
                self.one_way += known != _BOTH
        elif known != (_BACK if is_back else _THERE):
            self._seen[pair] = _BOTH
            self.one_way -= 1

    def __len__(self) -> int:
        """Return how many pairs were seen."""
        return len(self._seen)
