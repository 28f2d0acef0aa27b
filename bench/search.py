"""Search through the real API over a million messages: latency of what people ask."""

import random
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from urllib.parse import quote

import httpx
from prometheus_client import CollectorRegistry

from bench.report import Row
from hep import decode3
from hep.sip import parse
from hepscope_common.runtime import Supervisor
from hepscope_common.settings import Listen
from hepscope_query_api.component import QueryApi
from hepscope_query_api.settings import ApiSettings

ROUNDS = 60


async def measure(dsn: str, messages: Sequence[bytes]) -> list[Row]:
    """Return p50 and p95 of each question, with values that the data holds."""
    async with asking(dsn) as client:
        return [await latency(client, name, paths) for name, paths in _questions(messages).items()]


@asynccontextmanager
async def asking(dsn: str) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of an API over a database."""
    settings = ApiSettings(listen=(Listen(host="127.0.0.1", port=0),))
    api = QueryApi(settings, dsn, CollectorRegistry(), Supervisor())
    async with (
        api,
        httpx.AsyncClient(
            base_url=f"http://{api.servers[0].address}/api/v1", trust_env=False, timeout=30
        ) as client,
    ):
        yield client


async def latency(
    client: httpx.AsyncClient, name: str, paths: Sequence[str], floor_ms: float = 250
) -> Row:
    """Return p95 of the answers to some requests, one after the other."""
    times = []
    for path in paths:
        start = time.perf_counter()
        answer = await client.get(path)
        times.append((time.perf_counter() - start) * 1000)
        answer.raise_for_status()
    p50, p95 = statistics.median(times), statistics.quantiles(times, n=20)[-1]
    return Row(f"search: {name}, p95", p95, "ms", floor_ms, higher_is_better=False,
               note=f"p50 {p50:.1f} ms, {len(times)} requests")  # fmt: skip


def _questions(messages: Sequence[bytes]) -> dict[str, list[str]]:
    dice = random.Random(7)
    seen = [parse(decode3(data).payload) for data in dice.sample(list(messages), ROUNDS)]
    return {
        "newest 50 calls": ["/calls?limit=50"] * ROUNDS,
        "a Call-ID": [f"/calls/{quote(one.call_id, safe='')}" for one in seen],
        "messages of a call": [f"/calls/{quote(one.call_id, safe='')}/messages" for one in seen],
        "flow of a call": [f"/calls/{quote(one.call_id, safe='')}/flow" for one in seen],
        "exact caller": [f"/calls?limit=50&from_user={one.from_user}" for one in seen],
        "caller prefix": [f"/calls?limit=50&from_user={one.from_user[:7]}*" for one in seen],
        "part of a number": [f"/calls?limit=50&from_user=*{one.from_user[-5:]}*" for one in seen],
        "status 503": ["/calls?limit=50&status=503"] * ROUNDS,
        "source address": ["/calls?limit=50&source=10.1.0.16"] * ROUNDS,
        "newest 50 messages": ["/messages?limit=50"] * ROUNDS,
    }
