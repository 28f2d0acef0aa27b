"""``python -m hepscope_ingest``: ingest on its own."""

import os
import sys
from collections.abc import AsyncIterator
from functools import partial

from hepscope_common.bus.kafka import KafkaBus
from hepscope_common.bus.settings import BusSettings
from hepscope_common.data_dir import default_data_dir
from hepscope_common.runtime import Component
from hepscope_common.service import Around, ServiceSettings, run
from hepscope_common.tuning import Tuning
from hepscope_ingest.component import Ingest
from hepscope_ingest.settings import IngestSettings, OptionalPath
from hepscope_ingest.tuning import look


class IngestServiceSettings(ServiceSettings):
    """Everything that this service reads."""

    data_dir: OptionalPath = None
    """Where a certificate made by us is kept. Default: as root /var/lib/hepscope, else
    ~/.local/share/hepscope."""

    bus: BusSettings = BusSettings()
    ingest: IngestSettings = IngestSettings()


async def parts(around: Around[IngestServiceSettings]) -> AsyncIterator[Component]:
    """Yield what the service is made of."""
    settings, supervisor, registry = around.settings, around.supervisor, around.registry
    # With a spool there is a place for what comes before Kafka does.
    waits = settings.ingest.spool_dir is None
    bus = KafkaBus(settings.bus, registry, supervisor, waits=waits)
    around.checks["bus"] = bus.ready
    yield bus
    data_dir = settings.data_dir or default_data_dir(os.environ, os.geteuid())
    ingest = Ingest(settings.ingest.kept_in(data_dir), bus, registry, supervisor)
    around.checks["ingest"] = ingest.ready
    yield ingest
    yield Tuning(registry, [partial(look, settings.ingest, ingest)])


def main() -> int:
    """Serve until a signal; returns the exit code."""
    return run("ingest", IngestServiceSettings, parts)


if __name__ == "__main__":
    sys.exit(main())
