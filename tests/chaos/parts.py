"""What a chaos run breaks: six processes, and the seven connections between them.

A closed set of names: the plan picks from them, the report prints them, ``--only`` takes them.
"""

from enum import StrEnum


class Part(StrEnum):
    """A process of the installation."""

    INGEST = "ingest"
    WRITER = "storage-writer"
    EXPORTER = "metrics-exporter"
    API = "query-api"
    BROKER = "broker"
    DATABASE = "database"


SERVICES = (Part.INGEST, Part.WRITER, Part.EXPORTER, Part.API)
"""Parts of our own: Python processes with an ops port."""


class Link(StrEnum):
    """A connection between two parts; each goes through a proxy of its own."""

    TCP = "sender-tcp"
    HEP = "sender-hep"
    HTTP = "sender-http"
    INGEST_BROKER = "ingest-broker"
    WRITER_BROKER = "writer-broker"
    EXPORTER_BROKER = "exporter-broker"
    WRITER_DATABASE = "writer-database"
    API_DATABASE = "api-database"


SENDER_LINKS = (Link.TCP, Link.HEP, Link.HTTP)
"""Between senders and ingest: cut together, as one network. UDP needs no proxy to be lost."""

BROKER_LINKS = {
    Part.INGEST: Link.INGEST_BROKER,
    Part.WRITER: Link.WRITER_BROKER,
    Part.EXPORTER: Link.EXPORTER_BROKER,
}
DATABASE_LINKS = {Part.WRITER: Link.WRITER_DATABASE, Part.API: Link.API_DATABASE}
