"""Where each part is in the stack of deploy/compose, overlay ``scaled``: service and number."""

from chaos.parts import SERVICES, Part

PLACES = {
    Part.INGEST: ("ingest", 1),
    Part.INGEST_2: ("ingest-2", 1),
    Part.WRITER: ("storage-writer", 1),
    Part.WRITER_2: ("storage-writer", 2),
    Part.EXPORTER: ("metrics-exporter", 1),
    Part.EXPORTER_2: ("metrics-exporter", 2),
    Part.API: ("query-api", 1),
    Part.BROKER: ("kafka", 1),
    Part.DATABASE: ("postgres", 1),
    Part.PROMETHEUS: ("prometheus", 1),
    Part.VICTORIAMETRICS: ("victoriametrics", 1),
    Part.ALERTMANAGER: ("alertmanager", 1),
}

OURS = (*SERVICES, Part.EXPORTER_2)
"""Containers of our images; each says at port 9100 whether it is ready."""

WATCHING = (Part.PROMETHEUS, Part.VICTORIAMETRICS, Part.ALERTMANAGER)
"""No packet passes through these; Docker's health checks tell whether they are well."""

HOSTS: dict[str, Part] = {
    "kafka": Part.BROKER,
    "postgres": Part.DATABASE,
    **{part.value: part for part in OURS},
}
"""The names by which the run reaches containers; Kafka and PostgreSQL have these inside, too."""

BACKEND = "backend"
"""The network of Kafka, PostgreSQL and who talks to them."""

FRONT = "default"
"""The network at which ports are published."""
