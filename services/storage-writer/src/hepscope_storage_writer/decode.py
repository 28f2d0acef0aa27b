"""From bus records to rows and facts: the hot path of the writer.

A record becomes rows (bytes) and facts (merged at once), so that no object outlives its record.
It goes through step by step, all its packets through each: a fifth faster than all steps for each
packet, because the processor then runs one short loop after another. Nothing that a packet holds
can fail the rest of its record: what is no packet becomes a dead letter. Packets that are stored
already, by the numbers of their origin (``bus/origins``), are counted and skipped.
"""

from collections.abc import Collection, Sequence
from typing import Final

from hep import DecodeError, HepPacket, decode3, scan
from hep.protocols import SIP
from hep.sip import SipMessage, parse
from hepscope_common.bus.origins import Numbering, numbering_of
from hepscope_common.bus.protocol import Record
from hepscope_common.calls import Envelope, facts_of
from hepscope_common.calls.registration import registration_of
from hepscope_common.clock import Clock
from hepscope_common.node_report import ReportError, decode_report, is_report
from hepscope_common.store.origins import SEQ_MAX, OriginAt
from hepscope_storage_writer import packet_rows, sip_rows
from hepscope_storage_writer.batch import Batch, DeadLetter
from hepscope_storage_writer.dead_letters import BAD_REPORT
from hepscope_storage_writer.envelope_row import index_of, node_text, row_id
from hepscope_storage_writer.expiry import Expiry
from hepscope_storage_writer.known_origins import KnownOrigins
from hepscope_storage_writer.media_reading import MediaReader
from hepscope_storage_writer.nodes import NodeSeen
from hepscope_storage_writer.times import (
    AHEAD_US,
    DAY_US,
    FIRST_US,
    LAST_US,
    MINUTE_US,
    Reading,
    read_time,
)

_TRANSPORT_NAMES: Final = {
    number: str(name) for name, number in sip_rows.TRANSPORT_NUMBERS.items()
} | {0: ""}

REPORT_BYTES: Final = 1024
"""What a media report takes in memory, where it has 24 bytes in a packet."""

_Arrived = tuple[HepPacket, int]
"""A packet and the id of its row."""


