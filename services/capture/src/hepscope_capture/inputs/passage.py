"""One HEP packet of another agent: whether it is passed on, and what changes in it.

Nothing changes that need not: a packet that no rule touches leaves byte for byte as it came.
Where a rule masks something, payload and correlation id are replaced in place and every other
chunk stays. Encoded anew are HEP 1 and 2, since all servers are spoken to in HEP3, and packets
whose lengths are wrong, since on a stream they would break those behind them.
"""

from collections.abc import Callable
from hmac import compare_digest
from typing import NamedTuple, Protocol

from hep import DecodeError, EncodeError, HepPacket, decode, decode3, encode3, is_hello
from hep.chunks import AUTH_KEY, CORRELATION_ID, MAGIC, PAYLOAD
from hep.datagram import is_version3, unwrap_frame
from hep.errors import Reason
from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.inputs.chunk_edit import Chunk, chunks_of, replace, value_of
from hepscope_capture.inputs.counts import RelayCounts
from hepscope_capture.inputs.plans import RelayPlan

# Of the three usual orders of chunks: where the head of chunk 11 (protocol type) stands.
_TYPE_HEAD = b"\0\0\0\x0b\0\x07"
_TYPE_AT = (76, 56, 100)
_SHORTEST_USUAL = _TYPE_AT[-1] + len(_TYPE_HEAD) + 1
_TYPE_CHUNK = 11
# Greetings and pings have no payload, or six bytes of one.
_LONGEST_GREETING = 400


class Ruling(Protocol):
    """What the rules do with a message; ``rules.Rules`` is one."""

    @property
    def is_trivial(self) -> bool:
        """Whether every message comes back as it is."""
        ...

    def apply(self, message: Datagram) -> Datagram | None:
        """Return the message, perhaps masked; None when it is refused."""
        ...


class Passed(NamedTuple):
    """A HEP3 packet to be sent, and its type (chunk 11)."""

    kind: int
    packet: bytes


class Passage:
    """Takes the packets of all peers, one by one."""

    def __init__(
        self,
        plan: RelayPlan,
        counts: RelayCounts,
        *,
        auth_key: bytes | None,
        rules: Callable[[], Ruling],
    ) -> None:
        """Make a passage; ``rules`` gives those in force, which may change."""
        self._plan = plan
        self._counts = counts
        self._key = auth_key or None
        self._rules = rules
        self._kinds = plan.kinds
        self._has_keys = plan.is_key_replaced or bool(plan.accepted_keys)

    def take(self, data: bytes, received_at_us: int) -> Passed | None:
        """Return what is to be sent of a datagram, or of a packet cut from a stream.

        None, and a count, when nothing is. Never raises, whatever the bytes.
        """
        counts = self._counts
        counts.received += 1
        if not self._has_keys and self._rules().is_trivial and (kind := _usual_type(data)):
            if self._kinds and kind not in self._kinds:
                counts.other_kinds += 1
                return None
            counts.passed += 1
            return Passed(kind, data)
        try:
            return self._look_at(data, received_at_us)
        except (DecodeError, EncodeError) as error:
            counts.refused[error.reason] += 1
            return None

    def _look_at(self, data: bytes, received_at_us: int) -> Passed | None:
        counts = self._counts
        frame, chunks = data, chunks_of(data) if is_version3(data) else None
        if chunks is None:
            frame = _repaired(data, received_at_us)
            chunks = chunks_of(frame)
            if chunks is None:  # what we encoded is whole
                raise DecodeError(Reason.BAD_LENGTH, 4)
        if len(frame) < _LONGEST_GREETING and _is_greeting(frame):
            counts.greetings += 1
            return None
        self._check_key(frame, chunks)
        passed = self._ruled(frame, chunks)
        if passed is None:
            return None
        counts.repaired += frame is not data
        counts.passed += passed.packet is data
        counts.changed += passed.packet is not data
        return passed

    def _check_key(self, frame: bytes, chunks: list[Chunk]) -> None:
        accepted = self._plan.accepted_keys
        if accepted:
            key = value_of(frame, chunks, AUTH_KEY) or b""
            # Every key is compared, so that the time tells nothing of them.
            if not sum(compare_digest(key, one) for one in accepted):
                raise DecodeError(Reason.AUTH_KEY, 0)

    def _ruled(self, frame: bytes, chunks: list[Chunk]) -> Passed | None:
        counts, rules, kinds = self._counts, self._rules(), self._plan.kinds
        kind = (value_of(frame, chunks, _TYPE_CHUNK) or b"\0")[-1]
        values: dict[int, bytes | None] = {}
        if not rules.is_trivial or not kind:
            packet = decode3(frame)
            kind = packet.protocol_type
            if kinds and kind not in kinds:
                counts.other_kinds += 1
                return None
            if not self._apply(rules, packet, values):
                counts.ruled_out += 1
                return None
        elif kinds and kind not in kinds:
            counts.other_kinds += 1
            return None
        if self._plan.is_key_replaced and value_of(frame, chunks, AUTH_KEY) != self._key:
            values[AUTH_KEY] = self._key
        return Passed(kind, replace(frame, chunks, values) if values else frame)

    @staticmethod
    def _apply(rules: Ruling, packet: HepPacket, values: dict[int, bytes | None]) -> bool:
        """Note what the rules change in a packet; return False when they refuse it."""
        if rules.is_trivial:
            return True
        message = view_of(packet)
        ruled = rules.apply(message)
        if ruled is None:
            return False
        if ruled.payload != packet.payload:
            values[PAYLOAD] = ruled.payload
        if ruled.correlation_id != packet.correlation_id:
            values[CORRELATION_ID] = ruled.correlation_id
        return True


def view_of(packet: HepPacket) -> Datagram:
    """Return a packet as the rules see messages; addresses may be empty."""
    return Datagram(
        packet.time_us,
        packet.ip_protocol,
        packet.source,
        packet.source_port,
        packet.destination,
        packet.destination_port,
        packet.payload,
        kind=packet.protocol_type,
        correlation_id=packet.correlation_id,
    )


def _usual_type(data: bytes) -> int:
    """Return the type of a whole packet with a usual start; 0 where only a look can tell."""
    if data[:4] != MAGIC or len(data) < _SHORTEST_USUAL or data[4] << 8 | data[5] != len(data):
        return 0
    for at in _TYPE_AT:
        if data.startswith(_TYPE_HEAD, at):
            return data[at + 6]
    return 0


def _repaired(data: bytes, received_at_us: int) -> bytes:
    """Return a packet of any version, or with wrong lengths, as whole HEP3.

    Raises DecodeError and EncodeError.
    """
    frame, _ = unwrap_frame(data)
    if is_version3(frame) and chunks_of(frame) is not None:
        return frame
    packet = decode(frame, received_at_us=received_at_us)
    # HEP 1 tells no time, and a packet may wait for its server on our disk.
    packet.time_us = packet.time_us or received_at_us
    # Ours to say, about what arrives at ingest; the packet leaves as any agent sends it.
    packet.version, packet.quirks, packet.received_at_us = 3, 0, 0
    return encode3(packet)


def _is_greeting(frame: bytes) -> bool:
    """Say whether a packet only opens or keeps up a conversation.

    That is the hello and the ack of acknowledged HEP, and the ping of heplify 1: no addresses,
    type 0 and the start of a HEP3 head as payload.
    """
    packet = decode3(frame)
    if is_hello(packet) or (packet.ack is not None and not packet.payload):
        return True
    is_bare = not (packet.protocol_type or packet.source or packet.destination)
    return is_bare and (not packet.payload or packet.payload.startswith(MAGIC))
