"""HEP by HTTP, by real clients: what is answered when."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import httpx
import pytest
from starlette.requests import Request
from starlette.types import Message

from hep import HepPacket, decode3, encode1, encode2
from hepscope_ingest.listeners.bodies import with_key
from support.builders import make_call, make_packet, make_request
from unit.ingest.conftest import ANY, PATIENCE_SECONDS, MakeRig, Rig
from unit.ingest.http_world import HEAD, PACKET, post, raw, reading

OCTET_STREAM = b"application/octet-stream"


@pytest.fixture
async def rig(make_rig: MakeRig) -> AsyncIterator[Rig]:
    """An ingest that serves HTTP."""
    async with make_rig(http=ANY) as made:
        yield made


@pytest.fixture
async def stored(rig: Rig) -> AsyncIterator[list[HepPacket]]:
    """What a reader that acknowledges all the time has got so far."""
    async with reading(rig) as found:
        yield found


async def test_a_packet_is_stored_when_it_is_answered(rig: Rig, stored: list[HepPacket]) -> None:
    """Annotated like those of any other transport."""
    answer = await post(rig, PACKET)
    assert (answer.status_code, answer.json()) == (
        200,
        {"accepted": 1, "refused": 0, "reasons": {}},
    )
    (packet,) = stored
    assert packet.payload == make_request()
    assert packet.peer[:4] == bytes([127, 0, 0, 1])
    assert rig.count("received_total", transport="http") == 1


async def test_nothing_is_answered_before_the_bus_acknowledges(rig: Rig) -> None:
    """The answer waits for the reader, not for ingest."""
    asking = asyncio.create_task(post(rig, PACKET))
    await rig.until(lambda: len(rig.on_bus()) == 1)
    for _ in range(20):
        await asyncio.sleep(0)
    assert not asking.done()
    async with reading(rig):
        assert (await asking).status_code == 200


async def test_many_packets_come_in_one_request(rig: Rig, stored: list[HepPacket]) -> None:
    """More than are taken at once; whole or in chunks."""
    calls = b"".join(packet for n in range(60) for packet in make_call(f"{n}@x"))

    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(calls), 1000):
            yield calls[at : at + 1000]

    for body in (calls, chunks()):
        assert (await post(rig, body)).json()["accepted"] == 420
    assert len(stored) == 840


@pytest.mark.parametrize("encode", [encode1, encode2])
async def test_a_request_may_hold_one_packet_of_an_old_version(
    rig: Rig, stored: list[HepPacket], encode: Callable[[HepPacket], bytes]
) -> None:
    """Alone: those have no length of their own."""
    assert (await post(rig, encode(decode3(PACKET)))).status_code == 200
    assert stored[0].payload == make_request()


async def test_what_is_refused_beside_the_accepted_is_said(
    rig: Rig, stored: list[HepPacket]
) -> None:
    """By reason; garbage between packets is skipped as on a stream, a cut end is not taken."""
    empty = make_packet(b"")
    answer = await post(rig, b"garbage" + PACKET + empty + empty + PACKET[:100])
    assert answer.status_code == 200
    reasons = {"no_payload": 2, "truncated": 1}
    assert answer.json() == {"accepted": 1, "refused": 3, "reasons": reasons}
    assert rig.count("tcp_skipped_bytes_total") == 7
    assert len(stored) == 1


REFUSALS: list[tuple[bytes, str]] = [
    (b"", "empty"),
    (b"garbage", "not_hep"),
    (make_request(), "raw_sip"),
    (PACKET[:-1], "truncated"),
    (b"HEP3", "truncated"),
    (b"\x08\x03\x10\x11", "protobuf"),
    (bytes(200_000), "not_hep"),
    (make_packet(b""), "no_payload"),
]


async def test_a_request_of_refusals_only_is_a_problem(rig: Rig) -> None:
    """400 with details, counted once like anywhere else."""
    for body, reason in REFUSALS:
        before = rig.count("refused_total", reason=reason)
        answer = await post(rig, body)
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["detail"] == "no packet was accepted"
        assert (problem["status"], problem["reasons"]) == (400, {reason: 1})
        assert rig.count("refused_total", reason=reason) == before + 1


async def test_requests_of_other_forms_are_refused_and_named(rig: Rig) -> None:
    """A kind or coding that is not served: 415 says what is."""
    for headers, word in (
        ({"Content-Type": "text/plain"}, "application/octet-stream"),
        ({"Content-Type": ""}, "application/octet-stream"),
        ({"Content-Encoding": "gzip"}, "gzip is not taken"),
    ):
        answer = await post(rig, PACKET, headers)
        assert answer.status_code == 415
        assert word in answer.json()["detail"]
    assert rig.count("refused_total", reason="bad_request") == 3
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
        assert (await client.get(f"http://{rig.http}/hep")).status_code == 405
        assert (await client.get(f"http://{rig.http}/")).status_code == 404


async def test_a_key_may_come_beside_the_packets(make_rig: MakeRig) -> None:
    """For all of a request; it overrules what they carry, and reaches no bus."""
    good = [
        {"X-Hep-Auth": "secret"},
        {"Authorization": "Bearer secret"},
        {"Authorization": "bearer  secret"},
        {"X-Hep-Auth": "secret", "Authorization": "Bearer wrong"},
    ]
    async with make_rig(http=ANY, auth_keys="secret") as rig, reading(rig) as stored:
        packets = PACKET + make_packet(make_request(), auth_key=b"wrong")
        assert (await post(rig, packets)).json()["reasons"] == {"auth_key": 2}
        assert (await post(rig, packets, {"X-Hep-Auth": "wrong"})).status_code == 400
        for headers in good:
            assert (await post(rig, packets, headers)).json()["accepted"] == 2
        assert {packet.auth_key for packet in stored} == {None}
        assert len(stored) == 2 * len(good)


async def test_a_body_over_the_bound_is_413(make_rig: MakeRig) -> None:
    """Before it is read where its length is said, else where it passes."""
    async with make_rig(http=ANY, http_body_bytes=65536) as rig:

        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(100):
                yield bytes(1000)

        assert (await post(rig, bytes(65537))).status_code == 413
        assert (await post(rig, chunks())).status_code == 413
        async with raw(rig) as (reader, writer):
            writer.write(HEAD + b"Content-Length: 99999999999999999\r\n\r\n")
            assert (await reader.readline()).startswith(b"HTTP/1.1 413")
        assert rig.count("refused_total", reason="too_large") == 3
        assert rig.on_bus() == []


async def test_a_full_bus_is_waited_for(make_rig: MakeRig) -> None:
    """A request is slowed, not refused, as long as it is not for too long."""
    calls = b"".join(packet for n in range(300) for packet in make_call(f"{n}@x"))
    async with make_rig(http=ANY, max_bytes=100_000, record_bytes=10_000) as rig:
        asking = asyncio.create_task(post(rig, calls))
        await rig.until(lambda: not rig.ingest.ready()[0])
        async with reading(rig) as stored:
            assert (await asking).json()["accepted"] == 2100
        assert len(stored) == 2100


async def test_a_bus_without_room_is_503_in_the_end(make_rig: MakeRig) -> None:
    """With Retry-After, and with the truth about what was taken."""
    calls = b"".join(packet for n in range(300) for packet in make_call(f"{n}@x"))
    settings = {"max_bytes": 20_000, "record_bytes": 2_000, "http_wait_seconds": 0.3}
    async with make_rig(http=ANY, **settings) as rig:
        first = await post(rig, calls)
        second = await post(rig, PACKET)
        for answer, word in ((first, "may be stored"), (second, "nothing of this request")):
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "5"
            assert word in answer.json()["detail"]
        assert 0 < first.json()["accepted"] < 2100
        assert second.json()["accepted"] == 0
        async with reading(rig) as stored:
            await rig.until(lambda: len(stored) == first.json()["accepted"])
            # Also a request of now is given up after a while, on a machine that is too busy for it.
            async with asyncio.timeout(PATIENCE_SECONDS):
                while (await post(rig, PACKET)).status_code == 503:
                    pass
            assert (await post(rig, PACKET)).status_code == 200


async def test_a_bus_that_does_not_acknowledge_is_503(make_rig: MakeRig) -> None:
    """Room is not enough: what was accepted is not safe yet."""
    async with make_rig(http=ANY, http_wait_seconds=0.2) as rig:
        answer = await post(rig, PACKET)
        assert (answer.status_code, answer.json()["accepted"]) == (503, 1)


async def test_several_requests_share_a_connection(rig: Rig, stored: list[HepPacket]) -> None:
    """Sent one after the other, or before the first is answered."""
    one = HEAD + b"Content-Length: %d\r\n\r\n" % len(PACKET) + PACKET
    async with raw(rig) as (reader, writer):
        writer.write(one * 3)
        answers = b""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while answers.count(b'"accepted":1') < 3:
                answers += await reader.read(4096)
    assert len(stored) == 3


async def test_the_end_answers_what_is_under_way(make_rig: MakeRig) -> None:
    """A request that has come whole gets its acknowledgement first."""
    async with make_rig(http=ANY) as rig:
        asking = asyncio.create_task(post(rig, PACKET))
        await rig.until(lambda: rig.count("received_total", transport="http") == 1)
        ending = asyncio.create_task(rig.ingest.__aexit__(None, None, None))
        async with reading(rig) as stored:
            assert (await asking).status_code == 200
            await ending
        assert len(stored) == 1
        await rig.ingest.__aenter__()


async def test_the_end_says_what_is_not_safe(make_rig: MakeRig) -> None:
    """A request whose packets the bus does not acknowledge gets 503, not silence."""
    async with make_rig(http=ANY) as rig:
        asking = asyncio.create_task(post(rig, PACKET))
        await rig.until(lambda: rig.count("received_total", transport="http") == 1)
        await rig.ingest.__aexit__(None, None, None)
        answer = await asking
        assert (answer.status_code, answer.json()["accepted"]) == (503, 1)
        assert "ingest ends" in answer.json()["detail"]
        await rig.ingest.__aenter__()


async def test_a_request_that_the_end_cuts_off_is_503(rig: Rig) -> None:
    """Wherever it was: one that began while the server closed has not even been read."""

    async def never() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", OCTET_STREAM)]}
    answering = asyncio.create_task(rig.ingest.http[0].requests.post(Request(scope, never)))
    await asyncio.sleep(0)
    answering.cancel()
    answer = await answering
    assert answer.status_code == 503
    assert b"nothing of this request was taken" in bytes(answer.body)


async def test_copies_are_told_apart_from_what_is_taken(make_rig: MakeRig) -> None:
    """A duplicate is neither accepted nor wrong: alone it is 409, since nobody says it is safe."""
    other = make_packet(make_request(call_id="other@x"))
    async with make_rig(http=ANY, rules={"dedup_ms": 300}) as rig, reading(rig) as stored:
        first = await post(rig, PACKET + PACKET)
        assert first.status_code == 200
        assert first.json() == {"accepted": 1, "refused": 1, "reasons": {"duplicate": 1}}
        again = await post(rig, PACKET)
        assert (again.status_code, again.json()["reasons"]) == (409, {"duplicate": 1})
        assert again.json()["accepted"] == 0
        mixed = await post(rig, PACKET + other + make_packet(b""))
        reasons = {"duplicate": 1, "no_payload": 1}
        assert mixed.json() == {"accepted": 1, "refused": 2, "reasons": reasons}
        wrong = await post(rig, PACKET + make_packet(b""))
        assert (wrong.status_code, wrong.json()["refused"]) == (400, 2)
        assert len(stored) == 2


async def test_a_rate_limit_counts_as_refusal(make_rig: MakeRig) -> None:
    """A burst passes, the rest of the request is refused and said."""
    async with make_rig(http=ANY, rate_limit=5) as rig, reading(rig):
        answer = (await post(rig, PACKET * 20)).json()
        assert answer["accepted"] + answer["refused"] == 20
        assert set(answer["reasons"]) == {"rate_limit"}


def test_a_key_makes_no_packet_too_long() -> None:
    """One that has no room for it stays as it is, and is judged without."""
    longest = make_packet(make_request(body="x" * 64_000))
    assert with_key(longest, b"k" * 2000) == longest
    assert decode3(with_key(PACKET, b"k")) == replace(decode3(PACKET), auth_key=b"k")