class Decoder:
    """Decodes records for one worker."""

    def __init__(
        self,
        *,
        now_us: Clock,
        expiry: Expiry,
        with_calls: bool,
        origins: KnownOrigins | None = None,
    ) -> None:
        self._expiry = expiry
        self._origins = KnownOrigins() if origins is None else origins
        self._now_us = now_us
        self._with_calls = with_calls
        self._sip_rows = sip_rows.SipRows()
        self._media = MediaReader()

    def add(self, batch: Batch, record: Record, *, leave_out: Collection[int] = ()) -> None:
        """Add a record to a batch, without the packets of these indexes and those stored before."""
        batch.take(record)
        packets, rest = split(record)
        numbering = numbering_of(record.headers) if record.headers else None
        if numbering is None:
            arrived = self._decode(batch, record, packets, leave_out)
        elif numbering.first_seq is None:
            # Packets that are left out have numbers too, which count as dealt with.
            arrived = self._decode(batch, record, packets, ())
            arrived = self._fresh(batch, record, numbering.origin, arrived)
            arrived = [one for one in arrived if index_of(one[1]) not in leave_out]
        else:
            stored = self._count_stored(batch, record, numbering, len(packets))
            if stored:
                leave_out = {*leave_out, *range(stored)}
                batch.skip(range(min(stored, len(packets) + (rest is not None))))
                rest = rest if stored <= len(packets) else None
            arrived = self._decode(batch, record, packets, leave_out)
        if rest is not None:
            batch.dead_letters.append(rest)
        self._add_arrived(batch, record, arrived)

    def add_packets(self, batch: Batch, record: Record, only: Collection[int]) -> None:
        """Add these packets of a record, not the record itself."""
        packets, _ = split(record)
        leave_out = set(range(len(packets))).difference(only)
        self._add_arrived(batch, record, self._decode(batch, record, packets, leave_out))

    def _decode(
        self, batch: Batch, record: Record, packets: Sequence[bytes], leave_out: Collection[int]
    ) -> list[_Arrived]:
        arrived: list[_Arrived] = []
        for index, data in enumerate(packets):
            if index in leave_out:
                continue
            try:
                packet = decode3(data)
            except DecodeError as error:
                batch.dead_letters.append(DeadLetter(record, index, data, str(error.reason)))
                continue
            arrived.append((packet, row_id(record.partition, record.offset, index)))
            # A payload that came compressed lies in memory, and in its row, as what it is.
            if len(packet.payload) > len(data):
                batch.size_bytes += len(packet.payload) - len(data)
        return arrived

    def _count_stored(self, batch: Batch, record: Record, numbering: Numbering, found: int) -> int:
        """Return how many packets at the head of a record were stored before; notes the others."""
        first = numbering.first_seq or 0
        last = first + max(record.packets, found) - 1
        if not first <= last <= SEQ_MAX:
            return 0
        at = OriginAt(record.topic, record.partition, numbering.origin)
        highest = self._highest(batch, at)
        batch.origins[at] = max(highest, last)
        return max(highest + 1 - first, 0)

    def _fresh(
        self, batch: Batch, record: Record, origin: bytes, arrived: Sequence[_Arrived]
    ) -> list[_Arrived]:
        """Return those of packets with numbers of their own that were not stored before."""
        at = OriginAt(record.topic, record.partition, origin)
        highest = self._highest(batch, at)
        fresh: list[_Arrived] = []
        stored: list[int] = []
        for one in arrived:
            seq = one[0].seq
            if seq is not None and seq <= highest:
                stored.append(index_of(one[1]))
                continue
            fresh.append(one)
            if seq is not None and seq <= SEQ_MAX:
                highest = seq
        batch.origins[at] = highest
        batch.skip(stored)
        return fresh

    def _highest(self, batch: Batch, at: OriginAt) -> int:
        """Return the highest number of an origin so far, records of the batch included."""
        found = batch.origins.get(at)
        if found is None:
            found = batch.origins_before[at] = self._origins.stored(at)
        return found

    def _add_arrived(self, batch: Batch, record: Record, arrived: Sequence[_Arrived]) -> None:
        sip: list[_Arrived] = []
        others: list[_Arrived] = []
        for one in arrived:
            (sip if one[0].protocol_type == SIP else others).append(one)
        batch.packets += len(arrived)
        reports = len(batch.media.rows)
        if sip:
            self._add_sip(batch, sip)
        if others:
            self._add_others(batch, record, others)
        batch.size_bytes += REPORT_BYTES * (len(batch.media.rows) - reports)

    def _add_sip(self, batch: Batch, arrived: Sequence[_Arrived]) -> None:
        nodes = [self._see_node(batch, packet) for packet, _ in arrived]
        messages = [parse(packet.payload) for packet, _ in arrived]
        roots = [sip_rows.ROOTS[sip_rows.class_of(message)] for message in messages]
        readings = [
            self._read_time(batch, packet, root)
            for (packet, _), root in zip(arrived, roots, strict=True)
        ]
        encode, rows = self._sip_rows.row, batch.rows
        for (packet, identity), message, reading, node, root in zip(
            arrived, messages, readings, nodes, roots, strict=True
        ):
            row = encode(packet, message, reading, identity, node)
            rows[root, reading.time_us // MINUTE_US].append(row)
        if self._with_calls:
            for (packet, _), message, reading, node in zip(
                arrived, messages, readings, nodes, strict=True
            ):
                if message.call_id:
                    _add_facts(batch, packet, message, reading, node)
        self._media.read_messages(batch.media, arrived, messages, readings, nodes)

    def _add_others(self, batch: Batch, record: Record, arrived: Sequence[_Arrived]) -> None:
        for packet, identity in arrived:
            if packet.extra and is_report(packet):
                _add_report(batch, record, packet, index_of(identity))
                continue
            node = self._see_node(batch, packet)
            root = packet_rows.ROOTS[packet_rows.class_of(packet.protocol_type)]
            reading = self._read_time(batch, packet, root)
            row = packet_rows.row(packet, reading, identity)
            batch.rows[root, reading.time_us // MINUTE_US].append(row)
            self._media.read_packet(batch.media, (packet, reading, identity, node))

    def _see_node(self, batch: Batch, packet: HepPacket) -> str:
        """Count a packet of its node, whose name is returned; mends its time of arrival."""
        received_us = packet.received_at_us
        if not FIRST_US <= received_us <= LAST_US:
            received_us = packet.received_at_us = self._now_us()
        node = node_text(packet)
        seen = batch.nodes.get(node)
        if seen is None:
            batch.nodes[node] = NodeSeen(packet.node_id, packet.version, received_us, received_us)
        else:
            seen.last_us = received_us
            seen.packets += 1
        return node

    def _read_time(self, batch: Batch, packet: HepPacket, root: str) -> Reading:
        time_us, received_us = packet.time_us, packet.received_at_us
        oldest_us = self._expiry.oldest_us(root, received_us)
        # The first answer of read_time, given here because nearly all packets take it.
        if oldest_us <= time_us <= received_us + AHEAD_US:
            return Reading(time_us, time_us)
        reading = read_time(time_us, received_us, oldest_us=oldest_us)
        if reading.reason is not None:
            batch.times[reading.reason] += 1
        return reading


def split(record: Record) -> tuple[list[bytes], DeadLetter | None]:
    """Return the packets of a record; from where it is broken on, it is one dead letter."""
    try:
        return scan(record.value), None
    except DecodeError as error:
        found = _whole_packets(record.value, error.offset)
        rest = record.value[sum(map(len, found)) :]
        return found, DeadLetter(record, len(found), rest, str(error.reason))


def _add_facts(
    batch: Batch, packet: HepPacket, message: SipMessage, reading: Reading, node: str
) -> None:
    envelope = Envelope(
        reading.clock_us,
        packet.received_at_us,
        packet.source,
        packet.source_port,
        packet.destination,
        packet.destination_port,
        _TRANSPORT_NAMES[sip_rows.transport_of(packet.ip_protocol, message.via_transport)],
        node,
        len(packet.payload),
    )
    # Search and partitions go by the plausible time, orders and durations by the packet's.
    facts = facts_of(message, envelope)
    facts.started_us = facts.last_us = reading.time_us
    batch.add_call(facts)
    if message.cseq_method == "REGISTER":
        registration = registration_of(message, envelope)
        registration.started_us = registration.last_us = reading.time_us
        registration.day_us = reading.time_us - reading.time_us % DAY_US
        batch.add_registration(registration)


def _add_report(batch: Batch, record: Record, packet: HepPacket, index: int) -> None:
    """Take what ingest says of its nodes; it is no traffic, so there is no row of it."""
    try:
        batch.reported.add(decode_report(packet))
    except ReportError as error:
        data = split(record)[0][index]
        batch.dead_letters.append(DeadLetter(record, index, data, BAD_REPORT, str(error)))


def _whole_packets(value: bytes, end: int) -> list[bytes]:
    """Return the packets before the first broken one, which lies at ``end`` or begins before it."""
    while end > 0:
        try:
            return scan(value[:end])
        except DecodeError as error:
            end = min(error.offset, end - 1)
    return []
