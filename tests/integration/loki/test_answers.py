"""What the sink does with each answer of Loki; over the bus in memory."""

import asyncio
import ssl
import threading
import time
from pathlib import Path

import pytest
import trustme

from hepscope_common.bus import MemoryBus
from hepscope_common.clock import wall_clock_us
from hepscope_common.runtime import StartupError
from integration.loki.rig import (
    assert_in_order,
    log,
    numbers,
    put,
    running_sink,
    settings_of,
    sip,
    until,
)
from support.loki import Loki, Reply, running_loki

DAY_US = 86_400_000_000


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500, "boom"),
        Reply(503, "", {"retry-after": "0"}),
        Reply(429, "ingestion rate limit exceeded"),
        Reply(408),
        Reply(401, "no org id"),
        Reply(404, "404 page not found"),
        Reply(200, "<html>"),
        Reply(302, "", {"location": "http://127.0.0.1:1/"}),
        Reply(400, "couldn't parse labels: 1:1"),
        Reply(reset=True),
        Reply(reset=True, stores=True),
        Reply(500, "stored all the same", stores=True),
    ],
    ids=lambda reply: f"{reply.status}-{reply.reset}-{reply.stores}",
)
async def test_what_is_no_acknowledgement_is_tried_again(loki: Loki, reply: Reply) -> None:
    """Nothing is lost, and nothing given up; it is ready and says what is wrong meanwhile."""
    bus = MemoryBus(partitions=2)
    loki.always = reply
    async with running_sink(bus, settings_of(loki), drops=True) as rig:
        await put(bus, [sip(n) for n in range(40)])
        await until(lambda: len(loki.requests) >= 4, "tries")
        await until(lambda: not rig.sink.is_up, "trouble")
        is_ready, detail = rig.sink.readiness()
        assert is_ready
        assert detail.startswith("Loki takes nothing since")
        assert rig.count("up") == 0
        assert rig.count("retries_total") >= 1
        loki.always = None
        await until(lambda: len(set(numbers(loki))) == 40, "all lines")
        await until(lambda: rig.sink.is_up, "it is well")
    assert_in_order(loki)
    assert rig.count("refused_total") == 0
    if not reply.stores:
        assert len(loki.lines) == 40


async def test_a_slow_loki_is_given_up_and_tried_again(loki: Loki) -> None:
    """After the timeout; the push may have been stored."""
    bus = MemoryBus(partitions=1)
    never = threading.Event()
    loki.script.append(Reply(204, stores=True, until=never))
    async with running_sink(bus, settings_of(loki, timeout_seconds=2), drops=True):
        await put(bus, [sip(1)])
        await until(lambda: len(loki.lines) == 1, "the second try")
    never.set()
    assert len(loki.requests) == 2


async def test_a_pause_that_loki_asks_for_is_kept(loki: Loki) -> None:
    """Retry-After, in seconds."""
    bus = MemoryBus(partitions=1)
    loki.script.append(Reply(429, "slow down", {"retry-after": "1"}))
    begin = time.monotonic()
    async with running_sink(bus, settings_of(loki), drops=True):
        await put(bus, [sip(1)])
        await until(lambda: loki.lines, "the second")
    assert time.monotonic() - begin >= 0.99
    assert len(loki.requests) == 2


async def test_a_storm_of_429_makes_pushes_smaller_until_they_fit(loki: Loki) -> None:
    """A limit below the size of a batch would refuse it for ever."""
    bus = MemoryBus(partitions=2)
    loki.rate_limit_bytes = 40_000
    async with running_sink(bus, settings_of(loki, batch_bytes=512 * 1024), drops=True) as rig:
        await put(bus, [sip(n, payload=b"") for n in range(1500)])
        await until(lambda: len(set(numbers(loki))) == 1500, "all lines")
    assert loki.statuses[429] >= 1
    assert max(loki.pushes) > min(loki.pushes)
    assert rig.count("refused_total") == 0
    assert_in_order(loki)


