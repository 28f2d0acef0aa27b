"""The one way of a packet from any listener to the bus: decode, check, annotate, group.

Nothing is parsed beyond what routing needs. A packet is accepted, or refused and counted by
reason and peer; one that cannot be decoded is also kept on the dead-letter topic, up to a
rate, so that somebody can see what it was.
"""

from collections.abc import Sequence

from hep import Admitted, DecodeError, Reason, admit, hide_key, partition_of
from hep.protocols import SIP
from hepscope_common.bus import DEAD_LETTER, Producer, topic_of
from hepscope_common.bus.protocol import Acknowledged
from hepscope_common.clock import Clock
from hepscope_common.logs import Throttle, get_logger
from hepscope_ingest.batcher import Batcher
from hepscope_ingest.ledger import Ledgers
from hepscope_ingest.metrics import IngestMetrics
from hepscope_ingest.peers import Endpoint, Peer
from hepscope_ingest.rate import TokenBucket
from hepscope_ingest.refusal import Refusal

_NEED_PAYLOAD = frozenset({0, SIP})

DEAD_LETTERS_PER_SECOND = 20
"""A flood of garbage must not push out what is worth looking at."""

_VERSIONS = {1: ("1",), 2: ("2",), 3: ("3",)}

_HINTS = {
    Reason.RAW_SIP: "plain SIP without HEP (kamailio: set hep_mode_on)",
    Reason.AUTH_KEY: "no key, or one that is not in the setting ingest.auth_keys",
}


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
        throttle: Throttle | None = None,
    ) -> None:
        self._batcher = batcher
        self._producer = producer
        self._metrics = metrics
        self._partitions = partitions
        self._now_us = now_us
        self._keys = [key.encode() for key in auth_keys]
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
            self.refuse(error.reason, peer, _HINTS.get(error.reason, f"at byte {error.offset}"))
            self._keep(data, error, endpoint, now_us)
            return False
        # Other types may be complete without one; a packet that names no type holds nothing else.
        if not admitted.payload and admitted.protocol_type in _NEED_PAYLOAD:
            self.refuse(Refusal.NO_PAYLOAD, peer)
            return False
        metrics = self._metrics
        metrics.accepted.counts[_VERSIONS[admitted.version]] += 1
        peer.accepted += 1
        if admitted.quirks:
            metrics.quirks.add()
        if admitted.stripped_own_chunks:
            metrics.own_chunks.add((), admitted.stripped_own_chunks)
        partition = partition_of(admitted.routing_key, self._partitions)
        self._add(admitted, partition, acknowledged)
        return True

    def refuse(self, reason: str, peer: Peer, detail: str = "") -> None:
        """Count a refusal and log it, at most one line per reason and period."""
        self._metrics.refused.add((str(reason),))
        peer.refused[reason] = peer.refused.get(reason, 0) + 1
        self._throttle.warning(reason, "refused a packet of %s: %s %s", peer.name, reason, detail)

    def _add(self, admitted: Admitted, partition: int, acknowledged: Acknowledged | None) -> None:
        add, topic = self._batcher.add, topic_of(admitted.protocol_type)
        origin, seq = admitted.origin, admitted.seq
        # Half a number is none: ingest numbers such a packet like those of plain senders.
        if not origin or seq is None:
            add(topic, partition, admitted.packet, acknowledged=acknowledged)
        else:
            add(
                topic,
                partition,
                admitted.packet,
                origin=origin,
                seq=seq,
                acknowledged=acknowledged,
            )

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
        if self._producer.offer(DEAD_LETTER, 0, hide_key(data), 1, headers):
            self._metrics.dead_letters.add()
