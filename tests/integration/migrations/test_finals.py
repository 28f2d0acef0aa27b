"""merge_finals and the outcome columns generated from finals."""

import json
from collections.abc import AsyncIterator

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Finals = dict[str, tuple[int, str]]

pytestmark = pytest.mark.database

finals = st.dictionaries(
    st.sampled_from(["INVITE", "BYE", "REGISTER", "OPTIONS"]),
    st.tuples(
        st.one_of(st.integers(0, 3), st.integers(0, (1 << 63) - 1)),
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=3),
    ),
)


@pytest.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's session."""
    session = await asyncpg.connect(database)
    yield session
    await session.close()


def merged(a: Finals, b: Finals) -> Finals:
    """Return what merge_finals must say: the greatest pair of each method."""
    return {
        method: max(side[method] for side in (a, b) if method in side) for method in a.keys() | b
    }


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(finals, finals)
async def test_merge_finals_takes_the_greatest_of_each_method(
    connection: asyncpg.Connection, a: Finals, b: Finals
) -> None:
    """Of each method the greatest key wins, of equal keys the greater reason by code points."""
    text = await connection.fetchval(
        "select hepscope.merge_finals($1::text::jsonb, $2::text::jsonb)::text",
        json.dumps(a),
        json.dumps(b),
    )

    assert {method: tuple(pair) for method, pair in json.loads(text).items()} == merged(a, b)


async def test_status_and_reason_are_those_of_the_first_method(
    connection: asyncpg.Connection,
) -> None:
    """The status is the low 10 bits of the final key of the call's own method."""
    await connection.execute(
        "set search_path = hepscope; select ensure_partition('call', '2026-01-31', '2026-01-31')"
    )
    key = 3 << 61 | 850_000_000_000_000 << 10 | 200
    await connection.execute(
        "insert into call (call_id, key_time, started_at, last_at, origin_key, method, finals)"
        " select method, '2026-01-31', '2026-01-31', '2026-01-31', 1, method, $1::text::jsonb"
        " from unnest(array['INVITE', 'BYE', 'OPTIONS']) method",
        json.dumps({"INVITE": [key, "OK"], "BYE": [481, "No Such Call"]}),
    )
    rows = await connection.fetch("select call_id, status, reason from call order by call_id")

    assert [tuple(row) for row in rows] == [
        ("BYE", 481, "No Such Call"),
        ("INVITE", 200, "OK"),
        ("OPTIONS", None, None),
    ]
