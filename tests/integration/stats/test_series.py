"""Metrics over time, from the sums by the minute."""

import httpx
import pytest

from hepscope_query_api.stats.endpoints import MAX_STATUSES
from integration.measuring import flows
from integration.measuring.flows import MIDNIGHT_US
from integration.stats.asking import ask, refused, values
from integration.stats.conftest import Put
from support.builders import BASE_US
from support.sip_calls import SECOND_US, Flow

pytestmark = pytest.mark.database

# Minutes from 08:53, in which BASE_US lies.
START, END = "2026-11-23T08:53:00Z", "2026-11-23T08:58:00Z"
MINUTE = {"start": START, "end": END, "step": 60}


def some_minutes() -> list[Flow]:
    """Two calls in the first minute, one of them refused; a refused one in the third."""
    return [
        flows.answered("a"),
        flows.refused("b", 486),
        flows.refused("c", 503, BASE_US + 120 * SECOND_US),
        flows.registered(times=2),
        flows.refused_registration(),
    ]


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("attempts", [2, 0, 1, 0, 0]),
        ("answered", [1, 0, 0, 0, 0]),
        ("failed", [1, 0, 1, 0, 0]),
        ("ser", [50.0, None, 0.0, None, None]),
        ("seer", [100.0, None, 0.0, None, None]),
        ("scr", [50.0, None, 0.0, None, None]),
        ("isa", [0.0, None, 100.0, None, None]),
        ("asr", [50.0, None, 0.0, None, None]),
        ("ner", [100.0, None, 0.0, None, None]),
        ("abr", [50.0, None, 0.0, None, None]),
        ("ira", [50.0, 0.0, None, None, None]),
        ("registrations", [2, 1, 0, 0, 0]),
        ("registrations_failed", [1, 0, 0, 0, 0]),
        ("pdd_mean", [1350.0, None, None, None, None]),
        ("srd_mean", [1350.0, None, None, None, None]),
        ("srd_failed_mean", [300.0, None, 300.0, None, None]),
        ("rrd_mean", [92.0, 92.0, None, None, None]),
        ("sdd_mean", [100.0, None, None, None, None]),
        ("sdd_failed_mean", [None, None, None, None, None]),
        ("acd_mean", [60_400.0, None, None, None, None]),
        ("concurrent_calls", [0, 1, 0, 0, 0]),
    ],
)
async def test_each_metric(
    client: httpx.AsyncClient, put: Put, metric: str, expected: list[float | None]
) -> None:
    """By the minute; what had no attempts counts 0, and has neither ratio nor mean."""
    await put([one for flow in some_minutes() for one in flow.sent])

    answer = await ask(client, "series", metric=metric, **MINUTE)

    assert (answer["metric"], answer["step_s"]) == (metric, 60)
    assert [point["time"] for point in answer["points"]] == [
        f"2026-11-23T08:{minute}:00.000000Z" for minute in range(53, 58)
    ]
    assert values(answer) == expected


async def test_steps_begin_at_whole_multiples(client: httpx.AsyncClient, put: Put) -> None:
    """A range that begins within a step has the whole of it."""
    await put([one for flow in some_minutes() for one in flow.sent])

    answer = await ask(client, "series", metric="attempts", start=START, end=END, step=300)

    assert [(point["time"][11:16], point["value"]) for point in answer["points"]] == [
        ("08:50", 2),
        ("08:55", 1),
    ]


async def test_by_status(client: httpx.AsyncClient, put: Put) -> None:
    """Failures by cause; those without a final are of none."""
    sent = [one for flow in [*some_minutes(), flows.silent()] for one in flow.sent]
    await put(sent)

    answer = await ask(client, "series", metric="failed", by="status", **MINUTE)

    assert {item["key"]: values(item) for item in answer["items"]} == {
        "none": [1, 0, 0, 0, 0],
        "486": [1, 0, 0, 0, 0],
        "503": [0, 0, 1, 0, 0],
    }


async def test_statuses_that_occur_least_are_added_up(client: httpx.AsyncClient, put: Put) -> None:
    """Who sends all there are makes no answer of thousands of lines; ratios do not change by it."""
    often, rare = list(range(410, 410 + MAX_STATUSES)), [500, 503, 599, 699]
    calls = [
        flows.refused(f"{status}-{at}", status) for at, status in enumerate([*often, *often, *rare])
    ]
    await put([one for call in calls for one in call.sent])

    answer = await ask(client, "series", metric="failed", by="status", **MINUTE)
    ratio = await ask(client, "series", metric="isa", **MINUTE)

    by_key = {item["key"]: values(item)[0] for item in answer["items"]}
    assert by_key == {**{str(status): 2 for status in often}, "other": 4}
    assert values(ratio)[0] == pytest.approx(100 * 2 / (2 * MAX_STATUSES + 4))


