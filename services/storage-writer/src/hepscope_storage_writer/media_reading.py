"""Reading media: what packets and messages say of streams, and where calls expect them.

Runs while a record is decoded. A SIP message costs a look at its headers unless it holds a report
or a description. A payload that is no report of its kind is counted by its reason; the raw packet
is stored all the same.

RTCP tells a round trip only to who sent the sender report. Seen from here it is the time from a
sender report to the answer that names it, less what the answerer held it: the way from the
capture point to the reporter and back. Both are times of one node, so its clock need not be right.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from hep import HepPacket
from hep.media import dispatch
from hep.media.errors import MediaError, Reason
from hep.media.report import StreamReport, Way
from hep.protocols import is_media
from hep.rtcp import middle_bits, tapped_round_trip_us
from hep.sip import SipMessage, sdp_of
from hepscope_common.calls.bounds import stored_call_id
from hepscope_common.store.copy import AGENT_LIMIT, INDEXED_LIMIT
from hepscope_storage_writer.lru import Lru
from hepscope_storage_writer.media_offers import OfferReader, encode, packed
from hepscope_storage_writer.media_row import MediaRow, fill, narrow, says_something
from hepscope_storage_writer.times import Reading

SENDER_REPORTS: Final = 50_000
"""Sender reports remembered until they are answered, some seconds later."""

MAX_REPORTS: Final = 64
"""Reports kept of one packet; a bridge's compound has 31 blocks."""

_DESCRIPTION: Final = "application/sdp"
_SILENT: Final = frozenset({"", _DESCRIPTION})
"""Types of bodies in which there is no report."""


Carrier = tuple[HepPacket, Reading, int, str]
"""What a report came in: the packet, what its time is taken for, the id of its row, its node."""


@dataclass(slots=True)
class MediaBatch:
    """What a batch holds of media: rows, offers with their first time, refusals.

    Offers are bytes already, since thousands of objects would keep the garbage collector busy.
    """

    rows: list[MediaRow] = field(default_factory=list)
    offers: dict[bytes, int] = field(default_factory=dict)
    refused: Counter[Reason] = field(default_factory=Counter)


class MediaReader:
    """Reads for one worker."""

    def __init__(self) -> None:
        self._offers = OfferReader()
        self._sender_reports: Lru[tuple[str, int, int], int] = Lru(SENDER_REPORTS)

    def read_messages(
        self,
        batch: MediaBatch,
        arrived: Sequence[tuple[HepPacket, int]],
        messages: Sequence[SipMessage],
        readings: Sequence[Reading],
        nodes: Sequence[str],
    ) -> None:
        """Read the reports in SIP messages and what they say of their calls' media.

        The lists run in parallel: each packet with the id of its row, its message, what its time
        is taken for, its node.
        """
        for number, message in enumerate(messages):
            kind = message.content_type
            if kind:
                if kind == _DESCRIPTION:
                    self._read_offers(batch, message, message.body, readings[number].time_us)
                elif kind.startswith("multipart/"):
                    body = sdp_of(message) or b""
                    self._read_offers(batch, message, body, readings[number].time_us)
            # Nearly every message ends here.
            if not message.other_lines and kind in _SILENT:
                continue
            try:
                found = dispatch.sip_reports(message)
            except MediaError as error:
                batch.refused[error.reason] += 1
                continue
            if found:
                packet, identity = arrived[number]
                self._add(batch, found, (packet, readings[number], identity, nodes[number]))

    def read_packet(self, batch: MediaBatch, carrier: Carrier) -> None:
        """Read the reports of a packet of the media types."""
        packet = carrier[0]
        if not is_media(packet.protocol_type):
            return
        try:
            found = dispatch.reports(packet.protocol_type, packet.payload, packet.extra)
        except MediaError as error:
            batch.refused[error.reason] += 1
            return
        if found:
            self._add(batch, found, carrier)

    def _read_offers(
        self, batch: MediaBatch, message: SipMessage, body: bytes, time_us: int
    ) -> None:
        if not message.call_id:
            return
        call_id = stored_call_id(message.call_id)
        for offer in self._offers.read(body):
            key = encode(offer, call_id)
            first_us = batch.offers.get(key)
            if first_us is None or time_us < first_us:
                batch.offers[key] = time_us

    def _add(self, batch: MediaBatch, found: Sequence[StreamReport], carrier: Carrier) -> None:
        if len(found) > MAX_REPORTS:
            batch.refused[Reason.TOO_MANY] += 1
            return
        packet, reading, identity, node = carrier
        for number, report in enumerate(found):
            round_trip_us = self._round_trip_us(report, node, reading.clock_us)
            if round_trip_us is None and not says_something(report):
                continue
            row = MediaRow(
                reading.time_us,
                packet.received_at_us,
                identity,
                number,
                packet.protocol_type,
                report.source.value,
                node,
            )
            fill(row, report)
            if round_trip_us is not None and row.round_trip_ms is None:
                row.round_trip_ms, row.is_round_trip_said = narrow(round_trip_us / 1000), False
            _fill_ends(row, packet, report)
            correlation = packet.correlation_id.decode("utf-8", "replace")
            if correlation and not row.call_id:
                row.correlation_id = stored_call_id(correlation.replace("\0", "�"))
            if row.reporter:
                row.reporter = row.reporter[:AGENT_LIMIT]
            if row.codec:
                row.codec = row.codec[:INDEXED_LIMIT]
            batch.rows.append(row)

    def _round_trip_us(self, report: StreamReport, node: str, seen_us: int) -> int | None:
        if report.ntp is not None and report.way is Way.SENT and report.ssrc is not None:
            key = node, report.ssrc, middle_bits(report.ntp)
            if self._sender_reports.get(key) is None:
                self._sender_reports.update([(key, seen_us)])
            return None
        if report.lsr is None or report.dlsr is None or report.ssrc is None:
            return None
        sent_us = self._sender_reports.get((node, report.ssrc, report.lsr))
        if sent_us is None:
            return None
        return tapped_round_trip_us(sent_us, seen_us, report.dlsr)


def _fill_ends(row: MediaRow, packet: HepPacket, report: StreamReport) -> None:
    """Set the ends: as the report says, else as the packet was addressed."""
    row.source, row.source_port = packet.source or None, packet.source_port
    row.destination, row.destination_port = packet.destination or None, packet.destination_port
    local = packed(report.local_address) if report.local_address else None
    if local is not None:
        row.source, row.source_port = local, report.local_port or 0
    remote = packed(report.remote_address) if report.remote_address else None
    if remote is not None:
        row.destination, row.destination_port = remote, report.remote_port or 0
