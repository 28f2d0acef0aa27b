"""Parts of the live stream that need no database: ids, thinning, events, readers, who looks."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext

import asyncpg
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from hepscope_common.names import Names, NamesSettings
from hepscope_query_api.live import live as live_module
from hepscope_query_api.live import reader as reader_module
from hepscope_query_api.live.events import Event, event, resumed_at
from hepscope_query_api.live.live import Live
from hepscope_query_api.live.marks import Marks, committed_between, committed_until
from hepscope_query_api.live.reader import WAITING, Reader
from hepscope_query_api.live.shapes import Hello
from hepscope_query_api.live.tail import thinning
from hepscope_query_api.metrics import ApiMetrics
from hepscope_query_api.problems import Kind, ProblemError
from hepscope_query_api.query.database import Connection, Database
from hepscope_storage_writer.envelope_row import row_id


def marks(offsets: Mapping[tuple[str, int], int]) -> Marks:
    """Return marks with these positions."""
    return Marks(0, offsets, {})


def test_ids_between_positions_are_those_of_the_records_between() -> None:
    """By the id that the writer gives rows; a partition that did not move has none."""
    before = marks({("bus", 0): 7, ("bus", 2): 40})
    after = marks({("bus", 0): 7, ("bus", 2): 43, ("bus", 3): 1})
    ids = committed_between(before, after)

    def is_new(partition: int, offset: int, index: int) -> bool:
        identity = row_id(partition, offset, index)
        return ids.lows[partition] <= identity < ids.highs[partition]

    assert bool(ids)
    assert is_new(2, 40, 0)
    assert is_new(2, 42, 1023)
    assert is_new(3, 0, 5)
    assert not is_new(2, 39, 1023)
    assert not is_new(2, 43, 0)
    assert not is_new(0, 6, 0)
    assert not is_new(0, 7, 0)
    assert not committed_between(after, after)
    assert committed_until(after).lows == [0, 0, 2 << 53, 3 << 53]


def test_a_bus_that_replaces_another_moves_the_same_partition() -> None:
    """Both belong to the ids of the partition."""
    before, after = marks({("old", 1): 90}), marks({("old", 1): 91, ("new", 1): 2})

    ids = committed_between(before, after)

    assert ids.lows[1] == row_id(1, 0, 0)
    assert ids.highs[1] == row_id(1, 91, 0)


@pytest.mark.parametrize(
    ("total", "one_of"), [(0, 1), (1, 1), (30, 1), (31, 2), (60, 2), (61, 4), (20_000, 1024)]
)
def test_thinning_is_the_least_power_of_two(total: int, one_of: int) -> None:
    """So many messages, 30 of which may be shown."""
    assert thinning(total, 30) == one_of


def test_an_event_is_lines_that_any_browser_reads() -> None:
    """Only what a reader may go on from has an id."""
    hello = Hello(time="2026-03-11T12:00:00.000000Z", limit_per_s=30)

    assert event("hello", hello, 5).data == (
        b'event: hello\nid: 5\ndata: {"time":"2026-03-11T12:00:00.000000Z","limit_per_s":30}\n\n'
    )
    assert b"id:" not in event("trouble", hello, 5).data


@pytest.mark.parametrize(
    ("text", "at_us"),
    [(None, None), ("", None), ("x", None), ("-1", None), ("17", 17), ("٣", None)],
)
def test_a_reader_goes_on_from_an_id_of_ours(text: str | None, at_us: int | None) -> None:
    """Any other is as good as none."""
    assert resumed_at(text) == at_us


def numbered(number: int) -> Event:
    """Return an event of two messages."""
    return Event("messages", number * 1_000_000, b"%d" % number, messages=2)


async def test_a_slow_reader_is_told_what_it_missed() -> None:
    """Old events give way to new ones; their time and number come first then."""
    reader = Reader(None)
    for number in range(WAITING + 3):
        reader.put(numbered(number))

    told = await reader.get()

    assert told is not None
    name, data = told.decode().split("\n")[:2]
    assert name == "event: lost"
    lost = json.loads(data.removeprefix("data: "))
    assert lost["reason"] == "slow"
    assert lost["messages"] == 6
    assert lost["from"] == "1970-01-01T00:00:00.000000Z"
    assert lost["to"] == "1970-01-01T00:00:02.000000Z"
    assert [await reader.get() for _ in range(WAITING)] == [
        b"%d" % number for number in range(3, WAITING + 3)
    ]
    assert reader.losses == 1


async def test_a_reader_that_takes_nothing_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in the midst of sending."""
    monkeypatch.setattr(reader_module, "PATIENCE_S", 0.0)
    reader = Reader(None)
    stuck = asyncio.create_task(asyncio.Event().wait())
    reader.is_sent_by(stuck)
    for number in range(WAITING):
        reader.put(numbered(number))
    was_stuck = reader.is_stuck
    reader.put(numbered(99))

    assert (was_stuck, reader.is_stuck) == (False, True)

    reader.cut()
    await asyncio.wait([stuck])

    assert stuck.cancelled()
    assert await reader.get() is None


