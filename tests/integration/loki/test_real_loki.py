"""A real Loki, where HEPSCOPE_TEST_LOKI_URL names one: what is pushed can be queried."""

import os
import secrets
from collections.abc import Iterator

import httpx
import pytest

from hepscope_common.bus import MemoryBus
from hepscope_common.clock import wall_clock_us
from hepscope_storage_writer.loki.settings import LokiSettings
from integration.loki.rig import Rig, log, put, running_sink, sip, until

pytestmark = pytest.mark.public

DAY_US = 86_400_000_000


@pytest.fixture
def base() -> str:
    """The address of Loki."""
    found = os.environ.get("HEPSCOPE_TEST_LOKI_URL", "")
    if not found:
        pytest.skip("HEPSCOPE_TEST_LOKI_URL names no Loki")
    return found.rstrip("/")


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    """A client for queries."""
    with httpx.Client(trust_env=False, timeout=20) as found:
        yield found


def query(client: httpx.Client, base: str, logql: str) -> list[tuple[dict[str, str], int, str]]:
    """Return (labels and metadata, nanoseconds, line) of everything of the last two days."""
    now_us = wall_clock_us()
    response = client.get(
        f"{base}/loki/api/v1/query_range",
        params={
            "query": logql,
            "start": str((now_us - 2 * DAY_US) * 1000),
            "end": str((now_us + DAY_US // 24) * 1000),
            "limit": "1000",
            "direction": "forward",
        },
    )
    assert response.status_code == 200, response.text
    return [
        (stream["stream"], int(time_ns), line)
        for stream in response.json()["data"]["result"]
        for time_ns, line, *_ in stream["values"]
    ]


async def push(settings: LokiSettings, packets: list[bytes], lines: int, **when: int) -> Rig:
    """Push packets, of which Loki takes so many."""
    bus = MemoryBus(partitions=2)
    async with running_sink(bus, settings, drops=True) as rig:
        await put(bus, packets, **when)
        await until(lambda: rig.count("lines_total") >= lines, "lines")
        await until(lambda: rig.count("lag_records") == 0, "all answers")
    return rig


@pytest.mark.parametrize("compression", ["snappy", "gzip", "none"])
async def test_lines_can_be_queried(base: str, client: httpx.Client, compression: str) -> None:
    """By label, by text and by structured metadata; each once."""
    job = f"test-{secrets.token_hex(6)}"
    settings = LokiSettings.model_validate({"url": base, "job": job, "compression": compression})
    packets = [*(sip(n) for n in range(100)), log('quote " and ünïcode \\ \x01', node='no"de\\')]
    await push(settings, packets, 101)

    selector = f'{{job="{job}", type="sip"}}'
    await until(lambda: len(query(client, base, selector)) == 100, "lines in Loki")
    (found,) = query(client, base, f'{selector} | call_id="call-000042@example.org"')
    assert found[0]["method"] == "INVITE"
    assert found[0]["src"] == "192.0.2.1:5060"
    assert found[2].startswith("INVITE sip:bob@example.org SIP/2.0\r\n")
    ((labels, _, line),) = query(client, base, f'{{job="{job}", type="log"}} |= "ünïcode"')
    assert labels["node"] == 'no"de\\'
    assert line == 'quote " and ünïcode \\ \x01'


async def test_lines_that_it_refuses_are_counted_as_it_counts_them(
    base: str, client: httpx.Client
) -> None:
    """Too old, and too far behind; all others are there."""
    job = f"test-{secrets.token_hex(6)}"
    settings = LokiSettings.model_validate({"url": base, "job": job, "batch_wait_ms": 200})
    now_us, old_us = wall_clock_us(), wall_clock_us() - 30 * DAY_US
    rig = await push(settings, [sip(n, time_us=now_us + n) for n in range(20)], 20)
    assert rig.count("refused_total") == 0
    bus = MemoryBus(partitions=2)
    async with running_sink(bus, settings, drops=True) as rig:
        await put(bus, [sip(n, time_us=old_us) for n in range(30, 37)], received_at_us=old_us)
        await put(bus, [sip(n, time_us=now_us + n) for n in range(40, 50)])
        await until(lambda: rig.count("refused_total") == 7, "refusals")
        await until(lambda: rig.count("lines_total") == 10, "lines")
        assert rig.count("refused_total", reason="greater_than_max_sample_age") == 7
        assert rig.sink.is_up
        await put(bus, [sip(n, time_us=now_us - 2 * DAY_US + n) for n in range(60, 65)])
        await until(lambda: rig.count("refused_total", reason="too_far_behind") == 5, "refusals")
    await until(lambda: len(query(client, base, f'{{job="{job}"}}')) == 30, "lines in Loki")


@pytest.mark.parametrize("compression", ["snappy", "gzip"])
async def test_names_of_strangers_hold_nobody_up(
    base: str, client: httpx.Client, compression: str
) -> None:
    """Nodes called like Loki's own errors, or with what its parser takes for broken UTF-8."""
    job = f"test-{secrets.token_hex(6)}"
    settings = LokiSettings.model_validate({"url": base, "job": job, "compression": compression})
    names = [
        "includes structured metadata, but this feature is disallowed",
        'total ignored: 0 out of 5 "; 7 errors like: max entry size',
        "\ufffd",
    ]
    now_us = wall_clock_us()
    bus = MemoryBus(partitions=1)
    async with running_sink(bus, settings, drops=True) as rig:
        await put(bus, [sip(n, node=name, time_us=now_us) for n, name in enumerate(names)])
        await until(lambda: rig.count("lines_total") == 3, "lines")
        behind_us = now_us - 5 * DAY_US
        await put(bus, [sip(n, node=name, time_us=behind_us) for n, name in enumerate(names)])
        await until(lambda: rig.count("refused_total", reason="too_far_behind") == 3, "refusals")
        await put(bus, [sip(99)])
        await until(lambda: rig.count("lines_total") == 4, "the next line")
        assert rig.count("pushes_total", outcome="metadata_refused") == 0
    found = query(client, base, f'{{job="{job}"}} | call_id!=""')
    assert {labels["node"] for labels, _, _ in found} == {*names[:2], "?", "edge"}
