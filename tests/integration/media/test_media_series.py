"""Media over time: means of the sums by the minute, gaps where nothing was reported."""

import httpx
import pytest

from hepscope_query_api.timestamps import format_time, from_us
from integration.media.rig import SECOND, block, check_sums, join, mos_of, rtcp, signalling, store
from support.builders import BASE_US

pytestmark = pytest.mark.database

MINUTE = 60 * SECOND
START = BASE_US - BASE_US % MINUTE


async def course(client: httpx.AsyncClient, metric: str, **more: str) -> list[float | None]:
    """Return the values of four minutes."""
    query = {
        "metric": metric,
        "start": format_time(from_us(START)),
        "end": format_time(from_us(START + 4 * MINUTE)),
        "step": "60",
        **more,
    }
    answer = await client.get("/api/v1/stats/series", params=query)
    assert answer.status_code == 200, answer.text
    return [point["value"] for point in answer.json()["points"]]


async def test_means_by_the_minute(client: httpx.AsyncClient, database: str) -> None:
    """Of reports that were joined before, after and never; each counts once."""
    nowhere = ("203.0.113.99", 61234)
    await store(database, [rtcp(block(1, fraction=64, jitter=160), time_us=START + MINUTE)])
    await store(database, signalling("call-1@example.org", start_us=START, seconds=300))
    await store(
        database,
        [
            rtcp(block(1, fraction=0, jitter=80), time_us=START + MINUTE + SECOND),
            rtcp(
                block(9, fraction=128),
                time_us=START + 3 * MINUTE,
                source=nowhere,
                destination=nowhere,
                node="media-2",
            ),
        ],
    )
    await join(database)
    both = (mos_of("PCMA", fraction=0.25) + mos_of("PCMA", fraction=0)) / 2

    assert await check_sums(database) == 3
    assert await course(client, "media_loss") == [None, pytest.approx(12.5), None, 50.0]
    assert await course(client, "media_jitter") == [None, pytest.approx(15), None, None]
    assert await course(client, "media_mos", node="media-1") == [
        None,
        pytest.approx(both, abs=1e-3),
        None,
        None,
    ]
    assert await course(client, "media_round_trip") == [None] * 4
