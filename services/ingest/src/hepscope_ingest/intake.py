"""The one way of a packet from any listener to the bus: decode, check, annotate, group.

Nothing is parsed beyond what routing needs. A packet is accepted, or refused and counted by
reason, peer and node; one that cannot be decoded is also kept on the dead-letter topic, up to a
rate, so that somebody can see what it was. Rules of admission look between decoding and bus; none
of them costs anything while it is off.
"""

from collections.abc import Sequence

from hep import Admitted, DecodeError, Reason, admit, hide_key, partition_of
from hep.protocols import SIP
from hepscope_common.bus import DEAD_LETTER, Producer, topic_of
from hepscope_common.bus.protocol import Acknowledged
from hepscope_common.clock import Clock
from hepscope_common.logs import Throttle, get_logger
from hepscope_common.rules.methods import Methods
from hepscope_common.rules.networks import PeerNetworks
from hepscope_common.rules.rate import TokenBucket
from hepscope_ingest.batcher import Batcher
from hepscope_ingest.ledger import Ledgers
from hepscope_ingest.metrics import IngestMetrics
from hepscope_ingest.nodes import SKEW_EVERY, Node, node_in
from hepscope_ingest.peers import Endpoint, Peer
from hepscope_ingest.refusal import BY_CHOICE, Refusal
from hepscope_ingest.rules.chain import Candidate, RuleChain
from hepscope_ingest.rules.settings import RuleSettings

_NEED_PAYLOAD = frozenset({0, SIP})

DEAD_LETTERS_PER_SECOND = 20
"""A flood of garbage must not push out what is worth looking at."""

_VERSIONS = {1: ("1",), 2: ("2",), 3: ("3",)}

_HINTS: dict[str, str] = {
    Reason.RAW_SIP: "plain SIP without HEP (kamailio: set hep_mode_on)",
    Reason.AUTH_KEY: "no key, or one that is not in the setting ingest.auth_keys",
    Refusal.NETWORK: "see the settings ingest.rules.allowed_networks and denied_networks",
    Refusal.NODE_KEY: "not a key of this node in the setting ingest.rules.node_keys",
    Refusal.NODE_RATE_LIMIT: "the node is over ingest.rules.node_rate_limit",
}

LEFT_OF_DEAD_LETTER = 6
"""Bytes of an undecodable packet that are kept while masks are set: magic and length. It may hold
what should be masked, and cannot be read to mask it."""


NO_RULES = RuleSettings()


