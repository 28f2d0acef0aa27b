"""Tables of schema ``hepscope`` as SQLAlchemy sees them: for building queries and `alembic check`.

The SQL files are the source; a test compares both. Sub-roots (one per class) are listed with the
index names that PostgreSQL derives for them.
"""

from collections.abc import Callable

from sqlalchemy import (
    ARRAY,
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    Double,
    Identity,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import BYTEA, INET, INTERVAL, JSONB, REGCLASS

metadata = MetaData(schema="hepscope")


def _time(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _small(name: str, *, nullable: bool = True, default: str | None = None) -> Column[object]:
    return Column(name, SmallInteger, nullable=nullable, server_default=default)


def _int(name: str, *, nullable: bool = True, default: str | None = None) -> Column[object]:
    return Column(name, Integer, nullable=nullable, server_default=default)


def _texts(*names: str) -> list[Column[object]]:
    return [Column(name, Text) for name in names]


def _call_id() -> Column[object]:
    return Column("call_id", Text, nullable=False, server_default="")


def _sip_columns() -> list[Column[object]]:
    return [
        _time("time"),
        _time("received_at"),
        _time("capture_time", nullable=True),
        Column("id", BigInteger, nullable=False),
        Column("cseq", BigInteger),
        _int("source_port"),
        _int("destination_port"),
        Column("node_id", BigInteger),
        _small("class", nullable=False),
        _small("status"),
        _small("protocol_type"),
        _small("ip_protocol"),
        _small("transport", nullable=False),
        _small("hep_version"),
        _small("flags", nullable=False, default="0"),
        _small("payload_codec", nullable=False, default="0"),
        Column("source", INET),
        Column("destination", INET),
        _call_id(),
        *_texts("correlation_id", "method", "cseq_method", "reason", "ruri_user", "ruri_domain"),
        *_texts("from_user", "from_domain", "from_tag", "to_user", "to_domain", "to_tag"),
        *_texts("user_agent", "via_branch", "node", "fault"),
        Column("extra", JSONB),
        Column("payload", BYTEA),
    ]


def _packet_columns() -> list[Column[object]]:
    return [
        _time("time"),
        _time("received_at"),
        _time("capture_time", nullable=True),
        Column("id", BigInteger, nullable=False),
        _int("source_port"),
        _int("destination_port"),
        Column("node_id", BigInteger),
        _small("class", nullable=False),
        _small("protocol_type"),
        _small("ip_protocol"),
        _small("hep_version"),
        _small("flags", nullable=False, default="0"),
        _small("payload_codec", nullable=False, default="0"),
        Column("source", INET),
        Column("destination", INET),
        _call_id(),
        *_texts("correlation_id", "node"),
        Column("extra", JSONB),
        Column("payload", BYTEA),
    ]


def _messages(name: str, columns: Callable[[], list[Column[object]]], *, derived: bool) -> Table:
    """Return a root, or with ``derived`` a sub-root, of messages and its two indexes."""
    table = Table(name, metadata, *columns())
    prefix, suffix = (f"{name}_", "_idx") if derived else (f"{name}_", "")
    Index(
        f"{prefix}time{suffix}",
        table.c.time,
        postgresql_using="brin",
        postgresql_with={"pages_per_range": 128},
    )
    Index(f"{prefix}call_id{suffix}", table.c.call_id)
    return table


def _stray(name: str, columns: Callable[[], list[Column[object]]]) -> Table:
    table = Table(name, metadata, *columns())
    Index(f"{name}_call_id", table.c.call_id)
    Index(f"{name}_received", table.c.received_at)
    return table


sip = _messages("sip", _sip_columns, derived=False)
sip_classes = [
    _messages(name, _sip_columns, derived=True)
    for name in ("sip_call", "sip_registration", "sip_other")
]
sip_stray = _stray("sip_stray", _sip_columns)

packet = _messages("packet", _packet_columns, derived=False)
packet_classes = [
    _messages(name, _packet_columns, derived=True)
    for name in ("packet_media", "packet_log", "packet_other")
]
packet_stray = _stray("packet_stray", _packet_columns)


def _outcome(method: str) -> list[Column[object]]:
    """Return finals and the two columns generated from it for one CSeq method."""
    status = f"(((finals -> {method}) -> 0)::bigint & 1023)::smallint"
    return [
        Column("status", SmallInteger, Computed(status, persisted=True)),
        Column("finals", JSONB, nullable=False, server_default="{}"),
        Column("reason", Text, Computed(f"(finals -> {method}) ->> 1", persisted=True)),
    ]


call = Table(
    "call",
    metadata,
    Column("key_time", DateTime(timezone=True), primary_key=True),
    _time("started_at"),
    _time("last_at"),
    _time("invite_at", nullable=True),
    _time("ringing_at", nullable=True),
    _time("progress_at", nullable=True),
    _time("answered_at", nullable=True),
    _time("cancelled_at", nullable=True),
    _time("bye_at", nullable=True),
    Column("origin_key", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False, server_default="0"),
    _int("message_count", nullable=False, default="0"),
    _int("invite_count", nullable=False, default="0"),
    _int("source_port"),
    _int("destination_port"),
    _int("flags", nullable=False, default="0"),
    _int("methods", nullable=False, default="0"),
    Column("worst_mos", REAL),
    Column("worst_loss", REAL),
    Column("worst_jitter", REAL),
    *_outcome("method"),
    Column("call_id", Text, primary_key=True),
    *_texts("method", "from_user", "from_domain", "to_user", "to_domain"),
    *_texts("ruri_user", "ruri_domain", "user_agent"),
    Column("source", INET),
    Column("destination", INET),
    Column("nodes", ARRAY(Text)),
)
Index("call_started", call.c.started_at)
Index("call_from", call.c.from_user, call.c.started_at)
Index("call_to", call.c.to_user, call.c.started_at)
Index("call_source", call.c.source, call.c.started_at)
Index("call_failed", call.c.started_at, postgresql_where=text("status >= 400"))

registration = Table(
    "registration",
    metadata,
    Column("day", DateTime(timezone=True), primary_key=True),
    _time("started_at"),
    _time("last_at"),
    _time("registered_at", nullable=True),
    Column("origin_key", BigInteger, nullable=False),
    _int("message_count", nullable=False, default="0"),
    _int("expires"),
    _int("source_port"),
    _int("destination_port"),
    *_outcome("'REGISTER'::text"),
    Column("call_id", Text, primary_key=True),
    *_texts("aor_user", "aor_domain", "contact", "user_agent"),
    Column("source", INET),
    Column("destination", INET),
    Column("nodes", ARRAY(Text)),
)
Index("registration_started", registration.c.started_at)
Index("registration_aor", registration.c.aor_user, registration.c.started_at)

attempt = Table(
    "attempt",
    metadata,
    _time("started_at"),
    _time("answered_at", nullable=True),
    _time("ended_at", nullable=True),
    _time("due_at", nullable=True),
    *(Column(name, BigInteger) for name in ("srd_us", "pdd_us", "rrd_us", "sdd_us", "duration_us")),
    _int("source_port"),
    _int("destination_port"),
    _small("status"),
    _small("bye_status"),
    *(
        Column(name, Boolean, nullable=False)
        for name in ("is_overall", "is_settled", "is_completed", "is_ended", "follows_redirection")
    ),
    Column("method", Text, nullable=False),
    Column("call_id", Text, nullable=False),
    Column("user_agent", Text),
    Column("source", INET),
    Column("destination", INET),
    Column("nodes", ARRAY(Text), nullable=False),
)
Index("attempt_started", attempt.c.started_at)
Index("attempt_call_id", attempt.c.call_id)
Index("attempt_due", attempt.c.due_at, postgresql_where=text("due_at is not null"))

_DELAYS = (
    *("srd_successful", "srd_failed", "pdd", "rrd"),
    *("sdd_successful", "sdd_failed", "sdt_successful", "sdt_failed"),
)
_SUMS = (
    *("attempts", "follow_ups", "completed"),
    *("sessions_started", "sessions_ended", "sessions_carried"),
    *(f"{name}_{part}" for name in _DELAYS for part in ("count", "us")),
)

kpi_minute = Table(
    "kpi_minute",
    metadata,
    Column("minute", DateTime(timezone=True), primary_key=True),
    *(Column(name, BigInteger, nullable=False, server_default="0") for name in _SUMS),
    Column("status", SmallInteger, primary_key=True),
    Column("method", Text, primary_key=True),
    Column("node", Text, primary_key=True),
)

measure_queue = Table(
    "measure_queue",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("stored_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("call_ids", ARRAY(Text), nullable=False, server_default="{}"),
    Column("call_times_us", ARRAY(BigInteger), nullable=False, server_default="{}"),
    Column("register_ids", ARRAY(Text), nullable=False, server_default="{}"),
    Column("register_first_us", ARRAY(BigInteger), nullable=False, server_default="{}"),
    Column("register_last_us", ARRAY(BigInteger), nullable=False, server_default="{}"),
)

party = Table(
    "party",
    metadata,
    Column("value", Text, primary_key=True),
    Column("last_day", Date, nullable=False),
)
Index("party_trgm", party.c.value, postgresql_using="gin")

node = Table(
    "node",
    metadata,
    Column("name", Text, primary_key=True),
    Column("node_id", BigInteger),
    _time("first_seen"),
    _time("last_seen"),
    _small("hep_version"),
    Column("packet_count", BigInteger, nullable=False, server_default="0"),
)

node_report = Table(
    "node_report",
    metadata,
    _time("started_at"),
    _time("reported_at"),
    Column("stored_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    _time("first_seen", nullable=True),
    _time("last_seen", nullable=True),
    _time("last_refused", nullable=True),
    Column("node_id", BigInteger),
    Column("packets", BigInteger, nullable=False, server_default="0"),
    Column("bytes", BigInteger, nullable=False, server_default="0"),
    Column("clock_skew_us", BigInteger),
    Column("packets_per_s", Double, nullable=False, server_default="0"),
    Column("bytes_per_s", Double, nullable=False, server_default="0"),
    Column("refused_per_s", Double, nullable=False, server_default="0"),
    Column("slot", Integer, primary_key=True),
    _int("period_ms", nullable=False),
    Column("bus_id", Text, nullable=False),
    Column("instance", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("hep_versions", ARRAY(SmallInteger), nullable=False, server_default="{}"),
    Column("refused", JSONB, nullable=False, server_default="{}"),
    Column("quirks", JSONB, nullable=False, server_default="{}"),
    Column("listeners", JSONB),
)

bus_position = Table(
    "bus_position",
    metadata,
    Column("bus_id", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("next_offset", BigInteger, nullable=False),
    Column("epoch", BigInteger, nullable=False, server_default="0"),
    Column("owner", Text),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
)

bus_origin = Table(
    "bus_origin",
    metadata,
    Column("bus_id", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("origin", BYTEA, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
)

bus_gap = Table(
    "bus_gap",
    metadata,
    Column("bus_id", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("from_offset", BigInteger, nullable=False),
    Column("to_offset", BigInteger, nullable=False),
    Column("records", BigInteger, nullable=False),
    Column("accepted_at", DateTime(timezone=True), primary_key=True, server_default=text("now()")),
    Column("accepted_by", Text, nullable=False),
)

partition_policy = Table(
    "partition_policy",
    metadata,
    Column("root", REGCLASS, primary_key=True),
    Column("width", INTERVAL, nullable=False),
    Column("ahead", INTERVAL, nullable=False),
    Column("keep", INTERVAL, nullable=False),
    Column("minimum_keep", INTERVAL, nullable=False, server_default="1 day"),
    Column("floor", DateTime(timezone=True), nullable=False, server_default="-infinity"),
    _small("drop_order", nullable=False, default="0"),
    Column("storage", Text, nullable=False, server_default=""),
    CheckConstraint("width >= '1 minute'", name="partition_policy_width_check"),
)

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", JSONB, nullable=False),
)
