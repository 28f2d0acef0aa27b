"""Rows of the table ``packet``: everything that is not SIP, kept as it came, as binary COPY.

What such packets say is read later; here they only keep their envelope, the correlation id by
which their call is found, and their payload.
"""

from typing import Final

from hep import HepPacket
from hep.protocols import is_log, is_media
from hepscope_common.calls.bounds import stored_call_id
from hepscope_common.store import copy
from hepscope_storage_writer.envelope_row import node_text, packet_flags
from hepscope_storage_writer.extra import add_packet_extra
from hepscope_storage_writer.times import Reading

COLUMNS: Final = (
    "time",
    "received_at",
    "capture_time",
    "id",
    "source_port",
    "destination_port",
    "node_id",
    "class",
    "protocol_type",
    "ip_protocol",
    "hep_version",
    "flags",
    "payload_codec",
    "source",
    "destination",
    "call_id",
    "correlation_id",
    "node",
    "extra",
    "payload",
)

STRAY: Final = "packet_stray"

ROOTS: Final = {1: "packet_media", 2: "packet_log", 3: "packet_other"}


def class_of(protocol_type: int) -> int:
    """Return the class of a protocol type: what it is kept with and how long."""
    if is_media(protocol_type):
        return 1
    return 2 if is_log(protocol_type) else 3


def row(packet: HepPacket, reading: Reading, identity: int) -> bytes:
    """Return the row of a packet; reading says what its time is taken for."""
    correlation = packet.correlation_id.decode("utf-8", "replace")
    extra = add_packet_extra(None, packet.extra, reading.sent_us)
    return b"".join(
        (
            copy.row(len(COLUMNS)),
            copy.timestamptz(reading.time_us),
            copy.timestamptz(packet.received_at_us),
            copy.timestamptz(reading.capture_us),
            copy.int8(identity),
            copy.int4(packet.source_port),
            copy.int4(packet.destination_port),
            copy.int8(packet.node_id),
            copy.int2(class_of(packet.protocol_type)),
            copy.int2(packet.protocol_type),
            copy.int2(packet.ip_protocol),
            copy.int2(packet.version),
            copy.int2(packet_flags(packet, is_replaced=reading.reason is not None)),
            copy.int2(0),
            copy.inet(packet.source),
            copy.inet(packet.destination),
            copy.text(stored_call_id(correlation)),
            copy.text(correlation or None, copy.AGENT_LIMIT),
            copy.text(node_text(packet), copy.INDEXED_LIMIT),
            copy.jsonb(extra),
            copy.bytea(packet.payload),
        )
    )
