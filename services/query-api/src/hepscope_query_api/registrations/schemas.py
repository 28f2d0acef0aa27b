"""The shape of a registration, made from its facts."""

from hepscope_common.calls.message import address_text
from hepscope_common.calls.registration import RegistrationFacts, RegistrationState
from hepscope_common.names import Names
from hepscope_query_api.schemas import Endpoint, Shape, Time, named, only, text_or_none
from hepscope_query_api.timestamps import format_time, from_us


class Registration(Shape):
    """What is known of one Call-ID of REGISTER; clients keep it over all refreshes."""

    call_id: str
    aor_user: str | None
    """User of the address of record (To)."""
    aor_domain: str | None
    """Domain of the address of record (To)."""
    contact: str | None
    """Contact of the first request."""
    state: RegistrationState
    """registered, unregistered (taken away or run out), challenged, failed or pending."""
    status: int | None
    """The latest final code."""
    reason: str | None
    """Its reason phrase."""
    expires_s: int | None
    """Lifetime as stated last: asked for, or granted."""
    registered_at: Time | None
    """When that was stated."""
    started_at: Time
    """First message of the days, in UTC, that reach into the period."""
    last_at: Time
    """Last message."""
    user_agent: str | None
    source: Endpoint | None
    destination: Endpoint | None
    message_count: int
    """Messages of these days."""
    nodes: list[str]


def registration_of(facts: RegistrationFacts, now_us: int, names: Names) -> Registration:
    """Return the item of a registration as it stands at now_us."""
    node = only(facts.nodes)
    return Registration(
        call_id=facts.call_id,
        aor_user=text_or_none(facts.aor_user),
        aor_domain=text_or_none(facts.aor_domain),
        contact=text_or_none(facts.contact),
        state=facts.state(now_us),
        status=facts.status,
        reason=text_or_none(facts.reason),
        expires_s=facts.expires,
        registered_at=_time(facts.registered_us),
        started_at=format_time(from_us(facts.started_us)),
        last_at=format_time(from_us(facts.last_us)),
        user_agent=text_or_none(facts.user_agent),
        source=_endpoint(facts.source, facts.source_port, names, node),
        destination=_endpoint(facts.destination, facts.destination_port, names, node),
        message_count=facts.message_count,
        nodes=list(facts.nodes),
    )


def _time(micros: int | None) -> str | None:
    return None if micros is None else format_time(from_us(micros))


def _endpoint(address: bytes, port: int, names: Names, node: str) -> Endpoint | None:
    return named(address_text(address), port, names, node) if address else None
