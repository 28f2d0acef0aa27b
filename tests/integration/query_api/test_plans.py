"""Usual searches use the indexes made for them, and leave out partitions they need not read."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import cast

import asyncpg
import pytest
from prometheus_client import CollectorRegistry

from hepscope_common.calls.bounds import stored_call_id
from hepscope_query_api.calls.repository import CallRepository
from hepscope_query_api.calls.scope import Scope
from hepscope_query_api.calls.search import Search, use_parties
from hepscope_query_api.calls.selection import CallQuestion
from hepscope_query_api.component import make_pool
from hepscope_query_api.logs.repository import LogRepository
from hepscope_query_api.logs.scope import log_scope
from hepscope_query_api.messages.identity import MessageId, Root
from hepscope_query_api.messages.repository import MessageRepository, Selection
from hepscope_query_api.metrics import ApiMetrics
from hepscope_query_api.query.database import Session
from hepscope_query_api.query.parameters import Order
from hepscope_query_api.query.period import ALWAYS, Period
from hepscope_query_api.settings import ApiSettings
from hepscope_query_api.stats.bins import bins_of
from hepscope_query_api.stats.outcomes import OutcomeRepository
from hepscope_query_api.timestamps import from_us
from integration.query_api.stored import DAY, HOUR, MIDNIGHT, NOW_US, Stored
from support.postgres import execute

pytestmark = pytest.mark.database

FILL = """
insert into hepscope.call (key_time, started_at, last_at, origin_key, message_count, call_id,
  method, from_user, to_user, source, source_port, finals)
select t, t, t, 0, 7, 'call-' || n, 'INVITE', '4930' || n % 5000, '4989' || n, '10.0.0.1', 5060,
  case when n % 20 = 0 then '{"INVITE": [503, "x"]}'::jsonb else '{"INVITE": [200, "x"]}' end
from (select n, $1::timestamptz + n * interval '28 seconds' as t from generate_series(1, $2) n) g
"""
PARTIES = """
insert into hepscope.party select distinct v, date '2026-03-10'
from hepscope.call, unnest(array[from_user, to_user]) v
"""
MESSAGES = """
insert into hepscope.sip (time, received_at, id, class, transport, call_id, method, protocol_type)
select t, t, n, 1, 1, 'call-' || n / 7, 'INVITE', 1
from (select n, $1::timestamptz + n * interval '5 seconds' as t from generate_series(1, $2) n) g
"""

LOGS = """
insert into hepscope.packet (time, received_at, id, class, call_id, correlation_id, payload,
  protocol_type)
