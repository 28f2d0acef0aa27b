"""HOMER's own dashboards and alerts, run by a real Prometheus against a real /metrics."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from hepscope_common.bus.topics import topic_of
from hepscope_common.http import HttpServer
from hepscope_common.names import Names, NamesSettings
from hepscope_common.ops import make_ops_app
from hepscope_common.settings import Listen
from integration.metrics_exporter.homer_dashboards import (
    DASHBOARDS,
    IRA,
    ISA,
    SCR,
    SEER,
    SER,
    resolved,
)
from integration.metrics_exporter.homer_traffic import (
    CHALLENGED,
    FINALS,
    REFUSED,
    REGISTERED,
    ROUND_US,
    flows,
    reports,
)
from support.builders import BASE_US
from support.prometheus import Prometheus
from unit.metrics_exporter.exporter_world import World, protocol_type_of, world

pytestmark = pytest.mark.asyncio(loop_scope="module")

TARGETS = {"with targets": "192.0.2.2", "without targets": ""}
INVITES = sum(FINALS.values()) + CHALLENGED
"""Session requests of a round, as RFC 6076 counts; on the wire, challenged ones are sent twice."""


async def play(found: World, number: int) -> None:
    """Let one round of traffic pass."""
    for packet in reports(number):
        found.send(packet, topic=topic_of(protocol_type_of(packet)),
                   received_at_us=BASE_US + number * ROUND_US)  # fmt: skip
    await found.play(*flows(number))


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=TARGETS)
async def prometheus(request: pytest.FixtureRequest) -> AsyncIterator[Prometheus]:
    """A Prometheus that has scraped two rounds of traffic, one after the other."""
    address = TARGETS[request.param]
    settings = NamesSettings(
        target_ip=(address,) if address else (), target_name=("bob",) if address else ()
    )
    async with world(Names(settings)) as found:
        app = make_ops_app(found.registry, {})
        listen = Listen(host="127.0.0.1", port=0)
        await play(found, 0)
        async with HttpServer("metrics", app, listen, found.supervisor) as server:
            target = str(server.address)
            scraped = Prometheus([target])
            await asyncio.to_thread(scraped.__enter__)
            try:
                for number in range(1, 3):
                    invites = 'sum(heplify_method_response{method="INVITE",response="INVITE"})'
                    wanted = number * (INVITES + CHALLENGED)
                    # Two scrapes of the same: the growth is then seen from a value that stood.
                    still = f"count_over_time({invites}[4s:1s]) == 4 and {invites} == {wanted}"
                    await asyncio.to_thread(scraped.wait_for, still, 4)
                    if number == 1:
                        await play(found, 1)
                # Some panels show what grew within a minute, which asking may take longer than.
                scraped.at = time.time()
                yield scraped
            finally:
                await asyncio.to_thread(scraped.__exit__, None, None, None)


async def test_every_expression_of_homer_works(prometheus: Prometheus) -> None:
    """Each gives data, and the ratios are those of the traffic."""
    empty = [
        (dashboard, expression)
        for dashboard, expressions in DASHBOARDS.items()
        for expression in map(resolved, expressions)
        if not await asyncio.to_thread(prometheus.query, expression)
    ]
    assert empty == []
    answered = FINALS[200] + CHALLENGED
    wanted = {
        SER: answered / INVITES,
        SEER: (answered + sum(FINALS[code] for code in (480, 486, 603))) / INVITES,
        SCR: answered / (INVITES + CHALLENGED),
        ISA: sum(FINALS[code] for code in (408, 500, 503)) / (INVITES + CHALLENGED),
        IRA: REFUSED / (2 * (REGISTERED + REFUSED)),
    }
    for expression, ratio in wanted.items():
        value = await asyncio.to_thread(prometheus.value, resolved(expression))
        assert value == pytest.approx(100 * ratio, rel=1e-6), expression


async def test_types_and_units_are_those_of_heplify_server(prometheus: Prometheus) -> None:
    """Also of the counter whose name a client library would change; delays are nanoseconds."""
    for name, kind in {
        "heplify_method_response": "counter",
        "heplify_packets_total": "counter",
        "heplify_packets_size": "gauge",
        "heplify_kpi_srd": "gauge",
        "horaclifix_rtp_mos": "gauge",
    }.items():
        # OpenMetrics names a family without the ending of its counter's samples.
        said = [
            await asyncio.to_thread(prometheus.metadata, one)
            for one in (name, name.removesuffix("_total"))
        ]
        assert kind in {row.get("type") for row in said}, name
    # 1 s to the first 180, 50 ms to the 200 of a REGISTER.
    assert await asyncio.to_thread(prometheus.value, "max(heplify_kpi_srd)") == 1e9
    assert await asyncio.to_thread(prometheus.value, "max(heplify_kpi_rrd)") == 5e7
