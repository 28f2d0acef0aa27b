"""Calls by outcome over time."""

from typing import cast

import httpx
import pytest
from prometheus_client import CollectorRegistry

from hepscope_query_api.calls.selection import CallQuestion
from hepscope_query_api.component import make_pool
from hepscope_query_api.metrics import ApiMetrics
from hepscope_query_api.query.database import Session
from hepscope_query_api.query.period import Period
from hepscope_query_api.settings import ApiSettings
from hepscope_query_api.stats.bins import bins_of
from hepscope_query_api.stats.outcomes import OutcomeRepository
from integration.query_api.asking import Json, get, items, problem
from integration.query_api.stored import DAY, HOUR, MIDNIGHT, NOW_US, SECOND, Stored, request

pytestmark = pytest.mark.database

OUTCOMES = "/api/v1/stats/outcomes"


@pytest.fixture
async def calls(stored: Stored) -> Stored:
    """Answered at midnight and an hour later, two failures between, one without a reply."""
    await stored.call("one", MIDNIGHT, from_user="4930123")
    await stored.failed_call("busy", MIDNIGHT + 600 * SECOND, 486, "Busy Here")
    await stored.failed_call("down", MIDNIGHT + 601 * SECOND, 503, "Service Unavailable")
    await stored.call("two", MIDNIGHT + HOUR, from_user="4930124")
    await stored.put(request("OPTIONS", "ping"), MIDNIGHT + HOUR + SECOND)
    await stored.commit()
    return stored


def told(answer: Json) -> dict[str, list[int]]:
    """Return the counts of each outcome that occurred; those of a range are their sum."""
    found = cast("list[Json]", answer["items"])
    counts = {str(item["outcome"]): cast("list[int]", item["counts"]) for item in found}
    assert [item["count"] for item in found] == [sum(of) for of in counts.values()]
    assert answer["total"] == sum(map(sum, counts.values()))
    return {outcome: of for outcome, of in counts.items() if any(of)}


@pytest.mark.usefixtures("calls")
async def test_calls_are_counted_by_outcome_and_bin(client: httpx.AsyncClient) -> None:
    """Bins begin at multiples of the step; what does not occur is a row of zeros."""
    answer = await get(
        client,
        OUTCOMES,
        start="2026-03-11T00:00:00Z",
        end="2026-03-11T01:30:00Z",
        step=1800,
    )

    assert (answer["step_s"], answer["start"]) == (1800, "2026-03-11T00:00:00.000000Z")
    assert (answer["total"], answer["is_sampled"]) == (5, False)
    assert [item["outcome"] for item in cast("list[Json]", answer["items"])] == [
        *("answered", "poor", "not_taken", "rejected", "fault", "no_reply", "in_progress")
    ]
    assert told(answer) == {
        "answered": [1, 0, 1],
        "not_taken": [1, 0, 0],
        "fault": [1, 0, 0],
        "no_reply": [0, 0, 1],
    }


@pytest.mark.usefixtures("calls")
async def test_a_bin_that_lies_half_outside_holds_what_is_inside(
    client: httpx.AsyncClient,
) -> None:
    """The range is that of the list, to the microsecond."""
    inside = {"start": "2026-03-11T00:10:00.000001Z", "end": "2026-03-11T01:00:01Z"}
    answer = await get(client, OUTCOMES, **inside, step=3600)

    assert answer["start"] == "2026-03-11T00:00:00.000000Z"
    assert told(answer) == {"answered": [0, 1], "fault": [1, 0]}
    assert len(await items(client, "/api/v1/calls", **inside)) == 2


QUESTIONS: list[dict[str, object]] = [
    {},
    {"method": "INVITE"},
    {"method": "!INVITE"},
    {"status": ["486", "503"]},
    {"outcome": ["fault", "no_reply"]},
    {"from_user": "4930123"},
    {"from_user": "4930*"},
    {"from_user": ["4930123", "alice"]},
    {"call_id": "busy"},
    {"source": "192.0.2.10"},
    {"source": "192.0.2.0/24", "status": "!"},
    {"q": "4930"},
    {"q": "alice 192.0.2.10"},
    {"q": "nobody"},
]


