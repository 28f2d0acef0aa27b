r"""From bus records to lines: the hot path of the sink.

The line is the payload as it came. Bytes that are not UTF-8 are written as ``\xff``, so that
nothing of them is lost; what Loki would refuse for its length is cut. Both are counted.
"""

import socket
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

from hep import DecodeError, HepPacket, decode3
from hep.protocols import SIP, TRANSPORTS, type_name
from hepscope_common.bus.protocol import Record
from hepscope_common.calls.bounds import stored_call_id
from hepscope_common.clock import Clock
from hepscope_common.node_report import is_report
from hepscope_storage_writer.decode import split
from hepscope_storage_writer.loki.form import Form
from hepscope_storage_writer.loki.load import Load
from hepscope_storage_writer.loki.metrics import Changed, LokiMetrics, Unread
from hepscope_storage_writer.loki.moment import AHEAD_US, moment_of
from hepscope_storage_writer.loki.settings import LokiSettings, TrafficLabel
from hepscope_storage_writer.loki.sip_words import Words, call_id_of, words_of
from hepscope_storage_writer.loki.streams import Stream, Streams
from hepscope_storage_writer.times import FIRST_US, HOUR_US, LAST_US

HEPLIFY_NAMES: Final = {
    1: "sip", 5: "rtcp", 34: "rtpagent", 35: "rtcpxr", 38: "horaclifix", 53: "dns", 100: "log",
}  # fmt: skip
"""Label ``type`` as heplify-server has it; other types have their name here."""

_NO_WORDS: Final = Words()
_TYPE_NAMES: Final = tuple(HEPLIFY_NAMES.get(number) or type_name(number) for number in range(256))


class Lines:
    """Reads records into loads."""

    def __init__(
        self,
        settings: LokiSettings,
        form: Form,
        metrics: LokiMetrics,
        *,
        now_us: Clock,
    ) -> None:
        self.streams = Streams(settings)
        self._form = form
        self._metrics = metrics
        self._now_us = now_us
        self._types = frozenset(settings.types)
        self._with_metadata = settings.structured_metadata
        self._max_line = settings.max_line_bytes
        self._oldest_us = int(settings.oldest_hours * HOUR_US)
        self._labels = settings.traffic_labels
        self._hostname = socket.gethostname().encode()

    def read(self, load: Load, record: Record) -> None:
        """Add the lines of a record to a load."""
        load.take(record)
        packets, rest = split(record)
        unread = self._metrics.unread
        if rest is not None:
            unread.add((Unread.UNDECODABLE,))
        for data in packets:
            try:
                packet = decode3(data)
            except DecodeError:
                unread.add((Unread.UNDECODABLE,))
                continue
            if packet.protocol_type not in self._types:
                continue
            if packet.extra and is_report(packet):
                continue
            if not packet.payload:
                unread.add((Unread.EMPTY,))
                continue
            self._add(load, packet, record.partition)

    def _add(self, load: Load, packet: HepPacket, partition: int) -> None:
        received_us, time_us = packet.received_at_us, packet.time_us
        if not FIRST_US <= received_us <= LAST_US:
            received_us = self._now_us()
        if not load.oldest_us:
            load.oldest_us = received_us
        packet_time = ""
        if not received_us - self._oldest_us <= time_us <= received_us + AHEAD_US:
            time_us, packet_time, reason = moment_of(
                time_us, received_us, oldest_us=received_us - self._oldest_us
            )
            if reason is not None:
                self._metrics.times.add((reason,))
        is_sip = packet.protocol_type == SIP
        words = words_of(packet.payload) if is_sip else _NO_WORDS
        pairs: list[tuple[str, str]] = []
        if self._with_metadata:
            pairs = _pairs(packet, words, is_sip=is_sip)
            if packet_time:
                pairs.append(("packet_time", packet_time))
        entry = self._form.entry(time_us * 1000, self._text(packet.payload), pairs)
        load.add(self._stream(packet, partition, words), entry)

    def _stream(self, packet: HepPacket, partition: int, words: Words) -> Stream:
        values = self._values(packet, words) if self._labels else ()
        node = packet.node_name or b"%d" % packet.node_id
        return self.streams.find(_TYPE_NAMES[packet.protocol_type & 255], node, partition, values)

    def _text(self, payload: bytes) -> bytes:
        """Return a payload as a line that Loki takes."""
        if not payload.isascii():
            try:
                payload.decode()
            except UnicodeDecodeError:
                payload = payload.decode("utf-8", "backslashreplace").encode()
                self._metrics.changed.add((Changed.ESCAPED,))
        if len(payload) > self._max_line:
            payload = payload[: self._max_line].decode("utf-8", "ignore").encode()
            self._metrics.changed.add((Changed.CUT,))
        return payload

    def _values(self, packet: HepPacket, words: Words) -> tuple[bytes, ...]:
        return tuple(self._value(label, packet, words) for label in self._labels)

    def _value(self, label: TrafficLabel, packet: HepPacket, words: Words) -> bytes:
        match label:
            case TrafficLabel.METHOD:
                return words.method
            case TrafficLabel.RESPONSE:
                return words.status or words.method
            case TrafficLabel.PROTOCOL:
                found = TRANSPORTS.get(packet.ip_protocol)
                return found.encode() if found else b""
            case TrafficLabel.HOSTNAME:
                return self._hostname
            case TrafficLabel.SRC_IP:
                return _ip(packet.source).encode()
            case TrafficLabel.SRC_PORT:
                return b"%d" % packet.source_port
            case TrafficLabel.DST_IP:
                return _ip(packet.destination).encode()
            case TrafficLabel.DST_PORT:
                return b"%d" % packet.destination_port


def _pairs(packet: HepPacket, words: Words, *, is_sip: bool) -> list[tuple[str, str]]:
    """Return the structured metadata of a line; what a packet does not say is left out."""
    pairs: list[tuple[str, str]] = []
    call_id = packet.correlation_id
    if is_sip:
        call_id = call_id_of(packet.payload, packet.routing_key, call_id)
    if call_id:
        text = call_id.decode("utf-8", "replace").replace("\0", "\ufffd")
        pairs.append(("call_id", stored_call_id(text)))
    if packet.source:
        pairs.append(("src", _place(packet.source, packet.source_port)))
    if packet.destination:
        pairs.append(("dst", _place(packet.destination, packet.destination_port)))
    if words.method:
        pairs.append(("method", words.method.decode()))
    if words.status:
        pairs.append(("response", words.status.decode()))
    return pairs


@lru_cache(maxsize=8192)
def _ip(address: bytes) -> str:
    return str(ip_address(address)) if len(address) in (4, 16) else ""


@lru_cache(maxsize=8192)
def _place(address: bytes, port: int) -> str:
    text = _ip(address)
    return f"[{text}]:{port}" if ":" in text else f"{text}:{port}"
