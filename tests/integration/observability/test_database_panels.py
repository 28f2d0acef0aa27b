"""The SQL of call search, run as ``grafanareader`` on a database full of real calls."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from integration.observability.conftest import ROUNDS, Watched
from integration.observability.traffic import FAILURES
from support.grafana import sql
from support.grafana_sql import expanded

TYPED = {
    "caller": "", "callee": "", "call_id": "", "agent": "", "address": "", "outcome": "all",
}  # fmt: skip
ANSWERED = 3

pytestmark = pytest.mark.database


def _range(watched: Watched) -> tuple[datetime, datetime]:
    start = datetime.fromtimestamp(watched.start_us / 1_000_000, UTC)
    return start - timedelta(hours=3), start + timedelta(hours=1)


async def _rows(watched: Watched, panel: str, **typed: str) -> list[asyncpg.Record]:
    """Return what a panel shows when so much is typed."""
    statement = next(one.text for one in sql() if one.panel == panel)
    connection = await asyncpg.connect(watched.dsn)
    try:
        await connection.execute("set role grafanareader")
        return await connection.fetch(expanded(statement, TYPED | typed, *_range(watched)))
    finally:
        await connection.close()


@pytest.mark.parametrize("panel", [one.panel for one in sql()])
async def test_every_panel_gives_rows(watched: Watched, panel: str) -> None:
    """With nothing typed, as it opens."""
    assert await _rows(watched, panel)


@pytest.mark.parametrize(
    ("typed", "calls"),
    [
        ({}, ROUNDS * (ANSWERED + len(FAILURES))),
        ({"outcome": "answered"}, ROUNDS * ANSWERED),
        ({"outcome": "cancelled"}, ROUNDS),
        ({"outcome": "failed"}, ROUNDS * (len(FAILURES) - 1)),
        ({"outcome": "unanswered"}, 0),
        ({"call_id": "failed-404-*"}, ROUNDS),
        ({"call_id": "failed-404-0@example.org"}, 1),
        ({"call_id": "failed_404-*"}, 0),
        ({"call_id": "failed%"}, 0),
        ({"call_id": "failed\\*"}, 0),
        ({"caller": "ali*", "callee": "bob"}, ROUNDS * (ANSWERED + len(FAILURES))),
        ({"caller": "mallory"}, 0),
        ({"caller": "' or true --"}, 0),
        ({"address": "192.0.2.0/24"}, ROUNDS * (ANSWERED + len(FAILURES))),
        ({"address": "2001:db8::/32"}, 0),
        ({"agent": "builder*"}, ROUNDS * (ANSWERED + len(FAILURES))),
    ],
    ids=str,
)
async def test_what_is_typed_chooses_calls(
    watched: Watched, typed: dict[str, str], calls: int
) -> None:
    """``*`` stands for anything, all else for itself, whatever SQL makes of it."""
    assert len(await _rows(watched, "Calls, newest first", **typed)) == calls


async def test_ratios_of_agents_are_those_of_attempts(watched: Watched) -> None:
    """Each attempt was seen by two nodes and counts once."""
    (agent,) = await _rows(watched, "By User-Agent")
    assert agent["Attempts"] == ROUNDS * (ANSWERED + len(FAILURES))
    assert agent["ASR"] == pytest.approx(ANSWERED / (ANSWERED + len(FAILURES)))
    assert agent["NER"] == pytest.approx((ANSWERED + 2) / (ANSWERED + len(FAILURES)))
    assert (agent["SRD, median"], agent["ACD"]) == (1, 10)


async def test_grafanareader_cannot_write(watched: Watched) -> None:
    """So that a panel cannot, whatever somebody types into it."""
    connection = await asyncpg.connect(watched.dsn)
    try:
        await connection.execute("set role grafanareader")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("delete from hepscope.call")
    finally:
        await connection.close()
