"""``hepscope partitions`` on a real database."""

import asyncio
import json
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache

import asyncpg
import pytest

from hepscope_common.clock import wall_clock_us
from hepscope_common.runtime import Supervisor
from hepscope_common.store.connection import Access, connect
from hepscope_common.store.partitions import LeafCache
from hepscope_standalone.cli import main
from hepscope_storage_writer.maintain_settings import RetentionSettings
from hepscope_storage_writer.maintainer import ROUND, Maintainer
from support.postgres import dsn_of, execute, run_apart

DAY_US = 86_400_000_000
ROUNDS = 11
"""A round closes one leaf; ten have rows and are past."""

CANCEL_WAITING = """
select bool_or(pg_cancel_backend(pid)) from pg_stat_activity
where application_name = 'hepscope partitions' and datname = current_database()
  and wait_event_type = 'Lock'
"""

pytestmark = pytest.mark.database

Capture = pytest.CaptureFixture[str]


@cache
def now_us() -> int:
    """Return the time at which the first of these tests ran, long after they were collected."""
    return wall_clock_us()


def today_us() -> int:
    """Return when the day of these tests began."""
    return now_us() - now_us() % DAY_US


def day(offset: int) -> str:
    """Return a date, counted from today."""
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=today_us() + offset * DAY_US)
    return at.strftime("%Y-%m-%d")


def leaf_name(root: str, offset: int) -> str:
    """Return the name of a day's leaf."""
    return f"{root}_p{day(offset).replace('-', '')}_0000"


async def fill(dsn: str) -> None:
    """Make leaves of five days with rows, and do rounds of maintenance as a service would."""
    writer = await connect(dsn, Access.WRITER, application_name="test")
    for offset in range(-5, 0):
        for root, number in (("sip_call", 1), ("sip_other", 3)):
            time_us = today_us() + offset * DAY_US
            leaf = await LeafCache().ensure(writer, root, time_us, now_us=now_us())
            assert leaf.name is not None
            at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)
            await writer.copy_records_to_table(
                leaf.name,
                records=[(at, at, 1, number, 1, b"x" * 100)] * 50,
                columns=["time", "received_at", "id", "class", "transport", "payload"],
            )
    await writer.close()
    maintainer = Maintainer(dsn, RetentionSettings(), Supervisor())
    for _ in range(ROUNDS):
        assert await maintainer.wake()
    await maintainer.__aexit__(None, None, None)


@pytest.fixture(scope="module")
def filled_template(postgres_server: str, template_database: str) -> Iterator[str]:
    """The name of a database with five days of messages, well kept, to be cloned."""
    name = f"hepscope_filled_{secrets.token_hex(4)}"
    run_apart(
        lambda: execute(postgres_server, f"create database {name} template {template_database}")
    )
    run_apart(lambda: fill(dsn_of(postgres_server, name)))
    yield name
    run_apart(lambda: execute(postgres_server, f"drop database {name} with (force)"))


@pytest.fixture
def filled(postgres_server: str, filled_template: str) -> Iterator[str]:
    """A clone of it."""
    name = f"hepscope_test_{secrets.token_hex(6)}"
    run_apart(
        lambda: execute(postgres_server, f"create database {name} template {filled_template}")
    )
    yield dsn_of(postgres_server, name)
    run_apart(lambda: execute(postgres_server, f"drop database {name} with (force)"))


@pytest.fixture
def run(capsys: Capture) -> Callable[..., tuple[int, str]]:
    """Run ``hepscope partitions``; return its exit code and what it printed."""

    def command(dsn: str, *words: str) -> tuple[int, str]:
        code = main(["partitions", *words, "--dsn", dsn])
        captured = capsys.readouterr()
        assert captured.err == ""
        return code, captured.out

    return command


Run = Callable[..., tuple[int, str]]


def stored(dsn: str) -> set[str]:
    """Return the leaves of messages that are there."""

    async def read() -> set[str]:
        connection = await asyncpg.connect(dsn)
        try:
            rows = await connection.fetch(
                "select leaf from hepscope.leaves('hepscope.sip_call'::regclass) union"
                " select leaf from hepscope.leaves('hepscope.sip_other'::regclass)"
            )
            return {row[0] for row in rows}
        finally:
            await connection.close()

    return run_apart(read)


