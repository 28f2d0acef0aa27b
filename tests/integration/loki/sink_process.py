"""A sink over Kafka in a process of its own, which tests kill: ``python sink_process.py SETTINGS``.

SETTINGS is JSON: the values of the sections ``bus`` and ``loki``.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator

from prometheus_client import CollectorRegistry

from hepscope_common import logs
from hepscope_common.bus.kafka import KafkaBus
from hepscope_common.bus.settings import BusSettings
from hepscope_common.runtime import Component, Supervisor, serve
from hepscope_storage_writer.loki.component import LokiSink
from hepscope_storage_writer.loki.settings import LokiSettings


async def components(
    values: dict[str, dict[str, object]], supervisor: Supervisor
) -> AsyncIterator[Component]:
    """Yield the bus and the sink."""
    registry = CollectorRegistry()
    bus = KafkaBus(BusSettings.model_validate(values["bus"]), registry, supervisor)
    yield bus
    settings = LokiSettings.model_validate(values["loki"])
    yield LokiSink(settings, bus=bus, registry=registry, supervisor=supervisor, drops=False)


async def main(values: dict[str, dict[str, object]]) -> int:
    """Push until a signal."""
    supervisor = Supervisor()
    return await serve(components(values, supervisor), supervisor)


if __name__ == "__main__":
    logs.configure("info")
    sys.exit(asyncio.run(main(json.loads(sys.argv[1]))))
