"""The composition root that every service of its own shares: settings, ops port, parts, end.

A service names its parts in the order in which they start; the ops port answers before the first
of them, so that whoever waits for a broker or a database can be seen waiting.
"""

import argparse
import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from prometheus_client import CollectorRegistry
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from hepscope_common import __version__, logs
from hepscope_common.http import HttpServer
from hepscope_common.ops import Readiness, make_ops_app
from hepscope_common.runtime import Component, StartupError, Supervisor, serve
from hepscope_common.settings import (
    NESTED,
    PREFIX,
    Listen,
    ListenAddress,
    LogSettings,
    Section,
    Settings,
    load,
)

FORMAT_VARIABLE = f"{PREFIX}LOG{NESTED}FORMAT"

_log = logs.get_logger("service")


class OpsSettings(Section):
    """The ops endpoints of a service on its own; ``hepscope run`` answers with page and metrics."""

    listen: ListenAddress = Listen(host="127.0.0.1", port=9100)
    """Address of health, readiness, metrics, version and log levels."""


class ServiceSettings(Settings):
    """What every service of its own reads."""

    log: LogSettings = LogSettings()
    ops: OpsSettings = OpsSettings()


_Settings = TypeVar("_Settings", bound=ServiceSettings)


@dataclass(slots=True)
class Around(Generic[_Settings]):
    """What the parts of a service are made with; each part adds its check to ``checks``."""

    settings: _Settings
    supervisor: Supervisor
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    checks: dict[str, Readiness] = field(default_factory=dict)


def run(
    name: str,
    model: type[_Settings],
    parts: Callable[[Around[_Settings]], AsyncIterator[Component]],
    arguments: Sequence[str] | None = None,
) -> int:
    """Serve until a signal; returns the exit code: 0 ended as asked, 1 failed."""
    program = f"hepscope-{name}"
    parser = argparse.ArgumentParser(prog=program, description=f"hepscope's {name}")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings file (TOML)")
    options = parser.parse_args(arguments)
    # The settings may be what is wrong: their own word on the format is not had then.
    first = os.environ.get(FORMAT_VARIABLE) or logs.Format.JSON
    logs.configure(style=first, service=name)
    try:
        settings = load(model, config=options.config)
        style = settings.log.format or logs.Format.JSON
        logs.configure(settings.log.level, style=style, service=name)
        return asyncio.run(_serve(name, settings, parts))
    except StartupError as error:
        logs.tell_failure(program, str(error))
        return 1


async def _serve(
    name: str,
    settings: _Settings,
    parts: Callable[[Around[_Settings]], AsyncIterator[Component]],
) -> int:
    around = Around(settings, Supervisor())
    ProcessCollector(registry=around.registry)
    PlatformCollector(registry=around.registry)
    around.checks["start"] = lambda: (False, "starting")
    ops = HttpServer(
        "ops",
        make_ops_app(around.registry, around.checks),
        settings.ops.listen,
        around.supervisor,
    )

    async def components() -> AsyncIterator[Component]:
        yield ops
        _log.info("%s %s: ops at %s", name, __version__, ops.url)
        async for part in parts(around):
            yield part

    def announce() -> None:
        around.checks["start"] = lambda: (True, "started")
        _log.info("%s: started", name)

    return await serve(components(), around.supervisor, on_ready=announce)