select t, t, n, 2, 'call-' || n / 7, 'call-' || n / 7, 'line', 100
from (select n, $1::timestamptz + n * interval '5 seconds' as t from generate_series(1, $2) n) g
"""


class Explaining(Session):
    """A session that keeps the plan of each statement."""

    plans: list[object]

    async def rows(self, statement: str, values: object = ()) -> list[asyncpg.Record]:
        """Explain, then run."""
        arguments = cast("list[object]", values)
        (plan,) = await super().rows(f"explain (format json) {statement}", arguments)
        self.plans.append(json.loads(plan[0]))
        return await super().rows(statement, arguments)


def nodes_of(plan: object) -> Iterator[dict[str, object]]:
    """Yield every node of a plan."""
    if isinstance(plan, list):
        for one in plan:
            yield from nodes_of(one)
    elif isinstance(plan, dict):
        yield plan
        yield from nodes_of(plan.get("Plan", []))
        yield from nodes_of(plan.get("Plans", []))


def scans_of(plan: object, table: str) -> list[str]:
    """Return the node types that read tables of a name."""
    return [
        str(node["Node Type"])
        for node in nodes_of(plan)
        if str(node.get("Relation Name", "")).startswith(table)
    ]


@pytest.fixture
async def session(
    database: str, stored: Stored, settings: ApiSettings
) -> AsyncIterator[Explaining]:
    """A session over two days of calls and messages."""
    for root in ("call", "sip_call"):
        for day in (0, 1):
            await stored._leaf(root, NOW_US - day * DAY)
    start = MIDNIGHT - DAY
    await stored.connection.execute(FILL, _moment(start), 5000)
    await stored.connection.execute(PARTIES)
    await stored.connection.execute(MESSAGES, _moment(start), 20_000)
    await stored.connection.execute("vacuum analyze")
    async with make_pool(database, settings) as pool:
        one = Explaining(pool, 300, ApiMetrics(CollectorRegistry()))
        one.plans = []
        yield one


def _moment(time_us: int) -> datetime:
    return from_us(time_us)


async def search(session: Explaining, *filters: tuple[str, str], q: str | None = None) -> object:
    """Return the plan of a page of calls of the last two days; it must not be empty."""
    period = Period(NOW_US - 2 * DAY, NOW_US + HOUR)
    session.plans.clear()
    calls, _ = await CallRepository(session, NOW_US).page(
        period, filters, q=q, order=Order.NEWEST, limit=50, after=None
    )
    assert calls
    return session.plans


WITHOUT_SCANS = """
do $$ begin execute format('alter database %I set enable_seqscan = off', current_database()); end $$
"""
"""At this size reading a leaf whole costs about what an index does: the plan would be a toss-up."""


async def test_searches_for_calls_use_the_indexes_made_for_them(
    session: Explaining, database: str
) -> None:
    """Front page by time, parties by party, failures by the partial index, parts by trigram."""
    # Sessions are opened when they are needed, so all of this test's have it.
    await execute(database, WITHOUT_SCANS)
    cases: list[tuple[tuple[tuple[str, str], ...], str | None, str]] = [
        ((), None, "started_at"),
        ((("from_user", "493077"),), None, "from_user"),
        ((("to_user", "498977"),), None, "to_user"),
        ((("from_user", "49307*"),), None, "party_"),
        ((("from_user", "*3077"),), None, "party_trgm"),
        ((("to_user", "*892345*"),), None, "to_user"),
        ((("call_id", "call-77"),), None, "pkey"),
        ((("status", "503"),), None, "started_at"),
        ((("source", "10.0.0.1"),), None, "started_at"),
        ((), "call-77", "pkey"),
        ((), "892345", "party_trgm"),
    ]
    for filters, q, index in cases:
        plans = await search(session, *filters, q=q)
        used = [str(node["Index Name"]) for node in nodes_of(plans) if "Index Name" in node]
        assert any(index in name for name in used), (filters, q, used)
        assert "Seq Scan" not in scans_of(plans, "call_p"), (filters, q)


async def test_newest_calls_are_walked_to_before_a_table_has_statistics(
    session: Explaining, stored: Stored
) -> None:
    """As after a bulk load: without them, the planner takes a day for a few rows to be sorted."""
    for nth in range(6):
        fill = FILL.replace("'call-' || n", f"'{nth}-' || n || repeat('x', 400)")
        await stored.connection.execute(fill, _moment(MIDNIGHT), 3000)
    await stored.connection.execute(
        "delete from pg_statistic where starelid in (select oid from pg_class where relname ~ $1)",
        "^call_p",
    )
    await stored.connection.execute(
        "update pg_class set reltuples = -1, relpages = 0, relallvisible = 0 where relname ~ $1",
        "^call_p",
    )
    plans = await search(session)
    assert isinstance(plans, list)

    # An incremental one sorts calls of the same moment only.
    assert "Sort" not in {node["Node Type"] for node in nodes_of(plans[0]) if "Node Type" in node}
    assert set(scans_of(plans[0], "call_p")) == {"Index Scan"}


async def test_calls_of_a_party_are_counted_by_index(session: Explaining) -> None:
    """However long the range is; what fits anything is read through."""
    assert "Seq Scan" in scans_of(await counting(session), "call_p")
    assert "Seq Scan" not in scans_of(await counting(session, ("from_user", "493077")), "call_p")
    assert "Seq Scan" not in scans_of(await counting(session, ("to_user", "*89234*")), "call_p")


async def counting(session: Explaining, *filters: tuple[str, str]) -> object:
    """Return the plan by which the calls of two days are counted; there must be some."""
    period = Period(NOW_US - 2 * DAY, NOW_US)
    session.plans.clear()
    question = CallQuestion(period, filters, None, NOW_US)
    found = await OutcomeRepository(session).counts(question, bins_of(period, 3600))
    assert found.total
    return next(plan for plan in session.plans if scans_of(plan, "call_p"))


async def test_the_period_leaves_out_older_partitions(session: Explaining) -> None:
    """key_time is never before the first message, so the start prunes."""
    bounds = Search(Order.NEWEST, 10)
    start = bounds.bind(_moment(NOW_US - HOUR))
    bounds.predicates += [f"started_at >= {start}", f"key_time >= {start}"]
    await use_parties(bounds, session, [], None)
    await session.rows(bounds.statement(), bounds.bind.values)

    read = [node for node in nodes_of(session.plans) if "Relation Name" in node]
    # What an orphan belongs to may be older, and is looked up for orphans only.
    tables = {node["Relation Name"] for node in read if "earlier" not in str(node["Alias"])}
    assert tables == {"call_p20260311_0000"}


async def test_messages_of_a_call_are_found_by_call_id(session: Explaining) -> None:
    """Every partition is asked by index, none is read through."""
    wanted = Selection({Root.SIP: None}, call_id=stored_call_id("call-77"), payload=True)
    rows = await MessageRepository(session, NOW_US).first(wanted, 100)

    assert len(rows) == 7
    assert set(scans_of(session.plans, "sip_call_p")) <= {
        "Index Scan", "Bitmap Heap Scan", "Bitmap Index Scan"
    }  # fmt: skip


async def test_newest_messages_read_no_more_than_they_need(session: Explaining) -> None:
    """Windows widen from the end; no statement covers the whole period."""
    period = Period(MIDNIGHT - DAY, MIDNIGHT + DAY)
    rows, key = await MessageRepository(session, NOW_US).page(
        Selection({Root.SIP: None}, period=period), 50
    )

    assert len(rows) == 50
    assert key is not None
    # One of them looks for calls where no message is, and finds one that has none.
    assert len(session.plans) < 12
    assert session.plans
    for plan in session.plans:
        scans = [node for node in nodes_of(plan) if "Relation Name" in node]
        assert sum(cast("float", node["Plan Rows"]) for node in scans) < 10_000


@pytest.mark.parametrize("order", Order)
async def test_a_gap_before_the_newest_messages_is_crossed_at_once(
    session: Explaining, stored: Stored, order: Order
) -> None:
    """Eight hours of silence: a window as wide would read as many hours of messages."""
    last, first = MIDNIGHT + 13_600_000_000, MIDNIGHT - DAY
    await stored.connection.execute(
        "delete from hepscope.call where started_at > $1", _moment(last)
    )
    rows, _ = await MessageRepository(session, NOW_US).page(
        Selection({Root.SIP: None}, period=Period(first - 8 * HOUR, NOW_US), order=order), 50
    )

    assert len(rows) == 50
    read = [node for plan in session.plans for node in nodes_of(plan) if "Relation Name" in node]
    messages = [node for node in read if str(node["Relation Name"]).startswith("sip_call")]
    assert sum(cast("float", node["Plan Rows"]) for node in messages) < 500


async def test_one_message_reads_one_partition(session: Explaining) -> None:
    """An id names class and time, so that one leaf and the strays are looked at."""
    wanted = MessageId(Root.SIP, 1, MIDNIGHT - DAY + 25_000_000, 5)
    row = await MessageRepository(session, NOW_US).one(wanted, payload=False)

    tables = [str(n["Relation Name"]) for n in nodes_of(session.plans) if "Relation Name" in n]
    assert row is not None
    assert row["id"] == 5
    assert sorted(tables) == ["sip_call_p20260310_0000", "sip_stray"]


async def test_all_ways_of_a_search_find_the_same(session: Explaining) -> None:
    """Few parties are gone through one by one, many along time; the answer is that of SQL."""
    for pattern in ("49301", "4930"):
        calls, _ = await CallRepository(session, NOW_US).page(
            ALWAYS,
            [("from_user", f"{pattern}*")],
            q=None,
            order=Order.OLDEST,
            limit=1000,
            after=None,
        )
        direct = await session.rows(
            f"select call_id from hepscope.call where from_user like '{pattern}%' "
            "order by started_at limit 1000"
        )

        assert [call.call_id for call in calls] == [row["call_id"] for row in direct]


@pytest.mark.parametrize("order", Order)
async def test_logs_of_a_call_are_found_by_call_id(
    session: Explaining, stored: Stored, order: Order
) -> None:
    """So are correlation ids among its messages, and what the database has of Loki's lines."""
    for day in (0, 1):
        await stored._leaf("packet_log", NOW_US - day * DAY)
    await stored.connection.execute(LOGS, _moment(MIDNIGHT - DAY), 20_000)
    await stored.connection.execute("vacuum analyze hepscope.packet")
    scope = await log_scope(session, Scope("call-77", None, ALWAYS), within=ALWAYS, margin_us=0)
    repository = LogRepository(lambda: session, scope)
    found = await repository.lines(order, None, 100)
    twins = await repository.twins([line.key.time_us for line in found.lines])

    assert len(found.lines) == len(twins) == 7
    assert found.horizon is None
    for table in ("sip_call_p", "packet_log_p"):
        assert set(scans_of(session.plans, table)) <= {
            "Index Scan", "Index Only Scan", "Bitmap Heap Scan", "Bitmap Index Scan"
        }  # fmt: skip
    assert scans_of(session.plans, "packet_log_p")
