"""Every column reads back as what went in, whatever went in."""

import ipaddress
import json

import pytest

from hep import HepPacket, encode3
from hepscope_storage_writer import packet_rows, sip_rows
from integration.storage_writer.rig import NOW_US, SETTINGS, fetch, store
from support.builders import make_packet, make_request, make_response

pytestmark = pytest.mark.database

PAYLOAD = (
    b"INVITE sip:ruri-user@ruri.example;user=phone SIP/2.0\r\n"
    b"Via: SIP/2.0/TLS [2001:db8::9]:5061;branch=z9hG4bK-branch\r\n"
    b'From: "A" <sip:from-user@from.example>;tag=from-tag\r\n'
    b"To: <sip:to-user@to.example>;tag=to-tag\r\n"
    b"Call-ID: call@id\r\n"
    b"CSeq: 4711 INVITE\r\n"
    b"User-Agent: agent \xc3\xa9\r\n"
    b"P-Asserted-Identity: <sip:asserted@example.org>\r\n"
    b"X-CID: other-leg\r\n"
    b"x-multi: one\r\n"
    b"x-multi: two\r\n"
    b"Content-Length: 0\r\n\r\n"
)


def hep(payload: bytes, **values: object) -> bytes:
    """Return a packet with every envelope field set."""
    fields: dict[str, object] = {
        "family": 10,
        "ip_protocol": 22,
        "source": ipaddress.ip_address("2001:db8::1").packed,
        "destination": ipaddress.ip_address("2001:db8::2").packed,
        "source_port": 65535,
        "destination_port": 5061,
        "time_us": NOW_US - 5,
        "node_id": 4_000_000_001,
        "node_name": "knoten-ü".encode(),
        "correlation_id": b"corr",
        "extra": ((0, 18, b"\0\x64"), (3, 8, b"vendor")),
        "payload": payload,
    }
    return encode3(HepPacket(**(fields | values)))  # type: ignore[arg-type] # test values by name


async def test_every_column_of_a_message_reads_back(database: str) -> None:
    """All columns of sip, with IPv6, a 32-bit node id and vendor chunks."""
    await store(database, [hep(PAYLOAD)])

    (row,) = await fetch(
        database,
        "select *, hepscope.unix_us(time) time_us, hepscope.unix_us(received_at) received_us"
        " from hepscope.sip",
    )
    expected = {
        "time_us": NOW_US - 5,
        "received_us": NOW_US,
        "capture_time": None,
        "cseq": 4711,
        "source_port": 65535,
        "destination_port": 5061,
        "node_id": 4_000_000_001,
        "class": 1,
        "status": None,
        "protocol_type": 1,
        "ip_protocol": 22,
        "transport": 3,
        "hep_version": 3,
        "flags": 0,
        "payload_codec": 0,
        "source": ipaddress.ip_address("2001:db8::1"),
        "destination": ipaddress.ip_address("2001:db8::2"),
        "call_id": "call@id",
        "correlation_id": "corr",
        "method": "INVITE",
        "cseq_method": "INVITE",
        "reason": None,
        "ruri_user": "ruri-user",
        "ruri_domain": "ruri.example",
        "from_user": "from-user",
        "from_domain": "from.example",
        "from_tag": "from-tag",
        "to_user": "to-user",
        "to_domain": "to.example",
        "to_tag": "to-tag",
        "user_agent": "agent é",
        "via_branch": "z9hG4bK-branch",
        "node": "knoten-ü",
        "fault": None,
        "payload": PAYLOAD,
    }
    assert {name: row[name] for name in expected} == expected
    assert json.loads(row["extra"]) == {
        "P-Asserted-Identity": "<sip:asserted@example.org>",
        "X-CID": "other-leg",
        "x-multi": ["one", "two"],
        "hep:chunks": {"0:18": "0064", "3:8": b"vendor".hex()},
    }