def test_list_shows_every_leaf_with_its_range_rows_and_state(filled: str, run: Run) -> None:
    """JSON has exact times and bytes; states go from closed to ahead."""
    code, out = run(filled, "list", "--json")
    found = {one["name"]: one for one in json.loads(out)["partitions"]}

    assert code == 0
    assert {one["class"] for one in found.values()} == {
        "calls",
        "media",
        "registrations",
        "other",
        "logs",
    }
    old = found[leaf_name("sip_call", -3)]
    assert old.pop("size_bytes") > 5000
    assert old == {
        "class": "calls",
        "table": "sip_call",
        "name": leaf_name("sip_call", -3),
        "from": f"{day(-3)}T00:00:00.000000Z",
        "to": f"{day(-2)}T00:00:00.000000Z",
        "rows_estimate": 50,
        "state": "closed",
    }
    assert found[leaf_name("sip_call", 0)]["state"] == "current"
    assert found[leaf_name("sip_call", 1)]["state"] == "ahead"


def test_list_as_text_is_one_line_per_leaf(filled: str, run: Run) -> None:
    """A table with a head, without trailing blanks."""
    code, out = run(filled, "list")
    lines = out.splitlines()

    assert code == 0
    assert lines[0].split() == ["class", "table", "from", "to", "rows", "size", "state"]
    (line,) = (line for line in lines if leaf_name("sip_other", -5) in line)
    assert line.split()[:6] == [
        "other",
        leaf_name("sip_other", -5),
        day(-5),
        "00:00",
        day(-4),
        "00:00",
    ]
    assert line.split()[6] == "50"
    assert all(line == line.rstrip() for line in lines)


def test_drop_without_yes_only_tells(filled: str, run: Run) -> None:
    """It exits 1, since what was asked for was not done."""
    before = stored(filled)
    code, out = run(filled, "drop", "--class", "calls", "--before", day(-3))

    assert code == 1
    assert f"would drop {leaf_name('sip_call', -4)}" in out
    assert "2 partitions" in out
    assert "--yes" in out
    assert stored(filled) == before


def test_drop_takes_whole_leaves_of_the_class(filled: str, run: Run) -> None:
    """Others stay, the floor rises, and a late row brings nothing back."""
    before = stored(filled)
    code, out = run(
        filled, "drop", "--class", "calls", "--before", f"{day(-3)}T12:00:00Z", "--yes", "--json"
    )
    gone = {leaf_name("sip_call", -5), leaf_name("sip_call", -4)}

    assert code == 0
    assert set(json.loads(out)["dropped"]) == gone
    assert stored(filled) == before - gone

    async def late() -> str | None:
        writer = await connect(filled, Access.WRITER, application_name="test")
        try:
            time_us = today_us() - 4 * DAY_US
            return (await LeafCache().ensure(writer, "sip_call", time_us, now_us=now_us())).name
        finally:
            await writer.close()

    assert run_apart(late) is None
    code, out = run(filled, "check")
    assert (code, out) == (0, "partitions are in order\n")


def test_drop_of_everything_spares_now_and_what_is_to_come(filled: str, run: Run) -> None:
    """A time in the future means now; one table of a class can be named."""
    code, _ = run(filled, "drop", "--class", "sip_other", "--before", "2099-01-01", "--yes")
    left = sorted(name for name in stored(filled) if name.startswith("sip_other"))

    assert code == 0
    assert left[0] == leaf_name("sip_other", 0)
    assert len(left) == 3
    code, out = run(filled, "drop", "--class", "sip_other", "--before", "2099-01-01", "--yes")
    assert (code, out) == (0, "nothing to drop\n")


def test_drop_waits_for_a_round_of_maintenance(filled: str, run: Run) -> None:
    """Who changes partitions holds one lock; the maintainer skips its round meanwhile."""

    async def check() -> bool:
        holder = await asyncpg.connect(filled)
        await holder.execute(f"select pg_advisory_lock({ROUND})")
        maintainer = Maintainer(filled, RetentionSettings(), Supervisor())
        skipped = not await maintainer.wake()
        # Behind the end of its session the server may hold the lock for a moment.
        await holder.execute(f"select pg_advisory_unlock({ROUND})")
        await holder.close()
        works_again = await maintainer.wake()
        await maintainer.__aexit__(None, None, None)
        return skipped and works_again

    assert run_apart(check)
    code, _ = run(filled, "drop", "--class", "calls", "--before", day(-3), "--yes")
    assert code == 0


