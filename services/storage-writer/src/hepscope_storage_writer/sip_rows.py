"""Rows of the table ``sip``: one SIP message each, as binary COPY.

COLUMNS is the order on the wire. The row's class follows the CSeq method, so that an answer
lies with its request, and chooses the root whose leaves are cut by time.
"""

from struct import Struct
from typing import Final

from hep import HepPacket
from hep.protocols import TRANSPORTS, Transport
from hep.sip import SipMessage
from hepscope_common.calls.bounds import stored_call_id
from hepscope_common.store import copy
from hepscope_storage_writer.envelope_row import RowFlag, node_text, packet_flags
from hepscope_storage_writer.extra import Extra, add_packet_extra, uncommon_headers
from hepscope_storage_writer.pieces import AddressPieces, CallIdPieces, TextPieces
from hepscope_storage_writer.times import Reading

COLUMNS: Final = (
    "time",
    "received_at",
    "capture_time",
    "id",
    "cseq",
    "source_port",
    "destination_port",
    "node_id",
    "class",
    "status",
    "protocol_type",
    "ip_protocol",
    "transport",
    "hep_version",
    "flags",
    "payload_codec",
    "source",
    "destination",
    "call_id",
    "correlation_id",
    "method",
    "cseq_method",
    "reason",
    "ruri_user",
    "ruri_domain",
    "from_user",
    "from_domain",
    "from_tag",
    "to_user",
    "to_domain",
    "to_tag",
    "user_agent",
    "via_branch",
    "node",
    "fault",
    "extra",
    "payload",
)

STRAY: Final = "sip_stray"

ROOTS: Final = {1: "sip_call", 2: "sip_registration", 3: "sip_other"}

CALL_METHODS: Final = (
    "INVITE",
    "ACK",
    "BYE",
    "CANCEL",
    "UPDATE",
    "PRACK",
    "REFER",
    "INFO",
    "NOTIFY",
)

_CLASSES: Final = dict.fromkeys(CALL_METHODS, 1) | {"REGISTER": 2}
_OTHER: Final = 3

TRANSPORT_NUMBERS: Final = {
    name: number
    for number, name in enumerate(
        (
            Transport.UNKNOWN,
            Transport.UDP,
            Transport.TCP,
            Transport.TLS,
            Transport.SCTP,
            Transport.WS,
            Transport.WSS,
        )
    )
}
"""Values of the column ``transport``. Stored, so they never change."""

_BY_PROTOCOL: Final = {number: TRANSPORT_NUMBERS[name] for number, name in TRANSPORTS.items()}
_BY_VIA: Final = {str(name): number for name, number in TRANSPORT_NUMBERS.items() if number}
_VIA_DECIDES: Final = frozenset({22, 50})
"""IP protocol numbers that are none: TLS and WebSocket by habit of some agents, mixed up."""

# Columns up to and after the first nullable one; each field is its length and its value.
_HEAD: Final = Struct("!hiqiq").pack
_PLACE: Final = Struct("!iiiiiqih").pack
_KIND: Final = Struct("!ihihihihihih").pack


def class_of(message: SipMessage) -> int:
    """Return the class of a message, by its method or, of a response, that of its CSeq."""
    return _CLASSES.get(message.method or message.cseq_method, _OTHER)


def transport_of(ip_protocol: int, via_transport: str) -> int:
    """Return the transport's number; the top Via decides where the IP protocol cannot."""
    number = _BY_PROTOCOL.get(ip_protocol, 0)
    if number == 0 or ip_protocol in _VIA_DECIDES:
        return _BY_VIA.get(via_transport, number)
    return number


class SipRows:
    """Encodes rows and remembers the fields of values that recur."""

    def __init__(self) -> None:
        self._names = TextPieces(copy.INDEXED_LIMIT)
        self._agents = TextPieces(copy.AGENT_LIMIT)
        self._call_ids = CallIdPieces(copy.TEXT_LIMIT)
        self._addresses = AddressPieces()

    def row(
        self,
        packet: HepPacket,
        message: SipMessage,
        reading: Reading,
        row_class: int,
        identity: int,
    ) -> bytes:
        """Return the row of a message; reading says what its time is taken for."""
        name = self._names
        flags = packet_flags(packet, is_replaced=reading.reason is not None)
        if message.faults:
            flags |= RowFlag.PARSE_FAULT
        extra = uncommon_headers(message.header_lines)
        if packet.extra or reading.sent_us is not None:
            extra = add_packet_extra(extra, packet.extra, reading.sent_us)
        correlation = packet.correlation_id
        return b"".join(
            (
                _HEAD(
                    len(COLUMNS),
                    8,
                    reading.time_us - copy.EPOCH_US,
                    8,
                    packet.received_at_us - copy.EPOCH_US,
                ),
                _time(reading.capture_us),
                copy.int8(identity),
                copy.int8(message.cseq),
                _PLACE(
                    4,
                    packet.source_port,
                    4,
                    packet.destination_port,
                    8,
                    packet.node_id,
                    2,
                    row_class,
                ),
                copy.int2(message.status or None),
                _KIND(
                    2,
                    packet.protocol_type,
                    2,
                    packet.ip_protocol,
                    2,
                    transport_of(packet.ip_protocol, message.via_transport),
                    2,
                    packet.version,
                    2,
                    flags,
                    2,
                    0,
                ),
                self._addresses[packet.source],
                self._addresses[packet.destination],
                self._call_ids[stored_call_id(message.call_id)],
                self._agents[correlation.decode("utf-8", "replace")] if correlation else copy.NULL,
                name[message.method],
                name[message.cseq_method],
                self._agents[message.reason],
                name[message.ruri_user],
                name[message.ruri_domain],
                name[message.from_user],
                name[message.from_domain],
                name[message.from_tag],
                name[message.to_user],
                name[message.to_domain],
                name[message.to_tag],
                self._agents[message.user_agent],
                name[message.via_branch],
                name[node_text(packet)],
                copy.text(",".join(message.faults)) if message.faults else copy.NULL,
                _extra(extra),
                copy.bytea(packet.payload),
            )
        )


def _time(us: int | None) -> bytes:
    return copy.NULL if us is None else copy.timestamptz(us)


def _extra(extra: Extra | None) -> bytes:
    return copy.NULL if extra is None else copy.jsonb(extra)