class Pool:
    """A pool of nothing, that counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def acquire(self, *, timeout: float | None = None) -> AbstractAsyncContextManager[Connection]:
        """Refuse."""
        self.asked += 1
        raise ConnectionError(f"no database ({timeout})")


async def test_nobody_looks_while_nobody_reads() -> None:
    """The first reader starts the looking, the last one ends it; a database away is told."""
    pool = Pool()
    metrics = ApiMetrics(CollectorRegistry())
    database = Database(pool, timeout_seconds=1, metrics=metrics)
    live = Live(
        database, metrics, Names(NamesSettings()), lambda: 5_000_000, most_readers=1, limit_per_s=30
    )
    assert pool.asked == 0

    reader = live.join([("method", "INVITE")], None)
    with pytest.raises(ProblemError) as full:
        live.join([], None)
    async with asyncio.timeout(60):
        told = await reader.get()
    live.leave(reader)
    async with asyncio.timeout(60):
        while any(task.get_name() == "live" for task in asyncio.all_tasks()):
            await asyncio.sleep(0.01)

    assert full.value.kind is Kind.LIVE_FULL
    assert told is not None
    assert told.startswith(b"event: trouble\ndata: ")
    assert b"Database unavailable" in told
    assert metrics.live_readers() == 0
    await live.close()
    with pytest.raises(ProblemError):
        live.join([], None)


class Answering:
    """A pool whose statements find nothing, and of one filter fail."""

    def acquire(self, *, timeout: float | None = None) -> AbstractAsyncContextManager[Connection]:  # noqa: ARG002
        """Lend itself."""
        return nullcontext(self)

    async def fetch(self, query: str, *args: object) -> list[asyncpg.Record]:
        """Return a row of zeros where one is expected."""
        if "odd" in args:
            raise ZeroDivisionError
        counts = dict.fromkeys(("now", "counted", "starting", "fault", "rejected", "no_reply"), 0)
        return [counts] if query.startswith("select count(*)") else []  # type: ignore[list-item]


async def test_a_fault_ends_the_streams_of_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes wrong with one set of filters is told to those who gave it, and they are let go."""
    monkeypatch.setattr(live_module, "LOOK_SECONDS", 0.0)
    metrics = ApiMetrics(CollectorRegistry())
    database = Database(Answering(), timeout_seconds=1, metrics=metrics)
    live = Live(
        database, metrics, Names(NamesSettings()), lambda: 5_000_000, most_readers=2, limit_per_s=30
    )
    odd, plain = live.join([("from_user", "odd")], None), live.join([("from_user", "even")], None)

    async def heard(reader: Reader, name: str) -> bytes | None:
        async with asyncio.timeout(60):
            while (told := await reader.get()) is not None:
                if told.startswith(f"event: {name}\n".encode()):
                    return told
        return None

    trouble = await heard(odd, "trouble")
    assert trouble is not None
    assert b'"title":"Internal error"' in trouble
    assert await odd.get() is None
    assert metrics.live_readers() == 1
    assert await heard(plain, "messages") is not None
    live.leave(odd)
    live.leave(plain)
    await live.close()
    assert b"live_failures_total 1.0" in generate_latest(metrics.registry)
