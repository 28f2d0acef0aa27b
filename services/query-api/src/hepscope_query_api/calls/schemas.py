"""The shape of a call, made from its facts."""

from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from hepscope_common.calls.facts import CallFacts, MediaWorst
from hepscope_common.calls.message import address_text
from hepscope_common.calls.outcome import CallOutcome, call_outcome
from hepscope_common.calls.state import CallState
from hepscope_common.calls.times import duration_s, ended_us, pdd_ms
from hepscope_common.names import Names
from hepscope_query_api.schemas import Endpoint, Shape, Time, only, text_or_none
from hepscope_query_api.timestamps import format_time, from_us


class Call(Shape):
    """A call: everything of one Call-ID, of any method."""

    call_id: str
    """The Call-ID; one of more than 512 bytes is cut, with a hash of the whole."""
    method: str | None
    """Method of the first request."""
    status: int | None
    """Final code to the first request's method over all hops: the earliest 2xx, else the last
    other final, else the last 401 or 407; null while there is none."""
    reason: str | None
    """Reason phrase of that final."""
    state: CallState
    """Where an INVITE stands; `other` for every other method."""
    outcome: CallOutcome
    """How it went, of any method: `answered`; `poor` (answered, with a MOS below 3.6); `not_taken`
    (480, 486, 487, 600, 603 or a CANCEL); `rejected` (any other 3xx or 4xx); `fault` (any other
    final from 500); `no_reply` (408, or no final in time); `in_progress`."""
    started_at: Time
    """First message; when it was received, if the agent's clock was implausible. The other times
    are by that clock all the same, as durations need."""
    answered_at: Time | None
    """Earliest 2xx to the INVITE."""
    ended_at: Time | None
    """BYE, else CANCEL, else the final response; null while the call goes on."""
    pdd_ms: float | None
    """Post-dial delay: INVITE to the first 180, 183 with SDP, or 2xx."""
    duration_s: float | None
    """Talk time: answer to BYE."""
    from_user: str | None
    from_domain: str | None
    to_user: str | None
    to_domain: str | None
    ruri_user: str | None
    ruri_domain: str | None
    user_agent: str | None
    """User-Agent of the first request."""
    source: Endpoint | None
    """Where the first request came from."""
    destination: Endpoint | None
    """Where the first request went to."""
    message_count: int
    """SIP messages of this Call-ID, retransmissions and every capture point included."""
    nodes: list[str]
    """Nodes that captured it; at most 16."""
    worst_mos: float | None
    """Lowest MOS of a report on its streams: estimated, where it cannot be as the report says."""
    worst_loss: float | None
    """Highest share of packets lost that a report tells, 0 to 1."""
    worst_jitter_ms: float | None
    """Highest interarrival jitter that a report tells."""


class OtherRecord(Shape):
    """Another call with the same Call-ID."""

    started_at: Time
    """First message; a value for `at`."""


class CallDetail(Call):
    """A call, and the other records of the same Call-ID."""

    other_records: list[OtherRecord]
    """Other calls with this Call-ID, newest first."""


WORST_DIGITS = {"worst_mos": 2, "worst_loss": 4, "worst_jitter_ms": 1}
"""Decimals that are shown and asked for: more would be noise."""


def call_of(facts: CallFacts, now_us: int, names: Names) -> Call:
    """Return the item of a call as it stands at now_us."""
    worst = facts.worst or MediaWorst()
    node = only(facts.nodes)
    return Call(
        call_id=facts.call_id,
        method=text_or_none(facts.method),
        status=facts.status,
        reason=text_or_none(facts.reason),
        state=facts.state(now_us),
        outcome=call_outcome(facts, now_us),
        started_at=format_time(from_us(facts.started_us)),
        answered_at=_time(facts.answered_us),
        ended_at=_time(_ended_us(facts)),
        pdd_ms=pdd_ms(facts.invite_us, facts.progress_us, facts.answered_us),
        duration_s=duration_s(facts.answered_us, facts.bye_us),
        from_user=text_or_none(facts.from_user),
        from_domain=text_or_none(facts.from_domain),
        to_user=text_or_none(facts.to_user),
        to_domain=text_or_none(facts.to_domain),
        ruri_user=text_or_none(facts.ruri_user),
        ruri_domain=text_or_none(facts.ruri_domain),
        user_agent=text_or_none(facts.user_agent),
        source=_endpoint(facts.source, facts.source_port, names, node),
        destination=_endpoint(facts.destination, facts.destination_port, names, node),
        message_count=facts.message_count,
        nodes=list(facts.nodes),
        worst_mos=_rounded("worst_mos", worst.mos),
        worst_loss=_rounded("worst_loss", worst.loss),
        worst_jitter_ms=_rounded("worst_jitter_ms", worst.jitter_ms),
    )


def _ended_us(facts: CallFacts) -> int | None:
    return ended_us(
        facts.method, facts.final_key, facts.ringing_us, facts.cancelled_us, facts.bye_us
    )


def _rounded(name: str, value: float | None) -> float | None:
    # As SQL rounds: halves away from zero, after the figure was written out.
    if value is None:
        return None
    step = Decimal(1).scaleb(-WORST_DIGITS[name])
    return float(Decimal(f"{value:.6g}").quantize(step, ROUND_HALF_UP))


def _time(micros: int | None) -> str | None:
    return None if micros is None else format_time(from_us(micros))


def _endpoint(packed: bytes, port: int, names: Names, node: str) -> Endpoint | None:
    return _made(packed, port, names.lookup(packed, port, node)) if packed else None


@lru_cache(maxsize=4096)  # a page has few addresses and tells each many times
def _made(packed: bytes, port: int, name: str | None) -> Endpoint:
    return Endpoint(ip=address_text(packed), port=port, name=name)
