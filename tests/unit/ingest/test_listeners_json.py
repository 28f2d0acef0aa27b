"""Packets as JSON: every key, every mistake, and that nothing else comes out of it."""

import base64
import contextlib
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hep import HepPacket, decode3, encode3
from hepscope_ingest.listeners.json_packets import (
    MAX_PACKETS,
    BadPacketsError,
    parse_packets,
)
from unit.ingest.conftest import ANY, PATIENCE_SECONDS, MakeRig, Rig
from unit.ingest.http_world import reading

NOW_US = 1_795_424_000_000_000

FULL = {
    "payload": "INVITE sip:bob@example.org SIP/2.0\r\nCall-ID: a@x\r\n\r\n",
    "protocol_type": 1,
    "ip_protocol": "tcp",
    "source": {"ip": "192.0.2.1", "port": 5060},
    "destination": {"ip": "192.0.2.2", "port": 5062},
    "time": "2026-11-23T09:53:20.123456+01:00",
    "node": "sbc-1",
    "node_id": 2001,
    "correlation_id": "a@x",
    "auth_key": "secret",
}


def parse(value: object) -> list[HepPacket]:
    """Return the packets of a value."""
    return parse_packets(json.dumps(value).encode(), NOW_US)


def only(**values: object) -> HepPacket:
    """Return the packet with these keys, and a payload where none is given."""
    (packet,) = parse({"payload": "x"} | values if "payload_base64" not in values else values)
    return packet


def test_every_key_has_its_place() -> None:
    """What a shell script says is what a HEP packet holds."""
    (packet,) = parse(FULL)
    assert packet == HepPacket(
        ip_protocol=6,
        source=bytes([192, 0, 2, 1]),
        destination=bytes([192, 0, 2, 2]),
        source_port=5060,
        destination_port=5062,
        time_us=1_795_424_000_123_456,
        protocol_type=1,
        node_id=2001,
        payload=str(FULL["payload"]).encode(),
        node_name=b"sbc-1",
        correlation_id=b"a@x",
        auth_key=b"secret",
    )


def test_a_payload_is_enough() -> None:
    """SIP over UDP, now, from nobody knows where."""
    (packet,) = parse({"payload": "hello"})
    assert packet == HepPacket(payload=b"hello", time_us=NOW_US)
    assert decode3(encode3(packet)).payload == b"hello"


@pytest.mark.parametrize(
    ("time", "time_us"),
    [
        ("2026-11-23T08:53:20Z", 1_795_424_000_000_000),
        ("2026-11-23 08:53:20.5+00:00", 1_795_424_000_500_000),
        (1_795_424_000, 1_795_424_000_000_000),
        (1_795_424_000.123456, 1_795_424_000_123_456),
        (0, 0),
    ],
)
def test_a_time_is_text_or_seconds(time: object, time_us: int) -> None:
    """Exact to the microsecond."""
    assert only(time=time).time_us == time_us


def test_names_stand_for_numbers() -> None:
    """As the tables of HEP name them, in any case."""
    assert only(protocol_type="log").protocol_type == 100
    assert only(protocol_type="RTCP_JSON").protocol_type == 5
    assert only(ip_protocol="TLS").ip_protocol == 22
    assert only(ip_protocol=132).ip_protocol == 132


def test_any_bytes_come_as_base64() -> None:
    """A payload need not be text."""
    every = bytes(range(256))
    assert only(payload_base64=base64.b64encode(every).decode()).payload == every


