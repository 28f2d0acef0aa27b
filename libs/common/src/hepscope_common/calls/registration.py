"""Registration facts: what is known of one Call-ID of REGISTER on one day.

Clients refresh a registration for weeks under one Call-ID, so records are cut by UTC day, and
days are joined when read by the same merge. Other than for a call, the latest final counts: a
refresh that fails ends what an earlier 200 had granted.

``expires`` goes with ``registered_us``, the time of the latest message that states it: a
request, what the client wants, or a 2xx, what it got. 0 takes the binding away (RFC 3261 10.2.2).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from hepscope_common.calls.bounds import (
    AGENT_CHARS,
    CONTACT_CHARS,
    REASON_CHARS,
    USER_CHARS,
    stored_call_id,
)
from hepscope_common.calls.facts import merge_nodes
from hepscope_common.calls.finals import Finals, merge_finals
from hepscope_common.calls.key_time import DAY_US
from hepscope_common.calls.keys import (
    CHALLENGES,
    STATUS_MAX,
    OriginRank,
    address_checksum,
    latest_final_key,
    origin_key,
    status_of,
)

if TYPE_CHECKING:
    from hep.sip import SipMessage
    from hepscope_common.calls.envelope import Envelope

# RFC 3261 17.1.2.2: Timer F, 64 * T1
REGISTER_TIMEOUT_US: Final = 32_000_000


class RegistrationState(StrEnum):
    """The states of a registration, as the API names them."""

    REGISTERED = "registered"
    UNREGISTERED = "unregistered"
    CHALLENGED = "challenged"
    FAILED = "failed"
    PENDING = "pending"


@dataclass(slots=True)
class RegistrationFacts:
    """What is known of a registration, from one message or from many; days are UTC midnights."""

    call_id: str
    day_us: int
    started_us: int
    last_us: int
    # the values that go with the least origin_key
    origin_key: int
    aor_user: str = ""
    aor_domain: str = ""
    contact: str = ""
    user_agent: str = ""
    source: bytes = b""
    source_port: int = 0
    destination: bytes = b""
    destination_port: int = 0
    # the value that goes with the greatest registered_us
    registered_us: int | None = None
    expires: int | None = None  # seconds
    message_count: int = 1
    bytes: int = 0
    finals: Finals = field(default_factory=dict)
    nodes: tuple[str, ...] = ()

    @property
    def status(self) -> int | None:
        """The latest final code to REGISTER, None while none."""
        final = self.finals.get("REGISTER")
        return None if final is None else status_of(final[0])

    @property
    def reason(self) -> str | None:
        """The reason phrase that came with ``status``."""
        final = self.finals.get("REGISTER")
        return None if final is None else final[1]

    def state(self, now_us: int) -> RegistrationState:
        """Return the registration's state at ``now_us``, in packet time."""
        return registration_state(
            self.status,
            expires=self.expires,
            registered_us=self.registered_us,
            last_us=self.last_us,
            now_us=now_us,
        )

    def merge(self, other: RegistrationFacts) -> RegistrationFacts:
        """Take in facts of the same Call-ID, also of another day; return self."""
        self.day_us = min(self.day_us, other.day_us)
        self.started_us = min(self.started_us, other.started_us)
        self.last_us = max(self.last_us, other.last_us)
        key = other.origin_key
        if key < self.origin_key or (key == self.origin_key and _origin(other) < _origin(self)):
            self._take_origin(other)
        if _binding(other) > _binding(self):
            self.registered_us, self.expires = other.registered_us, other.expires
        self.message_count += other.message_count
        self.bytes += other.bytes
        merge_finals(self.finals, other.finals)
        if other.nodes != self.nodes:
            self.nodes = merge_nodes(self.nodes, other.nodes)
        return self

    def _take_origin(self, other: RegistrationFacts) -> None:
        self.origin_key = other.origin_key
        self.aor_user = other.aor_user
        self.aor_domain = other.aor_domain
        self.contact = other.contact
        self.user_agent = other.user_agent
        self.source = other.source
        self.source_port = other.source_port
        self.destination = other.destination
        self.destination_port = other.destination_port


def _origin(facts: RegistrationFacts) -> tuple[str | int | bytes, ...]:
    return (
        facts.source,
        facts.source_port,
        facts.destination,
        facts.destination_port,
        facts.aor_user,
        facts.aor_domain,
        facts.contact,
        facts.user_agent,
    )


def _binding(facts: RegistrationFacts) -> tuple[int, int]:
    if facts.registered_us is None or facts.expires is None:
        return -1, -1
    return facts.registered_us, facts.expires


def registration_of(message: SipMessage, envelope: Envelope) -> RegistrationFacts:
    """Return what one message whose CSeq method is REGISTER says about its registration."""
    time_us = envelope.time_us
    is_response = message.status > 0
    source, source_port = envelope.source, envelope.source_port
    destination, destination_port = envelope.destination, envelope.destination_port
    if is_response:
        source, destination = destination, source
        source_port, destination_port = destination_port, source_port
    rank = OriginRank.RESPONSE if is_response else OriginRank.INITIAL_REQUEST
    checksum = address_checksum(
        source, source_port, destination, destination_port, message.cseq or 0
    )
    facts = RegistrationFacts(
        call_id=stored_call_id(message.call_id),
        day_us=time_us - time_us % DAY_US,
        started_us=time_us,
        last_us=time_us,
        origin_key=origin_key(rank, time_us, checksum),
        aor_user=message.to_user[:USER_CHARS],
        aor_domain=message.to_domain[:USER_CHARS],
        contact=message.contact[:CONTACT_CHARS],
        user_agent="" if is_response else message.user_agent[:AGENT_CHARS],
        source=source,
        source_port=source_port,
        destination=destination,
        destination_port=destination_port,
        bytes=envelope.size,
        nodes=(envelope.node,) if envelope.node else (),
    )
    if 200 <= message.status <= STATUS_MAX:
        key = latest_final_key(time_us, message.status)
        facts.finals["REGISTER"] = (key, message.reason[:REASON_CHARS])
    if message.expires is not None and message.status < 300:
        facts.registered_us, facts.expires = time_us, message.expires
    return facts


def registration_state(
    status: int | None,
    *,
    expires: int | None,
    registered_us: int | None,
    last_us: int,
    now_us: int,
) -> RegistrationState:
    """Return where a registration stands at ``now_us``, in packet time.

    pending = no final (failed once Timer F is over), challenged = 401 or 407 is the latest,
    unregistered = taken away by the client or run out, failed = any other final from 300.
    """
    if status is None:
        waited = now_us - last_us > REGISTER_TIMEOUT_US
        return RegistrationState.FAILED if waited else RegistrationState.PENDING
    if status in CHALLENGES:
        return RegistrationState.CHALLENGED
    if status >= 300:
        return RegistrationState.FAILED
    if expires is None or registered_us is None:
        return RegistrationState.REGISTERED
    ran_out = now_us >= registered_us + expires * 1_000_000
    return RegistrationState.UNREGISTERED if ran_out else RegistrationState.REGISTERED
