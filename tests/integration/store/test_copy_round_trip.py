"""Fields encoded by hand, read back from a real server."""

import json
import struct
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hepscope_common.store import copy
from hepscope_common.store.json_text import JsonValue

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
COLUMNS = {
    "small": "smallint",
    "number": "int",
    "big": "bigint",
    "fraction": "real",
    "at": "timestamptz",
    "day": "date",
    "words": "text",
    "octets": "bytea",
    "address": "inet",
    "document": "jsonb",
    "list": "text[]",
}
NOTHING = dict.fromkeys(COLUMNS, copy.NULL)

Row = dict[str, bytes]

pytestmark = pytest.mark.database


@pytest.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection with a temporary table of every type."""
    connection = await asyncpg.connect(database)
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    await connection.execute(f"create temp table every_type (line serial, {columns})")
    yield connection
    await connection.close()


async def store(connection: asyncpg.Connection, *rows: Row) -> list[asyncpg.Record]:
    """Return the rows as the server reads them back, in order."""
    await connection.execute("truncate every_type restart identity")
    body = b"".join(
        copy.row(len(COLUMNS)) + b"".join((NOTHING | row)[name] for name in COLUMNS) for row in rows
    )
    assert await copy.copy_rows(connection, "every_type", list(COLUMNS), body) == len(rows)
    return list(await connection.fetch("select * from every_type order by line"))


async def test_nothing_is_null_in_every_type(connection: asyncpg.Connection) -> None:
    """None becomes SQL NULL whatever the column."""
    (row,) = await store(
        connection,
        {
            "small": copy.int2(None),
            "number": copy.int4(None),
            "big": copy.int8(None),
            "fraction": copy.real(None),
            "at": copy.timestamptz(None),
            "day": copy.date(None),
            "words": copy.text(None),
            "octets": copy.bytea(None),
            "address": copy.inet(None),
            "document": copy.jsonb(None),
            "list": copy.text_array(None),
        },
    )

    assert all(row[name] is None for name in COLUMNS)


async def test_integers_at_their_bounds_arrive_and_beyond_them_are_null(
    connection: asyncpg.Connection,
) -> None:
    """The extremes of each width are stored; one more gives NULL, never an error."""
    for name, encode, bits in (
        ("small", copy.int2, 15),
        ("number", copy.int4, 31),
        ("big", copy.int8, 63),
    ):
        values = [-(1 << bits), (1 << bits) - 1, 0, -(1 << bits) - 1, 1 << bits, 10**40]
        rows = await store(connection, *({name: encode(value)} for value in values))

        assert [row[name] for row in rows] == [*values[:3], None, None, None]


async def test_reals_arrive_and_what_does_not_fit_is_null(connection: asyncpg.Connection) -> None:
    """A real keeps its value; one that is too large for four bytes gives NULL."""
    rows = await store(connection, {"fraction": copy.real(4.25)}, {"fraction": copy.real(1e300)})

    assert [row["fraction"] for row in rows] == [4.25, None]


async def test_absurd_times_are_held_within_what_python_reads(
    connection: asyncpg.Connection,
) -> None:
    """Times and days that no calendar has fail neither the batch nor those who read it."""
    absurd = [-(1 << 70), 1 << 70]
    rows = await store(
        connection,
        *({"at": copy.timestamptz(value), "day": copy.date(value)} for value in absurd),
    )

    assert [row["at"].replace(tzinfo=None) for row in rows] == [datetime.min, datetime.max]  # noqa: DTZ901 - the extremes themselves
    assert [row["day"] for row in rows] == [date.min, date.max]


async def test_times_keep_their_microseconds(connection: asyncpg.Connection) -> None:
    """A time before 1970, before 2000, at 2038 and of today arrives to the microsecond."""
    values = [-1, 0, 1, 946_684_799_999_999, 2_147_483_648_000_001, 1_790_000_000_123_456]
    rows = await store(
        connection, *({"at": copy.timestamptz(v), "day": copy.date(v)} for v in values)
    )

    expected = [EPOCH + timedelta(microseconds=value) for value in values]
    assert [row["at"] for row in rows] == expected
    assert [row["day"] for row in rows] == [time.date() for time in expected]


async def test_addresses_arrive_in_both_families(connection: asyncpg.Connection) -> None:
    """Packed IPv4 and IPv6 addresses are hosts; unknown and odd lengths are NULL."""
    packed = [ip_address(text).packed for text in ("192.0.2.7", "2001:db8::7", "::", "0.0.0.0")]
    rows = await store(
        connection, *({"address": copy.inet(value)} for value in [*packed, b"", b"12345"])
    )

    assert [row["address"] for row in rows] == [
        *(ip_address(value) for value in packed),
        None,
        None,
    ]


async def test_hostile_texts_do_not_fail_the_batch(connection: asyncpg.Connection) -> None:
    """NUL and lone surrogates become U+FFFD, long texts are cut to whole characters."""
    rows = await store(
        connection,
        {"words": copy.text("a\0b")},
        {"words": copy.text("a\ud800b\0")},
        {"words": copy.text("ß" * 300, copy.INDEXED_LIMIT)},
        {"words": copy.text("x" * 100_000)},
        {"words": copy.text("")},
    )

    assert [row["words"] for row in rows] == [
        "a\ufffdb",
        "a\ufffdb\ufffd",
        "ß" * 256,
        "x" * 65_536,
        "",
    ]


async def test_payloads_are_kept_byte_for_byte(connection: asyncpg.Connection) -> None:
    """64 kB of every byte, and no byte at all, come back as they were."""
    every_byte = bytes(range(256)) * 256
    rows = await store(
        connection,
        {"octets": copy.bytea(every_byte)},
        {"octets": copy.bytea(b"")},
        {"octets": copy.bytea(memoryview(every_byte)[:300])},
    )

    assert [row["octets"] for row in rows] == [every_byte, b"", every_byte[:300]]


async def test_documents_that_jsonb_refuses_are_mapped(connection: asyncpg.Connection) -> None:
    """NUL, surrogates, NaN, endless nesting and huge integers become something storable."""
    deep: JsonValue = "core"
    for _ in range(5000):
        deep = [deep]
    fair: JsonValue = "core"
    for _ in range(500):
        fair = [fair]
    documents: list[JsonValue] = [
        {"a\0": "b\0\ud800"},
        [float("nan"), float("inf"), 1.5],
        1 << 20_000,
        deep,
        {"X-Header": ["one", "two"], "n": 1, "yes": True, "none": None},
        10**4000,
        fair,
    ]
    rows = await store(connection, *({"document": copy.jsonb(value)} for value in documents))

    got = [json.loads(row["document"]) for row in rows]
    assert got[0] == {"a\ufffd": "b\ufffd\ufffd"}
    assert got[1] == [None, None, 1.5]
    assert got[2] == hex(1 << 20_000)
    assert "nested too deep" in rows[3]["document"]
    assert got[4:] == documents[4:]


async def test_lists_of_texts_arrive_in_order(connection: asyncpg.Connection) -> None:
    """An empty list is an empty array, not NULL; a list that is too long is cut."""
    rows = await store(
        connection,
        {"list": copy.text_array([])},
        {"list": copy.text_array(["edge-1", "", "a\0", 'quo"te,{}'])},
        {"list": copy.text_array(["x"] * 5000)},
    )

    assert [row["list"] for row in rows[:2]] == [[], ["edge-1", "", "a\ufffd", 'quo"te,{}']]
    assert len(rows[2]["list"]) == 4096


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
# Surrogates too, which st.text() leaves out.
any_text = st.text(st.characters(exclude_categories=()))


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "small": st.integers().map(copy.int2),
                "number": st.integers().map(copy.int4),
                "big": st.integers().map(copy.int8),
                "fraction": st.floats().map(copy.real),
                "at": st.integers().map(copy.timestamptz),
                "day": st.integers().map(copy.date),
                "words": any_text.map(copy.text),
                "octets": st.binary().map(copy.bytea),
                "address": st.binary(max_size=17).map(copy.inet),
                "document": json_values.map(copy.jsonb),
                "list": st.lists(any_text, max_size=5).map(copy.text_array),
            }
        ),
        max_size=20,
    )
)
async def test_no_value_fails_a_batch(connection: asyncpg.Connection, rows: list[Row]) -> None:
    """Whatever the values, the server takes every row and reads texts and bytes back as encoded."""
    await connection.execute("truncate every_type restart identity")
    body = b"".join(
        copy.row(len(COLUMNS)) + b"".join(row[name] for name in COLUMNS) for row in rows
    )
    assert await copy.copy_rows(connection, "every_type", list(COLUMNS), body) == len(rows)

    stored = await connection.fetch("select words, octets from every_type order by line")
    for row, encoded in zip(stored, rows, strict=True):
        for name, value in (("words", row["words"].encode()), ("octets", row["octets"])):
            assert encoded[name] == struct.pack("!i", len(value)) + value
