"""Tables of media reports as SQLAlchemy sees them; see models, whose metadata they belong to."""

from typing import TypeAlias

from sqlalchemy import (
    ARRAY,
    REAL,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import INET

from hepscope_migrations.models import metadata

__all__ = ["media", "media_address", "media_minute", "media_queue", "metadata"]


_Kind: TypeAlias = type[BigInteger | Integer | REAL[float] | Text]


def _columns(kind: _Kind, *names: str) -> list[Column[object]]:
    return [Column(name, kind) for name in names]


def _time(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _counts(*names: str) -> list[Column[object]]:
    return [Column(name, BigInteger, nullable=False, server_default="0") for name in names]


media = Table(
    "media",
    metadata,
    _time("time"),
    _time("received_at"),
    _time("started_at", nullable=True),
    _time("stopped_at", nullable=True),
    Column("id", BigInteger, nullable=False),
    *_columns(BigInteger, "ssrc", "packets", "packets_lost"),
    *_columns(Integer, "source_port", "destination_port", "clock_hz"),
    *_columns(REAL, "loss", "discarded", "jitter_units", "jitter_ms", "jitter_max_ms"),
    *_columns(REAL, "round_trip_ms", "one_way_ms", "end_system_ms", "jitter_buffer_ms"),
    *_columns(REAL, "ptime_ms", "mos_lq_said", "mos_cq_said", "mos_min_said", "r_lq_said"),
    *_columns(REAL, "r_cq_said", "mos", "r"),
    Column("number", SmallInteger, nullable=False),
    Column("protocol_type", SmallInteger, nullable=False),
    Column("payload_type", SmallInteger),
    Column("is_final", Boolean, nullable=False, server_default=text("false")),
    Column("is_round_trip_said", Boolean),
    Column("kind", Text, nullable=False),
    *(
        Column(name, Text, nullable=False, server_default="")
        for name in ("way", "loss_window", "joined_by")
    ),
    *_columns(Text, "context", "codec", "codec_from", "medium", "plc", "reporter", "node"),
    Column("correlation_id", Text),
    Column("call_id", Text, nullable=False, server_default=""),
    Column("source", INET),
    Column("destination", INET),
)
_UNJOINED = text("call_id = ''")
Index(
    "media_time",
    media.c.time,
    postgresql_using="brin",
    postgresql_with={"pages_per_range": 128},
)
Index("media_call_id", media.c.call_id, media.c.time)
for _end in ("source", "destination"):
    Index(
        f"media_unjoined_{_end}",
        *(media.c[name] for name in (_end, f"{_end}_port", "time")),
        postgresql_where=_UNJOINED,
    )
Index(
    "media_unjoined_correlation",
    media.c.correlation_id,
    media.c.time,
    postgresql_where=_UNJOINED,
)

media_address = Table(
    "media_address",
    metadata,
    _time("valid_from"),
    _time("valid_to"),
    Column("batch", BigInteger, nullable=False),
    Column("port", Integer, nullable=False),
    Column("rtcp_port", Integer, nullable=False),
    Column("medium", Text, nullable=False),
    Column("codecs", Text, nullable=False, server_default=""),
    Column("call_id", Text, nullable=False),
    Column("address", INET, nullable=False),
)
Index(
    "media_address_endpoint",
    media_address.c.address,
    media_address.c.port,
    media_address.c.valid_from,
)
Index(
    "media_address_batch",
    media_address.c.batch,
    postgresql_using="brin",
    postgresql_with={"pages_per_range": 16},
)
Index("media_address_call_id", media_address.c.call_id, media_address.c.valid_from)

media_minute = Table(
    "media_minute",
    metadata,
    Column("minute", DateTime(timezone=True), primary_key=True),
    *_counts("reports", "mos_count", "mos_milli", "r_count", "r_centi", "loss_count", "loss_ppm"),
    *_counts("jitter_count", "jitter_us", "round_trip_count", "round_trip_us"),
    *(Column(name, Text, primary_key=True) for name in ("node", "way", "codec", "context")),
)

media_queue = Table(
    "media_queue",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("stored_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("first_us", BigInteger, nullable=False),
    Column("last_us", BigInteger, nullable=False),
    Column("batch", BigInteger),
    Column("addresses", ARRAY(INET), nullable=False, server_default="{}"),
    Column("ports", ARRAY(Integer), nullable=False, server_default="{}"),
    *(
        Column(name, ARRAY(kind), nullable=False, server_default="{}")
        for name, kind in (
            ("asked_ids", Text),
            ("call_ids", Text),
            ("call_times_us", BigInteger),
            ("worst_mos", REAL),
            ("worst_loss", REAL),
            ("worst_jitter_ms", REAL),
        )
    ),
)
