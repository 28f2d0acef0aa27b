"""The overview in one answer: it says what the single questions say, and what lies a week back."""

from collections import Counter
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry

from hepscope_common.store.connection import Access, connect
from hepscope_query_api.component import make_pool
from hepscope_query_api.metrics import ApiMetrics
from hepscope_query_api.query.database import Session
from hepscope_query_api.query.period import Period
from hepscope_query_api.settings import ApiSettings
from hepscope_query_api.stats.overview import endpoints
from hepscope_query_api.stats.overview.course import DRAWN
from hepscope_query_api.stats.overview.delays import read_delays
from hepscope_query_api.stats.overview.sayers import MOST_REPLIES, read_replies
from hepscope_query_api.timestamps import from_us
from hepscope_storage_writer import partition_drop
from integration.measuring import flows
from integration.measuring.rig import measure, store
from integration.stats.asking import ask, refused, values
from integration.stats.conftest import Put
from support.builders import BASE_US
from support.sip_calls import BOB, CAROL, SECOND_US, Flow, Sent

pytestmark = pytest.mark.database

RANGE = {"start": "2026-11-23T08:40:00Z", "end": "2026-11-23T09:20:00Z", "step": 60}
MINUTE_US = 60 * SECOND_US
DAY_US = 24 * 60 * MINUTE_US
WEEK_US = 7 * DAY_US
BURST = 12


