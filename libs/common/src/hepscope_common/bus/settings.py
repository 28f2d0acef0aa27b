"""Settings of the bus: section ``[bus]``."""

from pydantic import Field

from hepscope_common.bus.memory import DEFAULT_MAX_BYTES
from hepscope_common.settings import CommaList, Section


class BusSettings(Section):
    """What carries packets from ingest to those who store and count them."""

    bootstrap_servers: CommaList[str] = ()
    """Kafka brokers as host:port. Not served by this release, which has the bus in memory."""

    partitions: int = Field(default=4, ge=1, le=1024)
    """Partitions of each topic; a live data directory keeps the number it began with."""

    memory_bytes: int = Field(default=DEFAULT_MAX_BYTES, ge=1024 * 1024)
    """Bytes that may wait in memory for the database before reading from the network stops."""
