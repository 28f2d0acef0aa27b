"""Rows of the table ``sip``: one SIP message each, as binary COPY.

COLUMNS is the order on the wire. The row's class follows the CSeq method, so that an answer
lies with its request, and chooses the root whose leaves are cut by time.
"""

from struct import Struct
from typing import Final

from hep import HepPacket
from hep.protocols import TRANSPORTS, Transport
from hep.sip import SipMessage
from hepscope_common.store import copy
from hepscope_storage_writer.envelope_row import NOT_TEXT, RowFlag, packet_flags
from hepscope_storage_writer.extra import add_packet_extra, uncommon_headers
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
PARSE_FAULT: Final = int(RowFlag.PARSE_FAULT)
_VIA_DECIDES: Final = frozenset({22, 50})
"""IP protocol numbers that are none: TLS and WebSocket by habit of some agents, mixed up."""

# Fields of fixed width, each its length and its value: in one piece where none of them is null,
# which is nearly always, since every call counts here.
_START: Final = Struct("!hiqiq4siqiqiiiiiqih").pack  # number of columns, time to class
_HEAD: Final = Struct("!hiqiq").pack  # number of columns, time, received_at
_IDENTITY: Final = Struct("!iq").pack
_PLACE: Final = Struct("!iiiiiqih").pack  # ports, node_id, class
_EPOCH_US: Final = copy.EPOCH_US
_length: Final = Struct("!i").pack
_KIND: Final = Struct("!ihihihihihih").pack  # protocol_type to payload_codec
_STATUSES: Final = (copy.NULL, *(copy.int2(status) for status in range(1, 1000)))
MAX_KINDS: Final = 4096
"""Combinations of the small fields remembered; real traffic has a dozen."""


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
        self._call_ids = CallIdPieces()
        self._addresses = AddressPieces()
        self._kinds: dict[tuple[int, int, str, int, int], bytes] = {}

    def row(
        self,
        packet: HepPacket,
        message: SipMessage,
        reading: Reading,
        identity: int,
        node: str,
    ) -> bytes:
        """Return the row of a message; reading says what its time is taken for."""
        name, agent, address = self._names, self._agents, self._addresses
        correlation, payload = packet.correlation_id, packet.payload
        status, faults = message.status, message.faults
        extra = uncommon_headers(message.other_lines) if message.other_lines else None
        if packet.extra or reading.sent_us is not None:
            extra = add_packet_extra(extra, packet.extra, reading.sent_us)
        return b"".join(
            (
                _start(packet, message, reading, identity),
                _STATUSES[status] if status < 1000 else copy.NULL,
                self._kind(packet, message, reading),
                address[packet.source],
                address[packet.destination],
                self._call_ids[message.call_id],
                agent[correlation.decode("utf-8", "replace")] if correlation else copy.NULL,
                name[message.method],
                name[message.cseq_method],
                agent[message.reason],
                name[message.ruri_user],
                name[message.ruri_domain],
                name[message.from_user],
                name[message.from_domain],
                name[message.from_tag],
                name[message.to_user],
                name[message.to_domain],
                name[message.to_tag],
                agent[message.user_agent],
                name[message.via_branch],
                name[node],
                copy.text(",".join(faults)) if faults else copy.NULL,
                copy.NULL if extra is None else copy.jsonb(extra),
                _length(len(payload)),
                payload,
            )
        )

    def _kind(self, packet: HepPacket, message: SipMessage, reading: Reading) -> bytes:
        payload = packet.payload
        if packet.quirks or reading.reason is not None or not payload.isascii():
            flags = packet_flags(packet, is_replaced=reading.reason is not None)
        else:
            flags = NOT_TEXT if b"\0" in payload else 0
        if message.faults:
            flags |= PARSE_FAULT
        key = (
            packet.protocol_type,
            packet.ip_protocol,
            message.via_transport,
            packet.version,
            flags,
        )
        kind = self._kinds.get(key)
        if kind is None:
            protocol_type, ip_protocol, via, version, _ = key
            transport = transport_of(ip_protocol, via)
            kind = _KIND(2, protocol_type, 2, ip_protocol, 2, transport, 2, version, 2, flags, 2, 0)
            if len(self._kinds) < MAX_KINDS:
                self._kinds[key] = kind
        return kind


def _start(packet: HepPacket, message: SipMessage, reading: Reading, identity: int) -> bytes:
    """Return the fields from time to class."""
    row_class = class_of(message)
    place = (4, packet.source_port, 4, packet.destination_port, 8, packet.node_id, 2, row_class)
    cseq, capture_us = message.cseq, reading.capture_us
    time_us, received_us = reading.time_us - _EPOCH_US, packet.received_at_us - _EPOCH_US
    if capture_us is None and cseq is not None:
        return _START(
            len(COLUMNS), 8, time_us, 8, received_us, copy.NULL, 8, identity, 8, cseq, *place
        )
    return b"".join(
        (
            _HEAD(len(COLUMNS), 8, time_us, 8, received_us),
            copy.timestamptz(capture_us),
            _IDENTITY(8, identity),
            copy.int8(cseq),
            _PLACE(*place),
        )
    )
