"""Views in HOMER's shape: queries of its users, over what a writer stored."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integration.storage_writer.rig import NOW_US, store
from support.builders import make_call, make_packet, make_request, make_response
from support.corpus_replay import HEP_RECORDINGS, hep_recording
from support.postgres import execute

pytestmark = pytest.mark.database

NOW = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=NOW_US)
DAY_US = 86_400_000_000
TABLES = (
    "hep_proto_1_call",
    "hep_proto_1_registration",
    "hep_proto_1_default",
    "hep_proto_5_default",
    "hep_proto_34_default",
    "hep_proto_35_default",
    "hep_proto_53_default",
    "hep_proto_54_default",
    "hep_proto_100_default",
)
PROTOCOL_KEYS = {
    "protocolFamily",
    "protocol",
    "srcIp",
    "dstIp",
    "srcPort",
    "dstPort",
    "timeSeconds",
    "timeUseconds",
    "payloadType",
    "captureId",
    "correlation_id",
}
SIP_KEYS = {
    "ruri_user",
    "ruri_domain",
    "from_user",
    "from_domain",
    "from_tag",
    "to_user",
    "to_domain",
    "to_tag",
    "callid",
    "cseq",
    "method",
    "user_agent",
}


@pytest.fixture
async def grafana(database: str) -> AsyncIterator[asyncpg.Connection]:
    """A session of a panel: its role, and the search path that the role logs in with."""
    session = await asyncpg.connect(database, server_settings={"search_path": "homer, hepscope"})
    await session.execute("set role grafanareader; set default_transaction_read_only = on")
    yield session
    await session.close()


async def test_views_have_homers_columns(grafana: asyncpg.Connection) -> None:
    """Names, order and types are those of HOMER's tables, of every table it has."""
    rows = await grafana.fetch(
        "select c.relname::text as relation, array_agg(a.attname || ' ' || a.atttypid::regtype"
        " order by a.attnum) as columns from pg_class c join pg_attribute a on a.attrelid = c.oid"
        " where c.relnamespace = 'homer'::regnamespace and a.attnum > 0 group by 1"
    )

    assert {row["relation"] for row in rows} == set(TABLES)
    for row in rows:
        assert row["columns"] == [
            "id bigint",
            "sid text",
            "create_date timestamp with time zone",
            "protocol_header jsonb",
            "data_header jsonb",
            "raw text",
        ]


async def test_a_call_reads_as_homer_stored_it(database: str, grafana: asyncpg.Connection) -> None:
    """Both headers hold HOMER's keys in HOMER's types; a response's method is its code."""
    call = make_call("call@example.org", start_us=NOW_US - 60_000_007)
    await store(database, call)

    rows = await grafana.fetch(
        "select * from hep_proto_1_call where sid = $1 order by create_date", "call@example.org"
    )
    protocol, data = json.loads(rows[0]["protocol_header"]), json.loads(rows[0]["data_header"])
    assert set(protocol) == PROTOCOL_KEYS
    assert set(data) == SIP_KEYS
    assert protocol == {
        "protocolFamily": 2,
        "protocol": 17,
        "srcIp": "192.0.2.1",
        "dstIp": "192.0.2.2",
        "srcPort": 5060,
        "dstPort": 5060,
        "timeSeconds": (NOW_US - 60_000_007) // 1_000_000,
        "timeUseconds": (NOW_US - 60_000_007) % 1_000_000,
        "payloadType": 1,
        "captureId": "7",
        "correlation_id": "call@example.org",
    }
    assert (data["method"], data["cseq"], data["to_tag"]) == ("INVITE", "1 INVITE", "")
    assert (data["from_user"], data["ruri_user"], data["to_domain"]) == (
        "alice",
        "bob",
        "example.org",
    )
    assert [json.loads(row["data_header"])["method"] for row in rows] == [
        "INVITE",
        "100",
        "180",
        "200",
        "ACK",
        "BYE",
        "200",
    ]
    assert rows[0]["raw"] == make_request("INVITE", "call@example.org").decode()


COUNTS = [
    ("1_call", "data_header->>'from_user' like 'ali%' and data_header->>'method' = 'INVITE'", 3),
    ("1_call", "protocol_header->>'srcIp' = '192.0.2.2'", 3 * 4),
    ("1_call", "(data_header->>'method') ~ '^[456]'", 1),
    ("1_call", "data_header->>'method' = 'INVITE' and data_header->>'to_tag' = ''", 3),
    ("1_call", """data_header @> '{"user_agent": "builder/1"}'""", 3 * 3),
    ("1_default", "data_header->>'X-CID' = 'other'", 1),
    ("1_default", "data_header->>'pid_user' = '4930'", 1),
    ("1_registration", "data_header->>'ruri_domain' = 'example.org'", 1),
    ("5_default", "(raw::jsonb #>> '{report_blocks,0,ia_jitter}')::int = 42", 1),
    ("35_default", "protocol_header->>'payloadType' in ('34', '35', '99')", 3),
    ("34_default", "sid in ('call-0', 'call-1')", 1),
    ("100_default", "raw ilike '%critical%' and data_header->>'proto' = 'log'", 1),
    ("54_default", "data_header->>'called_number' = '4930' and data_header->>'cic' = '21'", 1),
]
PANEL = """
select floor(extract(epoch from create_date) / 60) * 60 as time, data_header->>'method' as metric,
  count(*) as value
from hep_proto_1_call where create_date between $1 and $2 group by 1, 2 order by 1
"""
NEWEST = """
select id, sid, protocol_header, data_header from hep_proto_1_call
where create_date between $1 and $2 order by create_date desc limit 5
"""


