"""How each service is started in a chaos run: command, settings by environment, its ports."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from chaos.broker import Broker
from chaos.database import dsn_at
from chaos.parts import BROKER_LINKS, DATABASE_LINKS, INGESTS, SERVICES, Link, Part
from hepscope_common.bus.settings import BusSettings
from support.kafka import free_port

PARTITIONS = 4

MODULES = {
    Part.INGEST: "hepscope_ingest",
    Part.INGEST_2: "hepscope_ingest",
    Part.WRITER: "hepscope_storage_writer",
    Part.WRITER_2: "hepscope_storage_writer",
    Part.EXPORTER: "hepscope_metrics_exporter",
    Part.API: "hepscope_query_api",
}


_Name = TypeVar("_Name", Part, Link)


def _ports(names: Iterable[_Name]) -> dict[_Name, int]:
    return {name: free_port() for name in names}


@dataclass(frozen=True, slots=True)
class Ports:
    """Every port of an installation; those of ``links`` are the proxies'."""

    hep_udp: Mapping[Part, int] = field(default_factory=lambda: _ports(INGESTS))
    hep_tcp: Mapping[Part, int] = field(default_factory=lambda: _ports(INGESTS))
    http: Mapping[Part, int] = field(default_factory=lambda: _ports(INGESTS))
    api: int = field(default_factory=free_port)
    metrics: int = field(default_factory=free_port)
    database: int = field(default_factory=free_port)
    ops: Mapping[Part, int] = field(default_factory=lambda: _ports(SERVICES))
    links: Mapping[Link, int] = field(default_factory=lambda: _ports(Link))
    listeners: Mapping[Part, int] = field(default_factory=lambda: _ports(BROKER_LINKS))
    """The broker's listeners, one for each client."""


def command_of(part: Part) -> list[str]:
    """Return the command line of a service."""
    return [sys.executable, "-m", MODULES[part]]


def settings_of(
    part: Part, ports: Ports, broker: Broker, data: Path, *, with_spool: bool = True
) -> dict[str, str]:
    """Return the settings of a service, as variables; ``data`` is a folder of its own."""
    settings = {
        "HEPSCOPE_OPS__LISTEN": f"127.0.0.1:{ports.ops[part]}",
        "HEPSCOPE_DATA_DIR": str(data),
        **_listening(part, ports),
    }
    if part in INGESTS and with_spool:
        settings["HEPSCOPE_INGEST__SPOOL_DIR"] = str(data / "spool")
    if part in BROKER_LINKS:
        settings |= _bus(part, broker)
    if part in DATABASE_LINKS:
        settings["HEPSCOPE_STORE__DSN"] = dsn_at(ports.links[DATABASE_LINKS[part]])
    return settings


def _listening(part: Part, ports: Ports) -> dict[str, str]:
    if part in INGESTS:
        return {
            "HEPSCOPE_INGEST__UDP": f"127.0.0.1:{ports.hep_udp[part]}",
            # Connections come from addresses of their own (127.0.0.12), still on loopback.
            "HEPSCOPE_INGEST__TCP": f"127.0.0.1:{ports.hep_tcp[part]}",
            "HEPSCOPE_INGEST__TLS": "",
            "HEPSCOPE_INGEST__HTTP": f"127.0.0.1:{ports.http[part]}",
        }
    if part is Part.API:
        return {"HEPSCOPE_API__LISTEN": f"127.0.0.1:{ports.api}"}
    if part is Part.EXPORTER:
        return {"HEPSCOPE_METRICS__LISTEN": f"127.0.0.1:{ports.metrics}"}
    return {}


def _bus(part: Part, broker: Broker) -> dict[str, str]:
    own = {
        "bootstrap_servers": broker.bootstrap_of(part),
        "topic_prefix": broker.topic_prefix,
        "partitions": str(PARTITIONS),
        "replication_factor": "1",
        "min_insync_replicas": "1",
        "group_instance_id": f"chaos-{part}",
    }
    known = BusSettings.model_fields
    return {f"HEPSCOPE_BUS__{key.upper()}": value for key, value in own.items() if key in known}