async def test_lines_that_loki_refuses_for_good_are_counted_and_passed(loki: Loki) -> None:
    """It has stored the others of the push already; sending it again would be for ever."""
    bus = MemoryBus(partitions=1)
    long_ago = wall_clock_us() - 8 * DAY_US
    loki.max_line_bytes = 3000
    async with running_sink(bus, settings_of(loki), drops=True) as rig:
        await put(bus, [sip(n, time_us=long_ago) for n in range(3)], received_at_us=long_ago)
        await put(bus, [log("x" * 5000), *(sip(n) for n in range(10, 20))])
        await until(lambda: len(loki.lines) == 10, "the others")
        await until(lambda: rig.count("refused_total") == 4, "counts")
        await until(lambda: rig.count("lag_records") == 0, "the end of the bus")
        assert rig.sink.is_up
    assert rig.count("refused_total", reason="greater_than_max_sample_age") == 3
    assert rig.count("refused_total", reason="line_too_long") == 1
    assert rig.count("lines_total") == 10
    assert sorted(numbers(loki)) == list(range(10, 20))


async def test_lines_far_behind_their_stream_are_counted(loki: Loki) -> None:
    """Loki takes lines up to an hour older than the newest of the stream."""
    bus = MemoryBus(partitions=1)
    now_us = wall_clock_us()
    async with running_sink(bus, settings_of(loki), drops=True) as rig:
        await put(bus, [sip(1, time_us=now_us)])
        await until(lambda: len(loki.lines) == 1, "the first")
        await put(bus, [sip(n, time_us=now_us - 7_200_000_000 + n) for n in range(2, 32)])
        await until(lambda: rig.count("refused_total", reason="too_far_behind") == 30, "counts")
        await put(bus, [sip(99)])
        await until(lambda: len(loki.lines) == 2, "the next")


async def test_one_line_that_makes_a_push_unreadable_is_found_and_passed(loki: Loki) -> None:
    """By halving; all others are stored."""
    bus = MemoryBus(partitions=2)
    loki.poison = b"call-000077"
    async with running_sink(bus, settings_of(loki, batch_wait_ms=200), drops=True) as rig:
        await put(bus, [sip(n) for n in range(200)])
        await until(lambda: len(loki.lines) == 199, "the others")
        await until(lambda: rig.count("refused_total", reason="other") == 1, "the count")
        assert rig.sink.is_up
    assert 77 not in numbers(loki)
    assert_in_order(loki)


async def test_one_unreadable_line_alone_waits_for_others(loki: Loki) -> None:
    """It may be Loki's fault or its own: that shows when more comes."""
    bus = MemoryBus(partitions=1)
    loki.poison = b"call-000001"
    async with running_sink(bus, settings_of(loki), drops=True) as rig:
        await put(bus, [sip(1)])
        await until(lambda: len(loki.requests) >= 3, "tries")
        assert rig.count("refused_total") == 0
        await put(bus, [sip(2)])
        await until(lambda: rig.count("refused_total", reason="other") == 1, "the count")
    assert numbers(loki) == [2]


async def test_many_unreadable_lines_of_one_sender_hold_nobody_up(loki: Loki) -> None:
    """Wherever they stand, a line that Loki takes is found, and shows that they are at fault."""
    bus = MemoryBus(partitions=1)
    loki.poison = b"poison"
    payload = b"INVITE sip:poison SIP/2.0\r\nCall-ID: call-%06d@x\r\n\r\n"
    async with running_sink(bus, settings_of(loki, batch_wait_ms=200), drops=True) as rig:
        await put(bus, [sip(n, node="a", payload=payload % n) for n in range(40)])
        await put(bus, [sip(n, node="b") for n in range(100, 150)])
        await until(lambda: len(set(numbers(loki))) == 50, "the others")
        await until(lambda: rig.count("refused_total", reason="other") == 40, "the count")
        await until(lambda: rig.sink.is_up, "it is well")


async def test_a_loki_that_refuses_everything_is_told_with_few_tries(loki: Loki) -> None:
    """A wrong tenant must not cost two requests a line, nor any line."""
    bus = MemoryBus(partitions=1)
    loki.always = Reply(400, "tenant ID 'x' contains unsupported character")
    settings = settings_of(loki, retry_min_ms=60_000, retry_max_ms=60_000, drain_seconds=0)
    async with running_sink(bus, settings, drops=True) as rig:
        await put(bus, [sip(n) for n in range(500)], per_record=500)
        await until(lambda: not rig.sink.is_up, "trouble")
        assert "refuses everything: 400: tenant ID" in rig.sink.readiness()[1]
    assert len(loki.requests) < 60
    assert rig.count("refused_total") == 0
    assert rig.count("passed_records_total", reason="ended") == 1


