"""HEP3 chunks: the tables of known types.

A chunk is vendor u16, type u16, length u16 (counting these six bytes) and a value, all
big-endian. A key is vendor << 16 | type, so that a chunk of another vendor is never taken for
the generic one of the same number. Rows with a field fill that field of HepPacket; all other
chunks are kept as they came. Decoder, encoder and the reference page read the same rows.
"""

from enum import StrEnum
from struct import Struct
from typing import NamedTuple

MAGIC = b"HEP3"
# The other magic of the specification's revision 37; nobody is known to send it.
ALTERNATIVE_MAGIC = b"EEP3"
MAX_PACKET_BYTES = 0xFFFF  # the total length is a u16
HEAD_BYTES = 6
CHUNK_HEAD_BYTES = 6
HEAD = Struct("!4sH")
CHUNK_HEAD = Struct("!HHH")
KEY_AND_LENGTH = Struct("!IH")

OWN_VENDOR = 0x4853


class Kind(StrEnum):
    """How the value of a chunk is read."""

    UINT = "unsigned"
    ADDRESS = "address"
    OCTETS = "octets"


class ChunkType(NamedTuple):
    """One row: accepted widths in bytes (the first is what we write), () = any width."""

    number: int
    name: str
    kind: Kind
    widths: tuple[int, ...]
    field: str
    meaning: str


def _table(*rows: ChunkType) -> dict[int, ChunkType]:
    return {row.number: row for row in rows}


# HEP specification revision 37. Two-byte node ids and six-byte MAC addresses are in the field.
CHUNKS = _table(
    ChunkType(1, "ip_family", Kind.UINT, (1,), "family", "2 IPv4, 10 IPv6; the addresses decide"),
    ChunkType(2, "ip_protocol", Kind.UINT, (1,), "ip_protocol", "17 UDP, 6 TCP, 132 SCTP"),
    ChunkType(3, "source_ipv4", Kind.ADDRESS, (4,), "source", "source address"),
    ChunkType(4, "destination_ipv4", Kind.ADDRESS, (4,), "destination", "destination address"),
    ChunkType(5, "source_ipv6", Kind.ADDRESS, (16,), "source", "source address"),
    ChunkType(6, "destination_ipv6", Kind.ADDRESS, (16,), "destination", "destination address"),
    ChunkType(7, "source_port", Kind.UINT, (2,), "source_port", "UDP, TCP or SCTP port"),
    ChunkType(8, "destination_port", Kind.UINT, (2,), "destination_port", "UDP, TCP or SCTP port"),
    ChunkType(9, "time_seconds", Kind.UINT, (4,), "time_us", "capture time, Unix seconds"),
    ChunkType(10, "time_microseconds", Kind.UINT, (4,), "time_us", "added to chunk 9"),
    ChunkType(11, "protocol_type", Kind.UINT, (1,), "protocol_type", "what the payload is"),
    ChunkType(12, "node_id", Kind.UINT, (4, 2), "node_id", "number of the capture agent"),
    ChunkType(13, "keep_alive", Kind.UINT, (2,), "", "keep-alive timer, seconds"),
    ChunkType(14, "auth_key", Kind.OCTETS, (), "auth_key", "shared key, in clear text"),
    ChunkType(15, "payload", Kind.OCTETS, (), "payload", "the captured message"),
    ChunkType(16, "compressed_payload", Kind.OCTETS, (), "payload", "gzip, zlib or raw deflate"),
    ChunkType(17, "correlation_id", Kind.OCTETS, (), "correlation_id", "Call-ID or another key"),
    ChunkType(18, "vlan", Kind.UINT, (2,), "", "VLAN id"),
    ChunkType(19, "node_name", Kind.OCTETS, (), "node_name", "name of the capture agent"),
    ChunkType(20, "source_mac", Kind.UINT, (8, 6), "", "MAC address in the low 6 bytes"),
    ChunkType(21, "destination_mac", Kind.UINT, (8, 6), "", "MAC address in the low 6 bytes"),
    ChunkType(22, "ethernet_type", Kind.UINT, (2,), "", "Ethernet type"),
    ChunkType(23, "tcp_flags", Kind.UINT, (1,), "", "TCP flags"),
    ChunkType(24, "ip_tos", Kind.UINT, (1,), "", "type of service"),
    ChunkType(32, "mos", Kind.UINT, (2,), "", "MOS: as is to 5, tenths to 50, hundredths above"),
    ChunkType(33, "r_factor", Kind.UINT, (2,), "", "R-factor: hundredths above 150"),
    ChunkType(34, "geo_location", Kind.OCTETS, (), "", "place, free text"),
    ChunkType(35, "jitter", Kind.UINT, (4,), "", "jitter, unit not specified"),
    ChunkType(36, "transaction_type", Kind.OCTETS, (), "", "call, registration, ..."),
    ChunkType(37, "json_keys", Kind.OCTETS, (), "", "keys of a JSON payload"),
    ChunkType(38, "tags", Kind.OCTETS, (), "", "tags, as key=value;..."),
    ChunkType(39, "tag_type", Kind.UINT, (2,), "", "type of the tags"),
    ChunkType(40, "event_type", Kind.UINT, (2,), "", "1 recording, 2 lawful recording"),
    ChunkType(41, "group_id", Kind.OCTETS, (), "", "group of the agent"),
)