@pytest.mark.usefixtures("calls")
async def test_the_calls_counted_are_those_of_the_list(client: httpx.AsyncClient) -> None:
    """Under every way of finding them."""
    for question in QUESTIONS:
        listed = await items(client, "/api/v1/calls", limit=1000, **question)
        counted = told(await get(client, OUTCOMES, **question))

        outcomes = [item["outcome"] for item in listed]
        assert {one: sum(of) for one, of in counted.items()} == {
            one: outcomes.count(one) for one in outcomes
        }, question


RANGES = [
    ("2026-03-11T00:00:00Z", "2026-03-11T00:00:00.000001Z", 1),
    ("2026-03-11T00:00:00Z", "2026-03-11T00:15:00Z", 10),
    ("2026-03-11T00:00:03Z", "2026-03-11T00:20:03Z", 15),
    ("2026-03-11T00:00:00Z", "2026-03-11T06:00:00Z", 300),
    ("2026-03-01T00:00:00Z", "2026-03-31T00:00:00Z", 21_600),
    ("0001-01-02T00:00:00Z", "9999-12-30T00:00:00Z", 30_690 * 86_400),
]


async def test_a_step_is_chosen_for_at_most_120_bins(client: httpx.AsyncClient) -> None:
    """From a second to whatever it takes."""
    for start, end, step_s in RANGES:
        answer = await get(client, OUTCOMES, start=start, end=end)

        counts = cast("list[Json]", answer["items"])[0]["counts"]
        assert answer["step_s"] == step_s, (start, end)
        assert 1 <= len(cast("list[int]", counts)) <= 120


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"step": 1}, "step"),
        ({"step": 0}, "step"),
        ({"outcome": "good"}, "outcome"),
        ({"q": "a and b"}, "q"),
        ({"limit": 5}, "limit"),
        ({"start": "2026-03-12T00:00:00Z", "end": "2026-03-11T00:00:00Z"}, "start"),
    ],
)
async def test_what_cannot_be_counted_is_a_problem(
    client: httpx.AsyncClient, query: dict[str, object], parameter: str
) -> None:
    """400, by name; too short a step says which will do."""
    found = await problem(client, OUTCOMES, 400, **query)

    assert found["parameter"] == parameter
    if query == {"step": 1}:
        assert found["expected"] == ["at least 720"]


FILL = """
insert into hepscope.call
  (key_time, started_at, last_at, origin_key, call_id, method, finals, flags)
select t, t, t, 0, 'call-' || n || repeat('x', 300), 'INVITE',
  case when n % 4 = 0 then '{"INVITE": [503, "x"]}'::jsonb else '{"INVITE": [486, "x"]}' end, 1
from (select n, $1::timestamptz + n * interval '1 second' as t from generate_series(1, 20000) n) g
"""


async def test_a_range_that_holds_too_much_is_sampled(
    database: str, stored: Stored, settings: ApiSettings
) -> None:
    """The estimate is near, says that it is one, and is the same again; an index needs none."""
    await stored._leaf("call", MIDNIGHT)
    period = Period(MIDNIGHT, MIDNIGHT + DAY)
    await stored.connection.execute(FILL, period.start)
    bins = bins_of(period, 21_600)
    async with make_pool(database, settings) as pool:
        session = Session(pool, 60, ApiMetrics(CollectorRegistry()))

        async def counts(*filters: tuple[str, str], most: int) -> tuple[bool, dict[str, int]]:
            question = CallQuestion(period, filters, None, NOW_US)
            found = await OutcomeRepository(session, most).counts(question, bins)
            return found.is_sampled, {item.outcome: item.count for item in found.items}

        all_of_it = await counts(most=1 << 30)
        is_sampled, estimated = await counts(most=2 << 20)

        assert all_of_it == (
            False,
            {**dict.fromkeys(estimated, 0), "fault": 5000, "not_taken": 15000},
        )
        assert is_sampled
        assert 2500 < estimated["fault"] < 7500
        assert 10_000 < estimated["not_taken"] < 20_000
        assert await counts(most=2 << 20) == (True, estimated)
        wanted = ("call_id", f"call-4{'x' * 300}")
        assert await counts(wanted, most=1) == (False, {**dict.fromkeys(estimated, 0), "fault": 1})
