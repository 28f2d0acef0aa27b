"""What SQL derives from a row is what the common call logic derives from its facts."""

from datetime import datetime
from decimal import Decimal

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hepscope_common.calls import CallFacts, duration_s, ended_us, final_key, pdd_ms
from hepscope_common.calls.facts import MediaWorst
from hepscope_common.calls.outcome import call_outcome
from hepscope_common.calls.registration import RegistrationFacts, registration_state
from hepscope_query_api.calls.derived import DURATION, ENDED, PDD, outcome_sql, state_sql
from hepscope_query_api.calls.rows import COLUMNS, facts_of_row
from hepscope_query_api.registrations.filters import state_sql as registration_state_sql
from hepscope_query_api.timestamps import to_us
from integration.query_api.stored import MIDNIGHT, SECOND, Stored, at

pytestmark = pytest.mark.database

CODES = (180, 200, 202, 302, 401, 403, 407, 408, 480, 486, 487, 503, 600, 603, 606, 999)
moments = st.none() | st.integers(-200, 200).map(lambda seconds: MIDNIGHT + seconds * SECOND + 7)
finals = st.dictionaries(
    st.sampled_from(["INVITE", "BYE", "OPTIONS", "REGISTER"]),
    st.builds(
        lambda seconds, status: (final_key(MIDNIGHT + seconds * SECOND + 13, status), "why"),
        st.integers(0, 100),
        st.sampled_from([code for code in CODES if code >= 200]),
    ),
    max_size=3,
)
calls = st.builds(
    CallFacts,
    call_id=st.just("c1"),
    started_us=st.integers(-200, 200).map(lambda seconds: MIDNIGHT + seconds * SECOND),
    last_us=st.just(MIDNIGHT),
    origin_key=st.just(0),
    method=st.sampled_from(["INVITE"] * 5 + ["BYE", "OPTIONS", "ACK", "CANCEL", ""]),
    finals=finals,
    invite_us=moments,
    ringing_us=moments,
    progress_us=moments,
    answered_us=moments,
    cancelled_us=moments,
    bye_us=moments,
    worst=st.none() | st.floats(1, 4.5, width=32).map(MediaWorst),
)
NOWS = [MIDNIGHT + age * SECOND for age in (0, 20, 100, 300, 86_400, 200_000)]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(facts=calls, now_us=st.sampled_from(NOWS))
async def test_state_and_times_of_calls_agree(
    stored: Stored, facts: CallFacts, now_us: int
) -> None:
    """State, outcome, end, post-dial delay and duration, over facts in any combination."""
    row = await _row_of(stored, facts, now_us)

    assert row["state"] == facts.state(now_us)
    assert row["outcome"] == call_outcome(facts, now_us)
    ended = ended_us(
        facts.method, facts.final_key, facts.ringing_us, facts.cancelled_us, facts.bye_us
    )
    assert _us(row["ended"]) == ended
    assert row["pdd"] == _number(pdd_ms(facts.invite_us, facts.progress_us, facts.answered_us))
    assert row["duration"] == _number(duration_s(facts.answered_us, facts.bye_us))
    assert facts_of_row(row) == facts


async def _row_of(stored: Stored, facts: CallFacts, now_us: int) -> asyncpg.Record:
    await stored.connection.execute("truncate hepscope.call")
    await stored.put_facts(facts)
    row = await stored.connection.fetchrow(
        f"select {COLUMNS}, {state_sql('$1::timestamptz')} as state, "
        f"{outcome_sql('$1::timestamptz')} as outcome, {ENDED} as ended, "
        f"{PDD} as pdd, {DURATION} as duration from hepscope.call",
        at(now_us),
    )
    assert row is not None
    return row


registrations = st.builds(
    RegistrationFacts,
    call_id=st.just("r1"),
    day_us=st.just(MIDNIGHT),
    started_us=st.just(MIDNIGHT),
    last_us=st.integers(0, 100).map(lambda seconds: MIDNIGHT + seconds * SECOND),
    origin_key=st.just(0),
    registered_us=moments,
    expires=st.none() | st.sampled_from([0, 1, 60, 3600]),
    finals=finals,
)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(facts=registrations, now_us=st.sampled_from(NOWS))
async def test_state_of_registrations_agrees(
    stored: Stored, facts: RegistrationFacts, now_us: int
) -> None:
    """Over lifetimes and answers in any combination."""
    status = await stored.connection.fetchval(
        f"select {registration_state_sql('$1::timestamptz')} from (select $2::int as status, "
        "$3::int as expires, $4::timestamptz as registered_at, $5::timestamptz as last_at) r",
        at(now_us),
        facts.status,
        facts.expires,
        at(facts.registered_us),
        at(facts.last_us),
    )

    assert status == registration_state(
        facts.status,
        expires=facts.expires,
        registered_us=facts.registered_us,
        last_us=facts.last_us,
        now_us=now_us,
    )


def _us(moment: datetime | None) -> int | None:
    return None if moment is None else to_us(moment)


def _number(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))