class Intake:
    """Takes packets one by one and hands the accepted ones to the batcher."""

    def __init__(
        self,
        *,
        batcher: Batcher,
        producer: Producer,
        metrics: IngestMetrics,
        partitions: int,
        now_us: Clock,
        auth_keys: Sequence[str] = (),
        rate_limit: int = 0,
        rules: RuleSettings = NO_RULES,
        throttle: Throttle | None = None,
    ) -> None:
        self._batcher = batcher
        self._add = batcher.add
        self._producer = producer
        self._metrics = metrics
        self._partitions = partitions
        self._now_us = now_us
        self._auth_keys = [key.encode() for key in auth_keys]
        self._networks = _networks_of(rules)
        chain = RuleChain(rules, auth_keys=self._auth_keys, note=self._note_discarded)
        self._rules = chain or None
        # A node's own key is looked at when the node is known; strangers go before anything costs.
        self._keys = [*self._auth_keys, *chain.all_keys()] if self._auth_keys else []
        self._is_masking = chain.masker is not None
        self._nodes = metrics.nodes.known
        self._accepted_counts = metrics.accepted.counts
        self._rate_limit = rate_limit
        self._throttle = throttle or Throttle(get_logger("ingest"))
        self._dead_letters = TokenBucket(DEAD_LETTERS_PER_SECOND, now_us())
        self.ledgers = Ledgers()
        """What is known of senders that number their packets, whichever connection they use."""

    @property
    def blocked(self) -> bool:
        """Whether listeners must stop reading until ``unblocked``."""
        return self._batcher.blocked

    async def unblocked(self) -> None:
        """Return once the bus has room and reading may go on."""
        await self._batcher.unblocked()

    def take(
        self,
        data: bytes,
        endpoint: Endpoint,
        *,
        keep_origin: bool = False,
        acknowledged: Acknowledged | None = None,
    ) -> bool:
        """Accept or refuse one packet; returns whether it was accepted.

        Of an accepted packet, and of no other, acknowledged is called once: when a crash of this
        process can lose it no more.
        """
        now_us = self._now_us()
        peer = endpoint.peer
        if self._networks is not None and not self.is_allowed(endpoint):
            self.refuse(Refusal.NETWORK, peer, _HINTS[Refusal.NETWORK])
            return False
        if self._rate_limit and not self._within_rate(peer, now_us):
            self.refuse(Refusal.RATE_LIMIT, peer)
            return False
        try:
            admitted = admit(
                data,
                received_at_us=now_us,
                peer=endpoint.packed,
                keep_origin=keep_origin,
                keys=self._keys,
            )
        except DecodeError as error:
            self._refuse_undecoded(data, error, endpoint, now_us)
            return False
        node = self._nodes.get(admitted.node_name or admitted.node_id)
        if node is None:
            node = self._metrics.nodes.meet(admitted.node_name, admitted.node_id)
        # Other types may be complete without one; a packet that names no type holds nothing else.
        if not admitted.payload and admitted.protocol_type in _NEED_PAYLOAD:
            self.refuse(Refusal.NO_PAYLOAD, peer, node=node)
            return False
        packet = admitted.packet
        if self._rules is not None:
            ruled = self._apply(self._rules, admitted, node, endpoint, now_us)
            if ruled is None:
                return False
            packet = ruled
        self._accepted_counts[_VERSIONS[admitted.version]] += 1
        peer.accepted += 1
        node.accepted = accepted = node.accepted + 1
        node.packet_bytes += len(data)
        node.last_us = now_us
        if accepted % SKEW_EVERY == 1 or admitted.quirks or admitted.version != node.version:
            self._count_unusual(admitted, node, now_us)
        if admitted.stripped_own_chunks:
            self._metrics.own_chunks.add((), admitted.stripped_own_chunks)
        topic = topic_of(admitted.protocol_type)
        partition = partition_of(admitted.routing_key, self._partitions)
        origin, seq = admitted.origin, admitted.seq
        # Half a number is none: ingest numbers such a packet like those of plain senders.
        if not origin or seq is None:
            self._add(
                topic,
                partition,
                packet,
                acknowledged=acknowledged,
                unpacked_bytes=len(admitted.payload),
            )
        else:
            self._add(
                topic,
                partition,
                packet,
                origin=origin,
                seq=seq,
                acknowledged=acknowledged,
                unpacked_bytes=len(admitted.payload),
            )
        return True

    def is_allowed(self, endpoint: Endpoint) -> bool:
        """Tell whether a peer's network may send at all; refusing and counting is the caller's."""
        if self._networks is None:
            return True
        if endpoint.is_allowed is None:
            endpoint.is_allowed = self._networks.allow(endpoint.address)
        return endpoint.is_allowed

    def refuse(
        self, reason: str, peer: Peer, detail: str = "", *, node: Node | None = None
    ) -> None:
        """Count a refusal and log it, at most one line per reason and period."""
        self._metrics.refused.add((str(reason),))
        peer.refused[reason] = peer.refused.get(reason, 0) + 1
        if node is not None:
            node.refused[reason] = node.refused.get(reason, 0) + 1
        else:
            peer.nameless[reason] = peer.nameless.get(reason, 0) + 1
        if reason not in BY_CHOICE:
            self._throttle.warning(
                reason, "refused a packet of %s: %s %s", peer.name, reason, detail
            )

    def _count_unusual(self, admitted: Admitted, node: Node, now_us: int) -> None:
        """Count what only some accepted packets have; now and then, look at the node's clock."""
        if node.accepted % SKEW_EVERY == 1:
            node.note_skew(admitted.time_us, now_us)
        if admitted.version != node.version:
            node.note_version(admitted.version)
        if admitted.quirks:
            self._metrics.quirks.add()
            node.note_quirks(admitted.quirks)

    def _apply(
        self, rules: RuleChain, admitted: Admitted, node: Node, endpoint: Endpoint, now_us: int
    ) -> bytes | None:
        """Return the packet as it may be stored; None, once counted, where it may not."""
        reason: str | None = rules.refusal(Candidate(admitted, node, endpoint.address, now_us))
        packet = rules.masked(admitted) if reason is None else None
        if packet is None:
            reason = reason or Reason.TOO_LARGE
            self.refuse(reason, endpoint.peer, _HINTS.get(reason, ""), node=node)
        return packet

    def _refuse_undecoded(
        self, data: bytes, error: DecodeError, endpoint: Endpoint, now_us: int
    ) -> None:
        named = node_in(data)
        node = self._metrics.nodes.meet(*named) if named else None
        detail = _HINTS.get(error.reason, f"at byte {error.offset}")
        self.refuse(error.reason, endpoint.peer, detail, node=node)
        self._keep(data, error, endpoint, now_us)

    def _note_discarded(self, method: str, methods: Methods) -> None:
        self._metrics.discarded.add((method, methods.kind))

    def _within_rate(self, peer: Peer, now_us: int) -> bool:
        if peer.bucket is None:
            peer.bucket = TokenBucket(self._rate_limit, now_us)
        return peer.bucket.take(now_us)

    def _keep(self, data: bytes, error: DecodeError, endpoint: Endpoint, now_us: int) -> None:
        # A packet with a wrong key is sound: there is nothing to find out from it.
        if not data or error.reason is Reason.AUTH_KEY or not self._dead_letters.take(now_us):
            return
        headers = (
            ("reason", str(error.reason).encode()),
            ("offset", str(error.offset).encode()),
            ("peer", endpoint.packed),
            ("received_at_us", str(now_us).encode()),
        )
        kept = data[:LEFT_OF_DEAD_LETTER] if self._is_masking else hide_key(data)
        if self._producer.offer(DEAD_LETTER, 0, kept, 1, headers):
            self._metrics.dead_letters.add()


def _networks_of(rules: RuleSettings) -> PeerNetworks | None:
    if not rules.allowed_networks and not rules.denied_networks:
        return None
    return PeerNetworks(rules.allowed_networks, rules.denied_networks)