def test_check_finds_what_is_wrong(filled: str, run: Run) -> None:
    """Stray rows, a missing leaf, a table put aside, an index that cannot be used: exit code 1."""
    aside, missing = leaf_name("sip_call", -5), leaf_name("sip_other", 1)
    run_apart(
        lambda: execute(
            filled,
            "insert into hepscope.sip_stray (time, received_at, id, class, transport)"
            " values ('2001-01-01', now(), 1, 1, 1)",
            f"alter table hepscope.sip_call detach partition hepscope.{aside}",
            f"drop table hepscope.{missing}",
            "create index odd on only hepscope.call (reason)",
        )
    )
    code, out = run(filled, "check", "--json")

    assert code == 1
    found = {(one["problem"], one["table"]) for one in json.loads(out)["problems"]}
    assert found == {
        ("stray_rows", "sip_call"),
        ("detached", aside),
        ("missing_ahead", "sip_other"),
        ("invalid_index", "call"),
    }
    code, out = run(filled, "check")
    assert code == 1
    assert any(line.split()[:2] == ["detached", aside] for line in out.splitlines())


def test_check_of_a_database_that_nobody_maintains_fails(database: str, run: Run) -> None:
    """A fresh schema has no leaf for now."""
    code, out = run(database, "check", "--json")

    assert code == 1
    assert {one["problem"] for one in json.loads(out)["problems"]} == {"missing_ahead"}
    assert len(json.loads(out)["problems"]) == 13


def test_a_drop_that_a_long_transaction_holds_up_can_be_repeated(
    filled: str, run: Run, capsys: Capture
) -> None:
    """It ends with one line; the same command then finishes what it began."""
    words = ["partitions", "drop", "--class", "calls", "--before", day(-3), "--yes"]

    async def held() -> int:
        # A transaction sees the activity of its first look for as long as it lasts.
        holder, watcher = await asyncpg.connect(filled), await asyncpg.connect(filled)
        transaction = holder.transaction()
        await transaction.start()
        await holder.execute("lock table hepscope.sip_call in share update exclusive mode")
        dropping = asyncio.create_task(asyncio.to_thread(main, [*words, "--dsn", filled]))
        # Instead of the 20 s after which the wait ends by itself.
        while not dropping.done() and not await watcher.fetchval(CANCEL_WAITING):
            await asyncio.sleep(0.01)
        code = await dropping
        await transaction.rollback()
        await holder.close()
        await watcher.close()
        return code

    assert run_apart(held) == 1
    assert "a long transaction is in the way" in capsys.readouterr().err
    assert len(stored(filled)) == 16
    code, _ = run(filled, "drop", "--class", "calls", "--before", day(-3), "--yes")
    assert code == 0
    assert len(stored(filled)) == 14


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["list", "--dsn", "postgresql://127.0.0.1:1/x"], "does not answer"),
        (["check", "--data-dir", "/nonexistent"], "no database named"),
    ],
)
def test_a_database_that_is_not_there_gets_one_line(
    words: list[str], said: str, capsys: Capture
) -> None:
    """It names what was looked for."""
    assert main(["partitions", *words]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_database_without_our_schema_gets_one_line(empty_database: str, capsys: Capture) -> None:
    """The way out is named."""
    assert main(["partitions", "list", "--dsn", empty_database]) == 1
    assert "hepscope migrate" in capsys.readouterr().err


@pytest.mark.parametrize("before", ["yesterday", "2026-13-01", ""])
def test_a_time_that_is_none_is_wrong_usage(before: str, capsys: Capture) -> None:
    """Exit code 2, before any database is asked."""
    with pytest.raises(SystemExit) as ended:
        main(["partitions", "drop", "--class", "calls", "--before", before])
    assert ended.value.code == 2
    assert "ISO 8601" in capsys.readouterr().err