async def test_a_loki_without_structured_metadata_gets_plain_lines(loki: Loki) -> None:
    """From then on; no line is lost."""
    bus = MemoryBus(partitions=1)
    loki.allows_metadata = False
    async with running_sink(bus, settings_of(loki), drops=True) as rig:
        await put(bus, [sip(n) for n in range(10)])
        await until(lambda: len(loki.lines) == 10, "all lines")
        await put(bus, [sip(11)])
        await until(lambda: len(loki.lines) == 11, "the next")
    assert loki.statuses[400] == 1
    assert rig.count("refused_total") == 0
    assert rig.count("pushes_total", outcome="metadata_refused") == 1


async def test_a_proxy_with_a_small_limit_gets_smaller_pushes(loki: Loki) -> None:
    """A line that alone is too large is counted."""
    bus = MemoryBus(partitions=1)
    loki.max_body_bytes = 3000
    noise = bytes(range(33, 127)).decode()
    big = "".join(chr(33 + (n * n * 7919 + n) % 9001) for n in range(4000))
    async with running_sink(bus, settings_of(loki, batch_wait_ms=100), drops=True) as rig:
        await put(bus, [log(big), *(log(f"{n} {noise}") for n in range(200))])
        await until(lambda: len(loki.lines) == 200, "all others")
        await until(lambda: rig.count("refused_total") == 1, "the count")
    assert loki.statuses[413] > 1
    assert rig.count("refused_total", reason="request_too_large") == 1


async def test_tenant_and_credentials(loki: Loki) -> None:
    """As Loki and the gateways before it want them."""
    loki.tenant = "voice"
    loki.authorization = "Bearer secret"
    bus = MemoryBus(partitions=1)
    async with running_sink(bus, settings_of(loki, tenant="voice", token="secret"), drops=True):
        await put(bus, [sip(1)])
        await until(lambda: loki.lines, "a line")
    assert loki.requests[-1]["user-agent"].startswith("hepscope/")


@pytest.mark.parametrize("in_url", [True, False])
async def test_basic_authentication(
    loki: Loki, caplog: pytest.LogCaptureFixture, in_url: bool
) -> None:
    """By settings or in the address, which is logged without."""
    loki.authorization = "Basic dTpw"
    values = (
        {"url": loki.url.replace("//", "//u:p@")} if in_url else {"username": "u", "password": "p"}
    )
    bus = MemoryBus(partitions=1)
    with caplog.at_level("INFO"):
        async with running_sink(bus, settings_of(loki, **values), drops=True):
            await put(bus, [sip(1)])
            await until(lambda: loki.lines, "a line")
    assert "/loki/api/v1/push" in caplog.text
    assert "u:p" not in caplog.text


async def test_tls_with_a_ca_of_its_own(tmp_path: Path) -> None:
    """And not without it."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with running_loki() as loki:
        loki.stop()
        loki.start(context)
        url = f"https://localhost:{loki.port}"
        bus = MemoryBus(partitions=1)
        settings = settings_of(loki, url=url, tls_ca_file=tmp_path / "ca.pem")
        async with running_sink(bus, settings, drops=True):
            await put(bus, [sip(1)])
            await until(lambda: loki.lines, "a line")
        stranger = settings_of(loki, url=url, drain_seconds=0)
        async with running_sink(bus, stranger, drops=True) as rig:
            await put(bus, [sip(2)])
            await until(lambda: "CERTIFICATE" in rig.sink.readiness()[1], "trouble")
    assert numbers(loki) == [1]


async def test_certificates_that_cannot_be_read_end_the_start(loki: Loki, tmp_path: Path) -> None:
    """With the name of the setting."""
    settings = settings_of(loki, url="https://localhost", tls_ca_file=tmp_path / "none.pem")
    with pytest.raises(StartupError, match=r"loki\.tls_ca_file"):
        async with running_sink(MemoryBus(), settings, drops=True):
            await asyncio.sleep(0)