async def fill(database: str) -> None:
    """Store three calls and a packet of every other kind."""
    rtcp = json.dumps({"report_blocks": [{"ia_jitter": 42}]}).encode()
    isup = json.dumps({"cic": 21, "opc": 1, "dpc": 2, "called_number": {"num": "4930"}}).encode()
    headers = "X-CID: first\r\nX-CID: other\r\nP-Asserted-Identity: <sip:4930@example.org>\r\n"
    start = NOW_US - 60_000_000
    packets = [packet for n in range(3) for packet in make_call(f"call-{n}", start_us=start)]
    packets += [
        make_packet(make_response(486, "Busy Here", call_id="call-0"), time_us=start),
        make_packet(make_request("OPTIONS", "ping", headers=headers), time_us=start),
        make_packet(make_request("REGISTER", "reg"), time_us=start),
        make_packet(make_response(401, "No", "REGISTER", "reg"), time_us=start),
        make_packet(rtcp, protocol_type=5, correlation_id=b"call-0", time_us=start),
        make_packet(b"{}", protocol_type=34, correlation_id=b"call-0", time_us=start),
        make_packet(b"VQ", protocol_type=35, correlation_id=b"call-0", time_us=start),
        make_packet(b"other", protocol_type=99, time_us=start),
        make_packet(isup, protocol_type=54, time_us=start),
        make_packet(b"CRITICAL: x", protocol_type=100, correlation_id=b"call-0", time_us=start),
    ]
    await store(database, packets)


async def test_queries_of_homers_users_give_right_values(
    database: str, grafana: asyncpg.Connection
) -> None:
    """What panels, scripts and HOMER's own search ask, by a role that may only read."""
    await fill(database)
    span = (NOW - timedelta(hours=1), NOW)
    found = [
        await grafana.fetchval(
            f"select count(*) from hep_proto_{table} where {wanted}"
            " and create_date between $1 and $2",
            *span,
        )
        for table, wanted, _ in COUNTS
    ]

    assert found == [count for _, _, count in COUNTS]
    assert sum(row["value"] for row in await grafana.fetch(PANEL, *span)) == 3 * 7 + 1
    assert len(await grafana.fetch(NEWEST, *span)) == 5


async def test_real_traffic_reads_as_it_was_sent(
    database: str, grafana: asyncpg.Connection, corpus: Path
) -> None:
    """Recordings of five agents: each message with its addresses, Call-ID, method and text."""
    await execute(database, "update hepscope.partition_policy set keep = '30 years'")
    recordings = [hep_recording(corpus, name) for name in HEP_RECORDINGS]
    await store(database, [packet for one in recordings for packet in one.packets])
    view = {1: "1_call", 5: "5_default", 100: "100_default"}
    expected = sorted(
        (one.protocol_type, one.call_id or "", *one.source, one.method or str(one.status or ""))
        for recording in recordings
        for one in recording.expected
    )
    found = []
    for table in TABLES:
        rows = await grafana.fetch(
            "select (protocol_header->>'payloadType')::int kind, sid,"
            " protocol_header->>'srcIp' ip, (protocol_header->>'srcPort')::int port,"
            f" coalesce(data_header->>'method', '') as method from {table}"
        )
        found += [tuple(row) for row in rows]

    assert sorted(found) == expected
    assert {view[kind] for kind, *_ in expected} == {"1_call", "5_default", "100_default"}


async def explain(connection: asyncpg.Connection, query: str, *values: object) -> str:
    """Return the plan of a query."""
    return "\n".join(row[0] for row in await connection.fetch("explain " + query, *values))


async def test_create_date_prunes_partitions(database: str, grafana: asyncpg.Connection) -> None:
    """Only the partitions of the range asked for are in the plan, of all that are stored."""
    for days in range(5):
        at = NOW_US - days * DAY_US
        await store(
            database,
            [*make_call(f"c{days}", start_us=at), make_packet(b"x", protocol_type=100, time_us=at)],
        )
    await grafana.execute("set plan_cache_mode = force_custom_plan")
    for table, leaf in (
        ("hep_proto_1_call", "sip_call_p"),
        ("hep_proto_100_default", "packet_log_p"),
        ("hep_proto_35_default", "packet_log_p"),
    ):
        query = f"select * from {table}"
        assert (await explain(grafana, query)).count(leaf) == 5
        ranged = query + " where create_date >= $1 and create_date < $2"
        plan = await explain(grafana, ranged, NOW - timedelta(days=2, hours=2), NOW)
        assert plan.count(leaf) == 3
        plan = await explain(grafana, ranged, NOW - timedelta(hours=2), NOW)
        assert plan.count(leaf) == 1