async def test_every_column_of_a_packet_reads_back(database: str) -> None:
    """All columns of packet; a correlation id is also the Call-ID it is found by."""
    await store(database, [hep(b"\0\xff binary", protocol_type=34, ip_protocol=17)])

    (row,) = await fetch(database, "select *, hepscope.unix_us(time) time_us from hepscope.packet")
    expected = {
        "time_us": NOW_US - 5,
        "capture_time": None,
        "source_port": 65535,
        "destination_port": 5061,
        "node_id": 4_000_000_001,
        "class": 1,
        "protocol_type": 34,
        "ip_protocol": 17,
        "hep_version": 3,
        "flags": 1,
        "payload_codec": 0,
        "source": ipaddress.ip_address("2001:db8::1"),
        "call_id": "corr",
        "correlation_id": "corr",
        "node": "knoten-ü",
        "payload": b"\0\xff binary",
    }
    assert {name: row[name] for name in expected} == expected
    assert json.loads(row["extra"]) == {"hep:chunks": {"0:18": "0064", "3:8": b"vendor".hex()}}


async def test_the_layouts_are_the_columns_of_the_tables(database: str) -> None:
    """COPY names every column there is, in the order of the table."""
    for table, columns in (("sip", sip_rows.COLUMNS), ("packet", packet_rows.COLUMNS)):
        found = await fetch(
            database,
            "select attname from pg_attribute where attrelid = $1::text::regclass"
            " and attnum > 0 and not attisdropped order by attnum",
            f"hepscope.{table}",
        )
        assert tuple(row["attname"] for row in found) == columns


async def test_nul_and_invalid_utf8_cost_no_row(database: str) -> None:
    """Text columns get U+FFFD, the payload stays as it came, a flag says it is no text."""
    payload = make_request("INVITE", "bad").replace(b"builder/1", b"evil\0\xff\xed\xa0\x80agent")

    await store(database, [make_packet(payload), *[make_packet(make_response(200))] * 3])

    (row,) = await fetch(database, "select * from hepscope.sip where call_id = 'bad'")
    assert row["user_agent"].startswith("evil��")
    assert row["payload"] == payload
    assert row["flags"] & 1
    assert len(await fetch(database, "select from hepscope.sip")) == 4


async def test_oversized_values_are_cut_and_stored(database: str) -> None:
    """A user part of 3 kB, a Call-ID of 2 kB, a 64 kB body, 300 odd headers: one row each."""
    packets = [
        make_packet(make_request("INVITE", "long-user", from_user="u" * 3000)),
        make_packet(make_request("INVITE", "c" * 2000)),
        make_packet(make_request("MESSAGE", "long-body", body="\u00fc" * 29_000)),
        make_packet(
            make_request(
                "INVITE", "headers", headers="".join(f"X-{n}: {'v' * 150}\r\n" for n in range(300))
            )
        ),
        make_packet(make_request("INVITE", "fault").replace(b"CSeq: 1", b"CSeq: 99999999999999")),
    ]

    await store(database, packets)

    rows = {row["call_id"][:9]: row for row in await fetch(database, "select * from hepscope.sip")}
    assert len(rows) == 5
    assert rows["long-user"]["from_user"] == "u" * 256
    assert len(rows["c" * 9]["call_id"].encode()) <= 512
    assert len(rows["long-body"]["payload"]) > 58_000
    assert len(json.loads(rows["headers"]["extra"])) == 64
    assert rows["fault"]["flags"] & 2
    calls = await fetch(database, "select call_id from hepscope.call")
    assert {row["call_id"] for row in calls} == {row["call_id"] for row in rows.values()}


async def test_a_message_without_call_id_is_stored_without_a_call(database: str) -> None:
    """Its Call-ID is the empty text, and no call row gathers what has nothing in common."""
    payload = make_request("INVITE", "x").replace(b"Call-ID: x\r\n", b"")

    await store(database, [make_packet(payload)], SETTINGS)

    (row,) = await fetch(database, "select call_id, fault from hepscope.sip")
    assert (row["call_id"], row["fault"]) == ("", "missing_call_id")
    assert await fetch(database, "select from hepscope.call") == []
