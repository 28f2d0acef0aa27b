"""The sink as services have it: in ``hepscope run``, and in the storage writer over Kafka."""

import httpx
import pytest

from integration.loki.rig import numbers, put, sip
from support.daemon import Daemon
from support.kafka import Kafka
from support.kafka_bus import delete_topics, running_bus
from support.kafka_bus import settings_of as bus_settings_of
from support.loki import Loki
from support.service import running_hepscope, until

pytestmark = pytest.mark.database


def test_hepscope_run_pushes_what_it_receives(loki: Loki) -> None:
    """While Loki is away it stores, is ready, and says so; afterwards Loki gets everything."""
    settings = {"HEPSCOPE_LOKI__URL": f"{loki.url}/api/prom/push", "HEPSCOPE_LOKI__JOB": "hepl"}
    with running_hepscope(settings=settings) as hepscope:
        hepscope.send_udp([sip(n) for n in range(50)])
        until(lambda: len(loki.lines) == 50, "lines")
        assert {line.labels["job"] for line in loki.lines} == {"hepl"}
        loki.stop()
        hepscope.send_udp([sip(n) for n in range(50, 80)])
        until(lambda: hepscope.metrics().value("hepscope_writer_loki_up") == 0, "trouble")
        hepscope.call_with("call-000079@example.org", 1)
        ready = httpx.get(f"{hepscope.api}/readyz", trust_env=False, timeout=60).json()
        assert ready["ready"]
        assert "Loki takes nothing since" in ready["parts"]["loki"]["detail"]
        loki.start()
        until(lambda: set(numbers(loki)) == set(range(80)), "all lines")


async def test_the_storage_writer_pushes_from_kafka(
    kafka: Kafka, database: str, loki: Loki
) -> None:
    """Beside storing; its check is there, and ready."""
    place = bus_settings_of(kafka, partitions=2)
    settings = {
        "HEPSCOPE_BUS__BOOTSTRAP_SERVERS": kafka.bootstrap,
        "HEPSCOPE_BUS__PARTITIONS": "2",
        "HEPSCOPE_BUS__TOPIC_PREFIX": place.topic_prefix,
        "HEPSCOPE_STORE__DSN": database,
        "HEPSCOPE_LOKI__URL": loki.url,
    }
    async with running_bus(place) as bus:
        await put(bus, [sip(n) for n in range(50)])
    with Daemon("hepscope_storage_writer", settings) as writer:
        writer.wait_ready()
        until(lambda: set(numbers(loki)) == set(range(50)), "lines")
        assert writer.readiness()["parts"]["loki"] == {"ready": True, "detail": "pushing"}
        until(
            lambda: writer.metrics().value("hepscope_writer_loki_lines_total", type="sip") == 50,
            "counts",
        )
    await delete_topics(kafka, place.topic_prefix)
