"""``python -m hepscope_ingest``: ingest on its own."""

import sys
from collections.abc import AsyncIterator

from hepscope_common.bus.kafka import KafkaBus
from hepscope_common.bus.settings import BusSettings
from hepscope_common.runtime import Component
from hepscope_common.service import Around, ServiceSettings, run
from hepscope_ingest.component import Ingest
from hepscope_ingest.settings import IngestSettings


class IngestServiceSettings(ServiceSettings):
    """Everything that this service reads."""

    bus: BusSettings = BusSettings()
    ingest: IngestSettings = IngestSettings()


async def parts(around: Around[IngestServiceSettings]) -> AsyncIterator[Component]:
    """Yield what the service is made of."""
    settings, supervisor, registry = around.settings, around.supervisor, around.registry
    bus = KafkaBus(settings.bus, registry, supervisor)
    around.checks["bus"] = bus.ready
    yield bus
    ingest = Ingest(settings.ingest, bus, registry, supervisor)
    around.checks["ingest"] = ingest.ready
    yield ingest


def main() -> int:
    """Serve until a signal; returns the exit code."""
    return run("ingest", IngestServiceSettings, parts)


if __name__ == "__main__":
    sys.exit(main())
