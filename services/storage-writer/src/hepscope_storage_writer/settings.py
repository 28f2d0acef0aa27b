"""Settings of the storage writer: section ``[writer]``."""

from enum import StrEnum
from typing import Self

from pydantic import Field

from hepscope_common.settings import Section

KAFKA_SLACK_DAYS = 8
"""Kafka forgets whole segments, which a quiet topic begins once a week (segment.ms)."""


class SynchronousCommit(StrEnum):
    """When PostgreSQL answers a commit."""

    ON = "on"
    OFF = "off"


class WriterSettings(Section):
    """How records are gathered into transactions and how failures are met."""

    connections: int = Field(default=2, ge=1, le=16)
    """Database connections that store at the same time, each for its own bus partitions; while
    one waits for the database, the next batch of the other is decoded."""

    batch_packets: int = Field(default=8000, ge=1, le=100_000)
    """Packets that close a batch. 2000 to 5000 a transaction make commits nearly free."""

    batch_bytes: int = Field(default=8 * 1024 * 1024, ge=65_536, le=256 * 1024 * 1024)
    """Bytes of records that close a batch; a batch lives about three times in memory."""

    batch_small: int = Field(default=1000, ge=0)
    """A batch of fewer packets waits for more, up to `batch_wait_ms`."""

    batch_wait_ms: float = Field(default=20.0, ge=0, le=10_000)
    """How long a small batch waits, in milliseconds."""

    buffer_bytes: int = Field(default=16 * 1024 * 1024, ge=1024 * 1024)
    """Bytes taken from the bus ahead of the batches at work, all connections together."""

    call_cache: int = Field(default=100_000, ge=1)
    """Calls per connection whose row is remembered; others are looked up."""

    party_cache: int = Field(default=200_000, ge=1)
    """Users remembered as written to the table that searches by part of a number use."""

    origin_cache: int = Field(default=20_000, ge=1)
    """Origins (numbering senders, per bus partition) remembered per connection; one that was
    forgotten costs a look-up."""

    origin_days: float = Field(default=14.0, ge=1, le=3650)
    """Origins silent for so long are forgotten. Over Kafka never sooner than eight days after
    `bus.retention_hours`, when it has forgotten their records: they tell what was sent twice."""

    calls: bool = True
    """Keep call and registration records. Without them there is no list of calls."""

    silence_hours: float = Field(default=24.0, gt=0, le=24 * 7)
    """A Call-ID seen again in an initial request after so long a silence is a new call."""

    synchronous_commit: SynchronousCommit = SynchronousCommit.ON
    """`on` with the bus in memory. `off` is faster by a tenth and safe with Kafka, from which
    what a crash of the database loses is read again."""

    batch_timeout_seconds: float = Field(default=60.0, gt=0)
    """A transaction that takes longer is given up: its connection is cut and it is repeated."""

    retry_min_ms: float = Field(default=100.0, gt=0)
    """First pause before a batch is repeated while the database is busy or away; it doubles."""

    retry_max_ms: float = Field(default=5000.0, gt=0)
    """Longest such pause."""

    stall_seconds: float = Field(default=300.0, gt=0)
    """A batch that neither commits nor fails for so long ends the process, so that it starts
    anew; being told that the database is away does not count."""

    poison_limit: int = Field(default=100, ge=1)
    """Packets of one batch that may go to the dead letters because the database refuses them;
    more means that something else is wrong, and the process ends."""

    dead_letters_per_minute: int = Field(default=1000, ge=1)
    """Packets that cannot be stored and are kept as dead letters; more are counted and dropped, so
    that a flood of them does not fill the topic."""

    node_flush_seconds: float = Field(default=2.0, gt=0)
    """How often the counts of capture nodes are written."""

    measure_quiet_seconds: float = Field(default=5.0, ge=0)
    """A call is measured (attempts, KPIs) once nothing of it was stored for so long."""

    measure_longest_seconds: float = Field(default=60.0, ge=0)
    """A call that is never quiet is measured so long after it was stored first, and again."""

    measure_interval_seconds: float = Field(default=1.0, gt=0, le=60)
    """How often one looks for what is to be measured."""

    measure_pending_calls: int = Field(default=50_000, ge=1)
    """Calls that wait to be measured in memory; more wait in the database."""

    drain_seconds: float = Field(default=30.0, gt=0)
    """How long the end may take: everything already on the bus is stored first."""

    def outlasting(self, retention_hours: float) -> Self:
        """Return these settings with origins kept for longer than Kafka keeps records.

        A writer that was away for as long as that finds both copies of what was sent twice.
        """
        least = retention_hours / 24 + KAFKA_SLACK_DAYS
        return self.model_copy(update={"origin_days": max(self.origin_days, least)})