# Vendor 0x4853. 1 to 5 are written by ingest alone and removed when they come from outside.
OWN_CHUNKS = _table(
    ChunkType(1, "received_at", Kind.UINT, (8,), "received_at_us", "arrival, Unix microseconds"),
    ChunkType(2, "peer", Kind.OCTETS, (6, 18), "peer", "sender: packed address, port u16"),
    ChunkType(3, "routing_key", Kind.OCTETS, (), "routing_key", "key that chose the partition"),
    ChunkType(4, "sent_as", Kind.OCTETS, (5,), "version", "HEP version u8, quirks u32, as arrived"),
    ChunkType(5, "node_report", Kind.UINT, (1,), "", "payload is ingest's report on nodes; form"),
    ChunkType(16, "origin", Kind.OCTETS, (16,), "origin", "sender that numbers its packets"),
    ChunkType(17, "seq", Kind.UINT, (8,), "seq", "number of the packet within its origin"),
    ChunkType(18, "ack", Kind.UINT, (8,), "ack", "highest number accepted, in an answer"),
)

GENESYS_CHUNKS = _table(
    ChunkType(0x80, "conversation_id", Kind.OCTETS, (), "", "conversation"),
    ChunkType(0x81, "organization_id", Kind.OCTETS, (), "", "organization"),
    ChunkType(0x82, "site_id", Kind.OCTETS, (), "", "site"),
    ChunkType(0x83, "trunk_base_id", Kind.OCTETS, (), "", "trunk"),
    ChunkType(0x84, "edge_id", Kind.OCTETS, (), "", "edge"),
)

VENDORS = {
    0: "generic",
    1: "FreeSWITCH",
    2: "Kamailio",
    3: "OpenSIPS",
    4: "Asterisk",
    5: "Homer",
    6: "sipXecs",
    7: "Yeti",
    8: "Genesys",
    OWN_VENDOR: "hepscope",
}

TABLES = {0: CHUNKS, 8: GENESYS_CHUNKS, OWN_VENDOR: OWN_CHUNKS}

# Keys that code names; LAST_FIXED is the highest of the chunks that every packet has.
AUTH_KEY, PAYLOAD, COMPRESSED, CORRELATION_ID, NODE_NAME = 14, 15, 16, 17, 19
LAST_FIXED = 12
RECEIVED_AT, PEER, ROUTING_KEY, SENT_AS, NODE_REPORT, ORIGIN, SEQ, ACK = (
    OWN_VENDOR << 16 | number for number in (1, 2, 3, 4, 5, 16, 17, 18)
)

# Widths of the chunks that fill a field, by key; () = any.
FIELD_WIDTHS = {
    vendor << 16 | row.number: row.widths
    for vendor, table in TABLES.items()
    for row in table.values()
    if row.field
}


def read_value(vendor: int, number: int, value: bytes) -> tuple[str, int | bytes]:
    """Name and value of a chunk, for display; a number where the table says so.

    Unknown chunks are named by their numbers; a value of unexpected width stays bytes.
    """
    row = TABLES.get(vendor, {}).get(number)
    if row is None:
        return f"{vendor}:{number}", value
    if row.kind is Kind.UINT and len(value) in row.widths:
        return row.name, int.from_bytes(value, "big")
    return row.name, value


def chunk(vendor: int, number: int, value: bytes) -> bytes:
    """The chunk on the wire. Raises struct.error above 65,529 bytes."""
    return CHUNK_HEAD.pack(vendor, number, CHUNK_HEAD_BYTES + len(value)) + value