async def test_sid_finds_its_index(database: str, grafana: asyncpg.Connection) -> None:
    """A Call-ID is looked up by index in every partition, also several of them at once."""
    await fill(database)
    await grafana.execute("set enable_seqscan = off")
    for condition in ("sid = 'call-0'", "sid in ('call-0', 'call-1')"):
        for table, index in (
            ("hep_proto_1_call", "call_id"),
            ("hep_proto_5_default", "call_id"),
            ("hep_proto_100_default", "call_id"),
        ):
            plan = await explain(grafana, f"select * from {table} where {condition}")
            assert "Seq Scan" not in plan
            assert index in plan


@pytest.mark.parametrize(
    ("payload", "raw"),
    [
        (b"a\0b", "a\ufffdb"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"caf\xc3\xa9 \xe9 \\ \\000", "caf\u00e9 \ufffd \\ \\000"),
        (b"\\\0\\", "\\\ufffd\\"),
        (b"\xed\xa0\x80", "\ufffd\ufffd\ufffd"),
        (b"\xf0\x9f\x98\x80\xf0\x9f", "\U0001f600\ufffd\ufffd"),
        (b"\xc0\x80\xf5", "\ufffd\ufffd\ufffd"),
        (b"line\r\n\0", "line\r\n\ufffd"),
        (b"", ""),
    ],
)
async def test_odd_payloads_are_readable(
    grafana: asyncpg.Connection, payload: bytes, raw: str
) -> None:
    """Valid characters stay, every other byte becomes U+FFFD."""
    assert await grafana.fetchval("select homer.odd_text($1)", payload) == raw


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.one_of(st.binary(max_size=60), st.text(max_size=20).map(lambda t: t.encode()[1:])))
async def test_no_payload_raises(grafana: asyncpg.Connection, payload: bytes) -> None:
    """Whatever the bytes: text of PostgreSQL, and what was valid UTF-8 is what it was."""
    text = await grafana.fetchval("select homer.odd_text($1)", payload)

    assert text.replace("\ufffd", "") == payload.decode("utf-8", "ignore").replace(
        "\0", ""
    ).replace("\ufffd", "")


async def test_stored_oddities_never_fail_a_query(
    database: str, grafana: asyncpg.Connection
) -> None:
    """NUL, wrong bytes, 64 kB of them, deep or wrong JSON: every row of every view is read."""
    await store(
        database,
        [
            make_packet(make_request("INVITE", "odd").replace(b"builder", b"b\0\xff")),
            make_packet(b"\xff\0" * 30_000, protocol_type=5),
            make_packet(b"\0", protocol_type=100),
            make_packet(b"no json", protocol_type=54),
            make_packet(b"[" * 60_000, protocol_type=54),
            make_packet(b'{"cic": "\xff"}', protocol_type=54),
            make_packet(b"not sip at all \xff"),
        ],
    )

    rows = [row for table in TABLES for row in await grafana.fetch(f"select * from {table}")]

    assert len(rows) == 7
    assert sum("User-Agent: b\ufffd\ufffd/1" in row["raw"] for row in rows) == 1


async def test_rows_without_a_partition_are_seen(
    database: str, grafana: asyncpg.Connection
) -> None:
    """A stray belongs to its view as any other row does."""
    await store(database, make_call("inside"))
    await execute(
        database,
        "insert into hepscope.sip_stray (time, received_at, id, class, transport, call_id, payload)"
        " values ('2001-01-01', now(), 1, 1, 1, 'stray', 'x')",
    )

    assert await grafana.fetchval("select raw from hep_proto_1_call where sid = 'stray'") == "x"
    assert await grafana.fetchval("select count(*) from hep_proto_1_default") == 0


async def test_a_replaced_time_stays_in_the_header(
    database: str, grafana: asyncpg.Connection
) -> None:
    """create_date is where the row lies; timeSeconds is what the packet said, unless absurd."""
    sent = NOW_US - 400 * DAY_US
    await store(
        database,
        [
            make_packet(make_request("INVITE", "old"), time_us=sent),
            make_packet(make_request("INVITE", "absurd"), time_us=1_000_000),
        ],
    )

    rows = await grafana.fetch(
        "select sid, create_date, (protocol_header->>'timeSeconds')::bigint s from hep_proto_1_call"
    )
    assert {row["sid"]: (row["create_date"], row["s"]) for row in rows} == {
        "old": (NOW, sent // 1_000_000),
        "absurd": (NOW, NOW_US // 1_000_000),
    }
