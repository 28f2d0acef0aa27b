"""The rules of one ingest in their order: cheap ones first, what remembers packets last.

A packet that a later rule refuses must not be remembered as taken, or its copy would be refused
as a duplicate and both be lost.
"""

from collections.abc import Callable, Sequence

from hep import Admitted, decode3
from hep.layouts import read_start
from hep.protocols import SIP
from hep.sip import looks_like_sip
from hepscope_common.rules.dedup import Deduplicator
from hepscope_common.rules.mask_numbers import NumberMask
from hepscope_common.rules.masker import Masker
from hepscope_common.rules.methods import Methods, discarded, methods_of
from hepscope_ingest.nodes import Node, shown_name
from hepscope_ingest.refusal import Refusal
from hepscope_ingest.rules.canonical import may_hold_copies, with_payload
from hepscope_ingest.rules.fields import FieldRules, Subject
from hepscope_ingest.rules.keys import NodeKeys
from hepscope_ingest.rules.settings import RuleSettings

Discarded = Callable[[str, Methods], None]
"""Told the unwanted method and what the message says of its method."""

# Source, destination, source port, destination port.
_Places = tuple[bytes, bytes, int, int]


class Candidate:
    """A decoded packet before the rules."""

    __slots__ = ("admitted", "node", "now_us", "peer")

    def __init__(self, admitted: Admitted, node: Node, peer: bytes, now_us: int) -> None:
        self.admitted = admitted
        self.node = node
        self.peer = peer
        """Packed address of the sender."""
        self.now_us = now_us


Rule = Callable[[Candidate], Refusal | None]


class RuleChain:
    """What is refused, and what is masked."""

    def __init__(
        self, settings: RuleSettings, *, auth_keys: Sequence[bytes], note: Discarded
    ) -> None:
        self._settings = settings
        self._auth_keys = auth_keys
        self._keys = NodeKeys(settings.node_keys)
        self._types = frozenset(settings.allowed_types)
        self._denied_types = frozenset(settings.denied_types)
        self._methods = frozenset(settings.discard_methods)
        self._note = note
        self._fields = FieldRules(settings.drop, settings.keep)
        self._dedup = Deduplicator(settings.dedup_ms * 1000)
        self.masker = masker_of(settings)
        self._rules = self._wanted()

    def __bool__(self) -> bool:
        return bool(self._rules) or self.masker is not None

    def all_keys(self) -> list[bytes]:
        """Return the keys of single nodes."""
        return self._keys.all_keys()

    def refusal(self, candidate: Candidate) -> Refusal | None:
        """Return why a packet is not taken, None when it is."""
        for rule in self._rules:
            refusal = rule(candidate)
            if refusal is not None:
                return refusal
        return None

    def masked(self, admitted: Admitted) -> bytes | None:
        """Return the packet as it may be stored; None where masks made it too large for HEP3."""
        payload, packet = admitted.payload, admitted.packet
        if self.masker is None:
            return packet
        is_sip = admitted.protocol_type == SIP or looks_like_sip(payload)
        masked = self.masker.mask(payload) if is_sip else payload
        if masked == payload and not may_hold_copies(packet, payload):
            return packet
        return with_payload(packet, masked)

    def _wanted(self) -> list[Rule]:
        settings = self._settings
        rules: list[tuple[object, Rule]] = [
            (settings.node_keys, self._by_key),
            (settings.allowed_types or settings.denied_types, self._by_type),
            (settings.max_payload_bytes, self._by_size),
            (settings.discard_methods, self._by_method),
            (settings.drop or settings.keep, self._by_field),
            (settings.node_rate_limit, self._by_rate),
            (settings.dedup_ms, self._by_copy),
        ]
        return [rule for setting, rule in rules if setting]

    def _by_key(self, candidate: Candidate) -> Refusal | None:
        packet = candidate.admitted
        may = self._keys.allow(packet.node_name, packet.node_id, packet.auth_key, self._auth_keys)
        return None if may else Refusal.NODE_KEY

    def _by_type(self, candidate: Candidate) -> Refusal | None:
        kind = candidate.admitted.protocol_type
        is_allowed = not self._types or kind in self._types
        return None if is_allowed and kind not in self._denied_types else Refusal.PROTOCOL_TYPE

    def _by_size(self, candidate: Candidate) -> Refusal | None:
        is_long = len(candidate.admitted.payload) > self._settings.max_payload_bytes
        return Refusal.PAYLOAD_SIZE if is_long else None

    def _by_method(self, candidate: Candidate) -> Refusal | None:
        if candidate.admitted.protocol_type != SIP:
            return None
        methods = methods_of(candidate.admitted.payload)
        method = discarded(methods, self._methods)
        if not method:
            return None
        if self._settings.discard_count:
            self._note(method, methods)
        return Refusal.METHOD

    def _by_field(self, candidate: Candidate) -> Refusal | None:
        packet = candidate.admitted
        source, destination, _, _ = _places(packet.packet)
        subject = Subject(
            packet.payload,
            packet.protocol_type == SIP,
            shown_name(packet.node_name, packet.node_id),
            {"source": source, "destination": destination, "peer": candidate.peer},
        )
        return None if self._fields.allow(subject) else Refusal.FIELD_RULE

    def _by_rate(self, candidate: Candidate) -> Refusal | None:
        limit = self._settings.node_rate_limit
        is_within = candidate.node.within_rate(limit, candidate.now_us)
        return None if is_within else Refusal.NODE_RATE_LIMIT

    def _by_copy(self, candidate: Candidate) -> Refusal | None:
        packet, now_us = candidate.admitted, candidate.now_us
        key = (packet.payload, packet.protocol_type, packet.ip_protocol, *_places(packet.packet))
        is_copy = self._dedup.is_duplicate(key, packet.time_us or now_us, now_us)
        return Refusal.DUPLICATE if is_copy else None


def _places(packet: bytes) -> _Places:
    start = read_start(packet)
    if start is not None:
        return start[2:6]
    decoded = decode3(packet)
    return decoded.source, decoded.destination, decoded.source_port, decoded.destination_port


def masker_of(settings: RuleSettings) -> Masker | None:
    """Return the masks that are set, None when none is."""
    numbers = NumberMask(
        first=settings.mask_numbers_first,
        last=settings.mask_numbers_last,
        least=settings.mask_numbers_from,
    )
    masker = Masker(
        body_methods=frozenset(settings.mask_bodies),
        dtmf=settings.mask_dtmf,
        media_keys=settings.mask_sdes_keys,
        credentials=settings.mask_credentials,
        usernames=settings.mask_credential_usernames,
        numbers=numbers if settings.mask_numbers else None,
    )
    return None if masker == Masker() else masker