def burst() -> list[Sent]:
    """Calls by way of one hop that fail with 503 in two minutes, six in each.

    Another hop behind it says so, and it passes that on.
    """
    sent: list[Sent] = []
    for number in range(BURST):
        start_us = BASE_US + (5 + number // 6) * MINUTE_US + number * SECOND_US
        flow = Flow(f"burst-{number}", start_us, callee=BOB, nodes=("edge",))
        sent += flow.request("INVITE", 0).response(503, 1).request("ACK", 1.1).sent
        behind = Flow(f"burst-{number}", start_us, caller=BOB, callee=CAROL, nodes=("core",))
        sent += behind.request("INVITE", 0.1, branch="z9-2").response(503, 0.9, branch="z9-2").sent
    return sent


async def test_it_says_what_the_single_questions_say(client: httpx.AsyncClient, put: Put) -> None:
    """KPIs, every metric over time, statuses and outcomes, of all nodes and of one."""
    await put(sorted([*flows.everything(), *burst()], key=lambda one: one.received_us))
    for scope in ({}, {"node": "edge"}):
        found = await ask(client, "overview", **RANGE, **scope)
        span = {name: text for name, text in RANGE.items() if name != "step"}
        assert found["kpis"] == await ask(client, "kpi", **span, **scope)
        for name in (*DRAWN, "concurrent_calls", "media_mos", "media_loss"):
            series = await ask(client, "series", metric=name, **RANGE, **scope)
            assert found["course"][name] == values(series), name
        split = await ask(client, "series", metric="attempts", by="status", **RANGE, **scope)
        by_status = {one["key"]: one["counts"] for one in found["statuses"]}
        assert by_status == {one["key"]: values(one) for one in split["items"]}
        nodes = {"nodes": scope["node"]} if scope else {}
        counted = await ask(client, "outcomes", method="INVITE", **RANGE, **nodes)
        assert found["outcomes"] == counted["items"]
        assert sum(by_status["503"]) >= BURST


async def test_it_compares_with_the_same_hours_a_week_before(
    client: httpx.AsyncClient, put: Put
) -> None:
    """Nothing then is 0 attempts and no ratio; what began then is part of nothing else."""
    await put(flows.answered("now").sent)
    nothing = (await ask(client, "overview", **RANGE))["before"]
    assert (nothing["attempts"], nothing["ratios"]["ser"]["value"]) == (0, None)
    assert (nothing["pdd_p95_ms"], nothing["media"]["mos"]) == (None, None)

    await put(flows.answered("then", BASE_US - WEEK_US).sent)
    await put(flows.refused("then-too", 503, BASE_US - WEEK_US).sent)
    found = await ask(client, "overview", **RANGE)
    before = found["before"]
    assert (before["start"], before["attempts"]) == ("2026-11-16T08:40:00.000000Z", 2)
    assert before["ratios"]["ser"] == {"value": 50.0, "numerator": 1, "denominator": 2}
    assert before["pdd_p95_ms"] == found["kpis"]["pdd"]["p95_ms"] == 1350.0
    assert found["kpis"]["asr"]["denominator"] == 1


async def test_it_finds_calls_to_one_target_that_failed_alike(
    client: httpx.AsyncClient, put: Put
) -> None:
    """With the time from the first to the last step; the link to them finds as many."""
    usual = [flows.answered(f"usual-{at}", BASE_US + at * MINUTE_US).sent for at in range(24)]
    elsewhere = flows.refused("elsewhere", 404)
    await put([one for sent in usual for one in sent] + burst())
    (alone,) = (await ask(client, "overview", **RANGE))["clusters"]
    assert (alone["target"], alone["count"]) == (None, BURST)
    assert alone["said_by"] == {"ip": CAROL[0], "port": CAROL[1], "name": None}

    await put(elsewhere.sent)
    (cluster,) = (await ask(client, "overview", **RANGE))["clusters"]
    assert cluster == {
        "status": 503,
        "target": {"ip": BOB[0], "port": BOB[1], "name": None},
        "said_by": {"ip": CAROL[0], "port": CAROL[1], "name": None},
        "start": "2026-11-23T08:58:00.000000Z",
        "end": "2026-11-23T09:00:00.000000Z",
        "count": BURST,
    }
    calls = await client.get(
        "/api/v1/calls",
        params={
            "start": cluster["start"],
            "end": cluster["end"],
            "status": "503",
            "destination": f"{BOB[0]}:{BOB[1]}",
        },
    )
    assert len(calls.json()["items"]) == BURST


FLOOD = """
insert into hepscope.sip_stray (time, received_at, id, class, transport, call_id, status,
  cseq_method, to_tag, source, destination)
select $1, $1, n, 1, 1, 'flood', 503, 'INVITE', n, '192.0.2.9', '192.0.2.8'
from generate_series(1, 1000) n
"""


async def test_of_a_call_id_that_is_used_for_ever_some_finals_are_read(
    database: str, put: Put
) -> None:
    """They crowd out nobody: the overview of a scan is an answer, and not all of its messages."""
    await put(burst())
    connection = await connect(database, Access.MAINTAINER, application_name="flood")
    await connection.execute(FLOOD, from_us(BASE_US))
    await connection.close()
    period = Period(BASE_US, BASE_US + 10 * MINUTE_US)
    wanted = ["flood", "burst-0", "burst-11"]
    async with make_pool(database, ApiSettings()) as pool:
        session = Session(pool, 60, ApiMetrics(CollectorRegistry()))
        found = Counter(one.call_id for one in await read_replies(session, wanted, 503, period))
    assert found == {"flood": MOST_REPLIES, "burst-0": 2, "burst-11": 2}


async def test_it_counts_who_is_registered_now_and_only_now(
    client: httpx.AsyncClient, put: Put
) -> None:
    """A range that ended earlier has no such count: past states are not kept."""
    await put(flows.registered().sent)
    assert (await ask(client, "overview", **RANGE))["registered"] is None
    found = await ask(client, "overview", start="2026-11-25T00:00:00Z", end="2026-11-25T09:00:00Z")
    assert found["registered"] == 0
    assert found["step_s"] == 300


async def test_more_steps_than_a_screen_is_wide_are_refused(client: httpx.AsyncClient) -> None:
    """With the least step that would do."""
    problem = await refused(client, "overview", step=60)
    assert "at most 120" in problem["detail"]


async def test_it_says_that_calls_wait_to_be_measured(
    client: httpx.AsyncClient, database: str
) -> None:
    """What is stored but not among the attempts, if it is of the range."""
    await store(database, flows.answered("waits").sent)
    assert (await ask(client, "overview", **RANGE))["is_measuring"] is True
    earlier = {"start": "2026-11-23T07:40:00Z", "end": "2026-11-23T08:40:00Z"}
    assert (await ask(client, "overview", **earlier))["is_measuring"] is False
    await measure(database)
    found = await ask(client, "overview", **RANGE)
    assert (found["is_measuring"], found["kpis"]["asr"]["denominator"]) == (False, 1)


async def test_a_call_that_is_measured_while_it_reads_is_told_to_wait(
    client: httpx.AsyncClient, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its figures miss it, so they are about to change: who asked must look again."""
    await store(database, flows.answered("meanwhile").sent)

    async def measured_meanwhile(*asked: Any) -> Any:
        await measure(database)
        return await read_delays(*asked)

    monkeypatch.setattr(endpoints, "read_delays", measured_meanwhile)
    found = await ask(client, "overview", **RANGE)
    assert (found["is_measuring"], found["kpis"]["asr"]["denominator"]) == (True, 0)


async def test_it_says_since_when_calls_are_kept(
    client: httpx.AsyncClient, put: Put, database: str
) -> None:
    """Nothing before retention was at work; then where the oldest partition that is left begins."""
    await put([*flows.answered("old", BASE_US - WEEK_US).sent, *flows.answered("new").sent])
    assert (await ask(client, "overview", **RANGE))["kept_since"] is None
    session = await connect(database, Access.MAINTAINER, application_name="drop")
    dropped: list[str] = []
    await partition_drop.drop(
        session,
        roots=["call"],
        before_us=BASE_US - DAY_US,
        now_us=BASE_US,
        dropped=lambda leaf: dropped.append(leaf.name),
    )
    await session.close()
    assert len(dropped) == 1
    for about in ("overview", "outcomes"):
        assert (await ask(client, about, **RANGE))["kept_since"] == "2026-11-22T00:00:00.000000Z"
