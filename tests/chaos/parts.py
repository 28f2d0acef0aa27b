"""What a chaos run breaks: parts of an installation, and the connections between them.

A closed set of names: the plan picks from them, the report prints them, ``--only`` takes them.
Ingest and storage-writer are there twice, so that one takes over from the other, and has to be
kept from storing when it comes back from a pause and does not know that it was replaced.
"""

from enum import StrEnum


class Part(StrEnum):
    """A process or a container of the installation."""

    INGEST = "ingest"
    INGEST_2 = "ingest-2"
    WRITER = "storage-writer"
    WRITER_2 = "storage-writer-2"
    EXPORTER = "metrics-exporter"
    API = "query-api"
    BROKER = "broker"
    DATABASE = "database"
    EXPORTER_2 = "metrics-exporter-2"
    PROMETHEUS = "prometheus"
    VICTORIAMETRICS = "victoriametrics"
    ALERTMANAGER = "alertmanager"


INGESTS = (Part.INGEST, Part.INGEST_2)
"""UDP and plain TCP go to the first, acknowledged HEP and HTTP to both."""

SERVICES = (*INGESTS, Part.WRITER, Part.WRITER_2, Part.EXPORTER, Part.API)
"""Parts of our own: Python processes with an ops port."""

PARTS = (*SERVICES, Part.BROKER, Part.DATABASE)
"""What an installation on loopback consists of; the others belong to a stack of Compose."""


class Link(StrEnum):
    """A connection between two parts; each goes through a proxy of its own."""

    TCP = "sender-tcp"
    HEP = "sender-hep"
    HEP_2 = "sender-hep-2"
    HTTP = "sender-http"
    HTTP_2 = "sender-http-2"
    INGEST_BROKER = "ingest-broker"
    INGEST_2_BROKER = "ingest-2-broker"
    WRITER_BROKER = "writer-broker"
    WRITER_2_BROKER = "writer-2-broker"
    EXPORTER_BROKER = "exporter-broker"
    WRITER_DATABASE = "writer-database"
    WRITER_2_DATABASE = "writer-2-database"
    API_DATABASE = "api-database"


HEP_LINKS = (Link.HEP, Link.HEP_2)
HTTP_LINKS = (Link.HTTP, Link.HTTP_2)
SENDER_LINKS = (Link.TCP, *HEP_LINKS, *HTTP_LINKS)
"""Between senders and ingest: cut together, as one network. UDP needs no proxy to be lost."""

BROKER_LINKS = {
    Part.INGEST: Link.INGEST_BROKER,
    Part.INGEST_2: Link.INGEST_2_BROKER,
    Part.WRITER: Link.WRITER_BROKER,
    Part.WRITER_2: Link.WRITER_2_BROKER,
    Part.EXPORTER: Link.EXPORTER_BROKER,
}
DATABASE_LINKS = {
    Part.WRITER: Link.WRITER_DATABASE,
    Part.WRITER_2: Link.WRITER_2_DATABASE,
    Part.API: Link.API_DATABASE,
}