def test_addresses_of_both_families_are_taken() -> None:
    """IPv6 alone or on both sides."""
    packet = only(source={"ip": "2001:db8::1", "port": 5060})
    assert (packet.family, packet.source[:4]) == (10, b"\x20\x01\x0d\xb8")
    assert decode3(encode3(packet)).source == packet.source


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"payload": "x", "protocol": 1}, "packet 0: unknown key protocol"),
        ({"payload": "x", "source": {"ip": "::1", "host": "a"}}, "unknown key source.host"),
        ({"payload": "x", "a": 1, "b": 2}, "unknown key a, unknown key b"),
        ([{"payload": "x"}, {"payload": "x", "tyme": 1}], "packet 1: unknown key tyme"),
        ({}, "give payload or payload_base64, one of them"),
        ({"payload": "x", "payload_base64": "eA=="}, "one of them"),
        ({"payload": 5}, "payload: Input should be a valid string"),
        ({"payload_base64": "!"}, "payload_base64: "),
        ({"payload": "x", "source": {"ip": "sbc.example.org"}}, "source.ip: "),
        ({"payload": "x", "source": {"ip": "::1", "port": 70000}}, "source.port: "),
        ({"payload": "x", "source": {"port": 1}}, "source.ip: Field required"),
        ({"payload": "x", "source": "192.0.2.1:5060"}, "source: "),
        (
            {"payload": "x", "source": {"ip": "::1"}, "destination": {"ip": "192.0.2.1"}},
            "of two families",
        ),
        ({"payload": "x", "time": "yesterday"}, "time: "),
        ({"payload": "x", "time": "2026-11-23T08:53:20"}, "without Z or an offset"),
        ({"payload": "x", "time": 1_795_424_000_000}, "are they milliseconds?"),
        ({"payload": "x", "time": 10**400}, "not Unix seconds"),
        ({"payload": "x", "time": "1969-12-31T23:59:59Z"}, "before 1970"),
        ({"payload": "x", "time": True}, "time: "),
        ({"payload": "x", "protocol_type": "smoke"}, "protocol_type: unknown name 'smoke'"),
        ({"payload": "x", "protocol_type": 256}, "256 is not a number from 0 to 255"),
        ({"payload": "x", "ip_protocol": -1}, "-1 is not a number"),
        ({"payload": "x", "node_id": 1 << 32}, "node_id: "),
        ({"payload": "x", "node_id": "7"}, "node_id: "),
        ({"payload": "\ud800"}, "payload: "),
        ([], "0 packets"),
        ([{"payload": "x"}] * (MAX_PACKETS + 1), "10001 packets"),
        ([[]], "packet 0: "),
        (5, "packet 0: "),
        (None, "packet 0: "),
    ],
)
def test_a_mistake_is_named(value: object, message: str) -> None:
    """By packet and key; nothing of the request is taken."""
    with pytest.raises(BadPacketsError) as caught:
        parse(value)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "text", [b"", b"{", b"\xff", b"NaN", b'{"time": Infinity}', b"[" * 100_000]
)
def test_what_is_no_json_is_named(text: bytes) -> None:
    """However deep it nests."""
    with pytest.raises(BadPacketsError, match="not JSON"):
        parse_packets(text, NOW_US)


def test_many_mistakes_are_not_all_told() -> None:
    """An answer is for a person."""
    with pytest.raises(BadPacketsError) as caught:
        parse([{"x": 1}] * 500)
    assert str(caught.value).count("unknown key x") == 10


_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
_keys = st.sampled_from([*FULL, "payload_base64", "ip", "port"]) | st.text(max_size=5)
_values = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=4)
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(_keys, _values, max_size=6) | _values)
def test_any_json_gives_packets_or_names_its_mistake(value: object) -> None:
    """And nothing else."""
    packets: list[HepPacket] = []
    with contextlib.suppress(BadPacketsError):
        packets = parse_packets(json.dumps(value).encode(), NOW_US)
    for packet in packets:
        assert decode3(encode3(packet)).payload == packet.payload


@pytest.fixture
async def rig(make_rig: MakeRig) -> AsyncIterator[Rig]:
    """An ingest that serves HTTP."""
    async with make_rig(http=ANY) as made:
        yield made


async def test_json_is_answered_once_it_is_safe(rig: Rig) -> None:
    """Each object one packet; mistakes are 400 that name them, and nothing of them is stored."""
    async with reading(rig) as stored, httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
        url = f"http://{rig.http}/hep"
        line = {"payload": "queue 7 is stuck", "protocol_type": "log", "node": "sbc-1"}
        answer = await client.post(url, json=[FULL, line])
        assert (answer.status_code, answer.json()["accepted"]) == (200, 2)
        assert {packet.protocol_type for packet in stored} == {1, 100}

        wrong = await client.post(url, json=[FULL, {**line, "colour": "red"}])
        assert wrong.status_code == 400
        assert wrong.headers["content-type"] == "application/problem+json"
        assert wrong.json()["detail"] == "packet 1: unknown key colour"
        assert rig.count("refused_total", reason="bad_request") == 1

        huge = base64.b64encode(bytes(2_000_000)).decode()
        large = await client.post(url, json=[FULL, {"payload_base64": huge}])
        assert large.json() == {"accepted": 1, "refused": 1, "reasons": {"too_large": 1}}
        assert len(stored) == 3
    assert rig.count("received_total", transport="http") == 4


async def test_a_key_of_json_or_header_opens_the_door(make_rig: MakeRig) -> None:
    """The header's counts before the packet's."""
    async with (
        make_rig(http=ANY, auth_keys="secret") as rig,
        reading(rig) as stored,
        httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client,
    ):
        url = f"http://{rig.http}/hep"
        assert (await client.post(url, json={"payload": "x"})).json()["reasons"] == {"auth_key": 1}
        assert (await client.post(url, json=FULL)).status_code == 200
        headers = {"X-Hep-Auth": "secret"}
        assert (await client.post(url, json={"payload": "x"}, headers=headers)).status_code == 200
        assert len(stored) == 2
