"""Hosts of a flow: which endpoints (address and port) are drawn as one column.

One host per address, all its ports together, so that the many client ports of TCP and the
ports of a gateway do not make columns of their own. Only where messages run between ports of
one address (a proxy and a server on one machine, everything on loopback) is that address split
by port. Ports are then joined again where they must be one party:

1. the response of a transaction goes back to whom sent the request (proxies on TCP send from
   an ephemeral port and show their listening one);
2. ephemeral ports of connections to one peer, on one side of the dialog, are one client that
   connected again.

Two ports with a message between them are never joined, or that arrow would have no length.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hepscope_common.calls.message import FlowMessage
from hepscope_common.calls.order import transaction_key

Endpoint = tuple[str, int]  # address text, port

# Linux takes client ports from 32768 up (IANA: from 49152); servers listen below
EPHEMERAL_PORT: Final = 32768
# What agents write when they do not know an address; shown as they wrote it.
_UNKNOWN: Final = frozenset({"", "0.0.0.0", "::", "255.255.255.255"})  # noqa: S104 - never bound
_CONNECTIONS: Final = frozenset({"tcp", "tls", "ws", "wss"})


@dataclass(frozen=True, slots=True)
class FlowHost:
    """A column of the ladder; ``port`` is the one used most, None when none is known."""

    id: str
    address: str
    port: int | None
    label: str


def hosts_of(messages: Sequence[FlowMessage]) -> dict[Endpoint, FlowHost]:
    """Return the host of every endpoint in ``messages``, which are in time order.

    Hosts depend on addresses and ports alone, so their ids stay when a call goes on.
    """
    split = {m.source for m in messages if _runs_inside_an_address(m)}
    parties = _Parties(message for message in messages if _touches(message, split))
    _join_transactions(parties, messages, split)
    _join_reconnects(parties, messages, split)
    uses = Counter(end for m in messages for end in (_sender(m), _receiver(m)))
    # Once per party, not per endpoint: a scanner's party may have every port there is.
    roots = {parties.root(end) for end in uses if end[0] in split}
    columns = {root: _split_host(root, parties) for root in roots}
    hosts = {end: columns[parties.root(end)] for end in uses if end[0] in split}
    whole = _whole_hosts({end: count for end, count in uses.items() if end[0] not in split})
    return hosts | whole


def _sender(message: FlowMessage) -> Endpoint:
    return message.source, message.source_port


def _receiver(message: FlowMessage) -> Endpoint:
    return message.destination, message.destination_port


def _runs_inside_an_address(message: FlowMessage) -> bool:
    return message.source == message.destination and message.source_port != message.destination_port


def _touches(message: FlowMessage, addresses: set[str]) -> bool:
    return message.source in addresses or message.destination in addresses


def _is_ephemeral(port: int) -> bool:
    return port >= EPHEMERAL_PORT


class _Parties:
    """Disjoint sets of endpoints; two that exchange a message never become one."""

    def __init__(self, messages: Iterable[FlowMessage]) -> None:
        self._members: dict[Endpoint, list[Endpoint]] = {}
        self._root: dict[Endpoint, Endpoint] = {}
        self._talks_to: dict[Endpoint, set[Endpoint]] = {}
        for message in messages:
            sender, receiver = _sender(message), _receiver(message)
            for end in (sender, receiver):
                if end not in self._root:
                    self._root[end] = end
                    self._members[end] = [end]
                    self._talks_to[end] = set()
            if sender != receiver:
                self._talks_to[sender].add(receiver)
                self._talks_to[receiver].add(sender)

    def root(self, end: Endpoint) -> Endpoint:
        return self._root[end]

    def members(self, end: Endpoint) -> list[Endpoint]:
        return self._members[self._root[end]]

    def join(self, one: Endpoint, other: Endpoint) -> None:
        """Make two endpoints of one address one party, unless they talk to each other."""
        kept, gone = self._root[one], self._root[other]
        if kept == gone or kept[0] != gone[0] or gone in self._talks_to[kept]:
            return
        if len(self._members[kept]) < len(self._members[gone]):
            kept, gone = gone, kept
        for member in self._members[gone]:
            self._root[member] = kept
        self._members[kept] += self._members.pop(gone)
        peers = self._talks_to.pop(gone)
        self._talks_to[kept] |= peers
        for peer in peers:
            self._talks_to[peer].discard(gone)
            self._talks_to[peer].add(kept)


def _join_transactions(parties: _Parties, messages: Sequence[FlowMessage], split: set[str]) -> None:
    requests: dict[Hashable, FlowMessage] = {}
    touching = [m for m in messages if m.via_branch and _touches(m, split)]
    for message in touching:
        if message.method:
            requests.setdefault(transaction_key(message), message)
    for message in touching:
        request = None if message.method else requests.get(transaction_key(message))
        if request is None:
            continue
        if message.destination == request.source and message.destination in split:
            parties.join(_sender(request), _receiver(message))
        if message.source == request.destination and message.source in split:
            parties.join(_receiver(request), _sender(message))


def _join_reconnects(parties: _Parties, messages: Sequence[FlowMessage], split: set[str]) -> None:
    callers = _caller_tags(messages)
    clients: dict[Hashable, Endpoint] = {}
    for message in messages:
        if message.transport not in _CONNECTIONS or not _touches(message, split):
            continue
        forward = bool(message.method) == (message.from_tag == callers.get(message.call_id))
        ends = (
            (_sender(message), _receiver(message), forward),
            (
                _receiver(message),
                _sender(message),
                not forward,
            ),
        )
        for end, peer, on_caller_side in ends:
            if end[0] in split and _is_ephemeral(end[1]):
                client = (end[0], parties.root(peer), on_caller_side)
                parties.join(clients.setdefault(client, end), end)


def _caller_tags(messages: Sequence[FlowMessage]) -> dict[str, str]:
    """Return the From tag of each call's first request, or of its first message."""
    tags: dict[str, str] = {}
    for message in messages:
        if message.method and not message.to_tag:
            tags.setdefault(message.call_id, message.from_tag)
    for message in messages:
        tags.setdefault(message.call_id, message.from_tag)
    return tags


def _split_host(end: Endpoint, parties: _Parties) -> FlowHost:
    port = min((port for _, port in parties.members(end)), key=lambda p: (_is_ephemeral(p), p))
    address = end[0]
    name = f"[{address}]:{port}" if ":" in address else f"{address or 'unknown'}:{port}"
    return FlowHost(id=name, address=address, port=port or None, label=name)


def _whole_hosts(uses: Mapping[Endpoint, int]) -> dict[Endpoint, FlowHost]:
    best: dict[str, tuple[bool, int, int]] = {}
    for (address, port), count in uses.items():
        rank = (not _is_ephemeral(port) and port > 0, count, -port)
        best[address] = max(rank, best.get(address, rank))
    hosts = {
        address: FlowHost(
            id=address or "unknown",
            address=address,
            port=-rank[2] or None,
            label=_label(address),
        )
        for address, rank in best.items()
    }
    return {end: hosts[end[0]] for end in uses}


def _label(address: str) -> str:
    if address in _UNKNOWN:
        return f"{address} (unknown)" if address else "unknown"
    return address
