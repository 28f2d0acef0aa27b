"""``python -m hepscope_metrics_exporter``: the metrics exporter on its own.

Its metrics are on the addresses of section ``[metrics]`` and, like those of every service, on the
ops port.
"""

import sys
from collections.abc import AsyncIterator

from hepscope_common.bus.kafka import KafkaBus
from hepscope_common.bus.settings import BusSettings
from hepscope_common.http import HttpServer
from hepscope_common.names import Names, NamesSettings
from hepscope_common.ops import make_ops_app
from hepscope_common.runtime import Component
from hepscope_common.service import Around, ServiceSettings, run
from hepscope_metrics_exporter.component import Exporter
from hepscope_metrics_exporter.settings import MetricsSettings


class MetricsExporterSettings(ServiceSettings):
    """Everything that this service reads."""

    bus: BusSettings = BusSettings()
    metrics: MetricsSettings = MetricsSettings()
    names: NamesSettings = NamesSettings()


async def parts(around: Around[MetricsExporterSettings]) -> AsyncIterator[Component]:
    """Yield what the service is made of."""
    settings, supervisor, registry = around.settings, around.supervisor, around.registry
    bus = KafkaBus(settings.bus, registry, supervisor)
    around.checks["bus"] = bus.ready
    yield bus
    names = Names(settings.names, supervisor)
    yield names
    exporter = Exporter(settings.metrics, bus, registry, supervisor, names)
    around.checks["exporter"] = exporter.ready
    yield exporter
    app = make_ops_app(registry, around.checks)
    for listen in settings.metrics.listen:
        yield HttpServer("metrics", app, listen, supervisor)


def main() -> int:
    """Serve until a signal; returns the exit code."""
    return run("metrics-exporter", MetricsExporterSettings, parts)


if __name__ == "__main__":
    sys.exit(main())