async def test_by_node(client: httpx.AsyncClient, put: Put) -> None:
    """As each saw it."""
    await put([*flows.proxied().sent, *flows.answered().sent])

    counts = {
        node: values(await ask(client, "series", metric="attempts", node=node, **MINUTE))[0]
        for node in ("edge", "core", "nobody")
    }

    assert counts == {"edge": 2, "core": 1, "nobody": 0}


@pytest.mark.parametrize("question", ["overview", "kpi", "series"])
async def test_a_name_that_the_database_cannot_hold_is_no_node(
    client: httpx.AsyncClient, question: str
) -> None:
    """A NUL is refused by PostgreSQL; there is no such node, and that is the answer."""
    more = {"metric": "attempts"} if question == "series" else {}
    await ask(client, question, node="a\0b", start="0001-01-01T00:00:00Z", **more)


async def test_calls_that_began_before_are_under_way(client: httpx.AsyncClient, put: Put) -> None:
    """Over midnight, and hours before; one that never ends does so after a day."""
    before = MIDNIGHT_US - 3600 * SECOND_US
    endless = Flow("endless", MIDNIGHT_US - 7200 * SECOND_US)
    endless.request("INVITE", 0).response(200, 1)
    yesterday = Flow("yesterday", MIDNIGHT_US - 30 * 3600 * SECOND_US)
    yesterday.request("INVITE", 0).response(200, 1).bye(28 * 3600 // 2, 28 * 3600 // 2 + 0.1)
    long_ago = Flow("long-ago", MIDNIGHT_US - 26 * 3600 * SECOND_US)
    long_ago.request("INVITE", 0).response(200, 1).bye(5 * 3600, 5 * 3600 + 0.1)
    sent = [*flows.hours("long", before).sent, *endless.sent, *yesterday.sent, *long_ago.sent]
    await put(sent)

    async def under_way(start: str, end: str, step: int) -> list[float | None]:
        asked = {"start": start, "end": end, "step": step}
        return values(await ask(client, "series", metric="concurrent_calls", **asked))

    # At 02 two that began the evening before, one of which ends at 03, one at 08.
    morning = await under_way("2026-11-23T02:00:00Z", "2026-11-23T12:00:00Z", 7200)
    assert morning == [2, 1, 1, 1, 0]
    # Endless begins at 22 and a second, the long one at 23, and it ends at 04.
    night = await under_way("2026-11-23T20:00:00Z", "2026-11-24T08:00:00Z", 7200)
    assert night == [0, 0, 2, 2, 2, 1]
    end = await under_way("2026-11-24T22:00:00Z", "2026-11-24T22:02:00Z", 60)
    assert end == [1, 0]


async def test_nobody_knows_the_future(client: httpx.AsyncClient, put: Put) -> None:
    """Who is under way then is no number."""
    await put(flows.hours().sent)

    answer = await ask(
        client,
        "series",
        metric="concurrent_calls",
        start="2026-11-25T08:52:00Z",
        end="2026-11-25T08:55:00Z",
        step=60,
    )

    assert values(answer) == [0, 0, None]


async def test_a_step_is_chosen(client: httpx.AsyncClient) -> None:
    """For some hundred points."""
    day = await ask(client, "series", metric="ser", start="2026-11-23T00:00:00Z",
                    end="2026-11-24T00:00:00Z")  # fmt: skip

    assert day["step_s"] == 300
    assert len(day["points"]) == 288


async def test_without_a_range_it_is_the_last_day(client: httpx.AsyncClient) -> None:
    """Up to now: a chart has no future."""
    answer = (await client.get("/api/v1/stats/series", params={"metric": "asr"})).json()

    times = [point["time"] for point in answer["points"]]
    assert (times[0], times[-1]) == ("2026-11-24T08:50:00.000000Z", "2026-11-25T08:50:00.000000Z")


async def test_what_is_refused(client: httpx.AsyncClient) -> None:
    """An unknown metric is told all that there are; too many points a step that would do."""
    unknown = await refused(client, "series", metric="sre")
    assert {"ser", "concurrent_calls", "acd_mean"} <= set(unknown["expected"])

    many = await refused(client, "series", metric="ser", start="2026-01-01T00:00:00Z", step=60)
    assert many["parameter"] == "step"
    least = int(many["expected"][0].removeprefix("at least "))
    fewer = await ask(client, "series", metric="ser", start="2026-01-01T00:00:00Z", step=least)
    assert len(fewer["points"]) <= 5_001

    assert (await refused(client, "series", metric="ser", step=90))["parameter"] == "step"
    assert (await refused(client, "series", metric="ser", by="status"))["parameter"] == "by"
    assert (await refused(client, "series"))["parameter"] == "metric"
    assert (await refused(client, "series", metric="ser", start="2027-01-01T00:00:00Z"))[
        "parameter"
    ] == "start"
