"""The ops endpoints, through a real server."""

import logging
from collections.abc import AsyncIterator

import httpx
import pytest
from prometheus_client import CollectorRegistry

from hepscope_common.http import HttpServer
from hepscope_common.metrics import CounterFamily, PlainCollector
from hepscope_common.ops import make_ops_app
from hepscope_common.runtime import StartupError, Supervisor
from hepscope_common.settings import Listen

ANY_PORT = Listen(host="127.0.0.1", port=0)


@pytest.fixture
async def parts() -> dict[str, tuple[bool, str]]:
    """What the parts of the process say of themselves."""
    return {"writer": (True, "storing"), "bus": (True, "connected")}


@pytest.fixture
async def client(parts: dict[str, tuple[bool, str]]) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an ops port."""
    registry = CollectorRegistry()
    PlainCollector(registry, [CounterFamily("hepscope_x_total", "X.")])
    app = make_ops_app(registry, {"writer": lambda: parts["writer"], "bus": lambda: parts["bus"]})
    async with (
        HttpServer("ops", app, ANY_PORT, Supervisor()) as server,
        httpx.AsyncClient(base_url=f"http://{server.address}", trust_env=False) as http,
    ):
        yield http


async def test_health_answers_while_the_loop_turns(client: httpx.AsyncClient) -> None:
    """Whatever the parts say."""
    assert (await client.get("/healthz")).json() == {"status": "ok"}


async def test_readiness_names_what_is_not_ready(
    client: httpx.AsyncClient, parts: dict[str, tuple[bool, str]]
) -> None:
    """200 while all are, 503 with the reason else."""
    assert (await client.get("/readyz")).status_code == 200
    parts["writer"] = (False, "database away")
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["parts"]["writer"] == {"ready": False, "detail": "database away"}


async def test_readiness_of_one_part_leaves_the_others_aside(
    client: httpx.AsyncClient, parts: dict[str, tuple[bool, str]]
) -> None:
    """So that a balancer goes on sending what a spool takes while the bus is away."""
    parts["bus"] = (False, "away")
    assert (await client.get("/readyz")).status_code == 503
    assert (await client.get("/readyz?part=writer")).status_code == 200
    assert (await client.get("/readyz?part=writer&part=bus")).status_code == 503


async def test_a_part_that_has_not_started_is_not_ready(client: httpx.AsyncClient) -> None:
    """Parts name themselves when they start."""
    answer = await client.get("/readyz?part=ingest")
    assert answer.status_code == 503
    assert answer.json()["parts"] == {"ingest": {"ready": False, "detail": "not started"}}


async def test_metrics_are_exposed(client: httpx.AsyncClient) -> None:
    """In the text format."""
    answer = await client.get("/metrics")
    assert "hepscope_x_total 0.0" in answer.text
    assert answer.headers["content-type"].startswith("text/plain")


async def test_the_version_is_told(client: httpx.AsyncClient) -> None:
    """Name and release."""
    assert (await client.get("/version")).json()["name"] == "hepscope"


async def test_a_log_level_changes_at_run_time(client: httpx.AsyncClient) -> None:
    """One module, until the process ends; unknown levels are refused."""
    answer = await client.put("/log-levels", json={"logger": "ops.test", "level": "debug"})
    assert answer.status_code == 200
    assert logging.getLogger("hepscope.ops.test").level == logging.DEBUG
    assert (await client.put("/log-levels", json={"level": "loud"})).status_code == 400


async def test_a_port_in_use_is_one_clear_line() -> None:
    """It names what wanted which address."""
    app = make_ops_app(CollectorRegistry(), {})
    async with HttpServer("page", app, ANY_PORT, Supervisor()) as server:
        with pytest.raises(StartupError, match=f"metrics: cannot listen at {server.address}: "):
            await HttpServer("metrics", app, server.address, Supervisor()).__aenter__()
