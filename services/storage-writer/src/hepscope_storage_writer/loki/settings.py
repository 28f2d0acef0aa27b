"""Settings of the Loki sink: section ``[loki]``."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from hepscope_common.settings import CommaList, Section
from hepscope_storage_writer.loki.address import push_address

LABEL_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,63}")
OWN_LABELS: Final = ("job", "type", "node", "partition")
MAX_LABELS: Final = 15
"""Label names of a stream that Loki takes by default (max_label_names_per_series)."""

MAX_STATIC_VALUE: Final = 1024

HepType = Annotated[int, Field(ge=0, le=255)]


class Compression(StrEnum):
    """The form of a push."""

    SNAPPY = "snappy"
    """Protocol buffers, compressed by snappy."""
    GZIP = "gzip"
    """JSON, compressed by gzip."""
    NONE = "none"
    """JSON as it is."""


class TrafficLabel(StrEnum):
    """Labels of heplify-server that a stream may have beside our own."""

    METHOD = "method"
    RESPONSE = "response"
    PROTOCOL = "protocol"
    HOSTNAME = "hostname"
    SRC_IP = "src_ip"
    SRC_PORT = "src_port"
    DST_IP = "dst_ip"
    DST_PORT = "dst_port"


class LokiSettings(Section):
    """Which traffic goes to Loki as log lines, where that is, and what happens while it is away."""

    url: str = Field(default="", repr=False)
    """Address of Loki, e.g. http://loki:3100; empty: no log lines are pushed. The path of the push
    API is added where it is missing, and heplify-server's old /api/prom/push is replaced by it."""

    types: CommaList[HepType] = (1, 5, 100)
    """HEP protocol types that become log lines: SIP, RTCP as JSON, and logs."""

    job: str = Field(default="hepscope", min_length=1, max_length=256)
    """Value of the label `job`; heplify-server where its dashboards are in use."""

    tenant: str = Field(default="", max_length=150, pattern=r"^[!-~]*$")
    """Tenant of Loki (X-Scope-OrgID); empty where it has only one."""

    username: str = ""
    """Name for basic authentication; may also stand in the address."""

    password: SecretStr = SecretStr("")
    """Password that belongs to it."""

    token: SecretStr = SecretStr("")
    """Bearer token, instead of name and password."""

    tls_ca_file: Path | None = None
    """Certificates (PEM) that vouch for an https address; the system's when left out."""

    labels: CommaList[str] = ()
    """Labels of every line, as name=value, e.g. site=berlin."""

    traffic_labels: CommaList[TrafficLabel] = ()
    """Labels of heplify-server to add: method, response, protocol, hostname, src_ip, src_port,
    dst_ip, dst_port. Each makes more streams, which Loki pays for; our own dashboards need none."""

    partition_label: bool = True
    """Whether the bus partition is a label. Without it the partitions of a node share a stream, in
    which Loki refuses lines an hour older than the newest: those of a writer that catches up."""

    max_nodes: int = Field(default=100, ge=1, le=10_000)
    """Nodes told apart by name; further ones have the label `other`."""

    max_label_values: int = Field(default=200, ge=1, le=10_000)
    """Values told apart of each of `traffic_labels`; further ones are `other`."""

    max_streams: int = Field(default=2000, ge=1, le=100_000)
    """Combinations of labels told apart; Loki takes 5000 streams of a tenant by default."""

    structured_metadata: bool = True
    """Whether lines carry call_id, src, dst, method and response beside the text. Needs Loki 3, or
    2.9 with allow_structured_metadata; a Loki that says it is not allowed gets lines without."""

    compression: Compression = Compression.SNAPPY
    """snappy (protocol buffers), gzip or none (both JSON)."""

    max_line_bytes: int = Field(default=256 * 1024, ge=1024, le=16 * 1024 * 1024)
    """Longer lines are cut, because Loki refuses them (max_line_size)."""

    oldest_hours: float = Field(default=168, gt=0, le=24 * 365)
    """Packets that were older when they arrived get the time of arrival, and keep their own as
    packet_time: Loki refuses old lines (reject_old_samples_max_age)."""

    backlog_hours: float = Field(default=168, gt=0, le=24 * 365)
    """How far back on the bus one begins, the first time or after a long outage of Loki; what is
    older is passed over."""

    batch_bytes: int = Field(default=1024 * 1024, ge=16 * 1024, le=16 * 1024 * 1024)
    """Bytes of lines that close a batch."""

    batch_wait_ms: float = Field(default=1000.0, ge=0, le=60_000)
    """How long a smaller batch waits for more, in milliseconds."""

    buffer_bytes: int = Field(default=32 * 1024 * 1024, ge=1024 * 1024, le=1 << 32)
    """Bytes of records that wait in memory for Loki. When they are full, reading pauses where Kafka
    keeps the rest; in one process (bus in memory) the oldest are dropped, so that nothing stops."""

    timeout_seconds: float = Field(default=15.0, gt=0, le=300)
    """How long a push may take before it is given up and repeated."""

    retry_min_ms: float = Field(default=250.0, gt=0)
    """First pause before a push is repeated; it doubles."""

    retry_max_ms: float = Field(default=15_000.0, gt=0)
    """Longest such pause, unless Loki asks for a longer one (Retry-After, five minutes at most)."""

    drain_seconds: float = Field(default=5.0, ge=0, le=300)
    """How long the end waits for Loki to take what is under way."""

    @field_validator("url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if value:
            push_address(value)
        return value

    @field_validator("token")
    @classmethod
    def _is_header(cls, value: SecretStr) -> SecretStr:
        token = value.get_secret_value()
        if not all("!" <= char <= "~" for char in token):
            raise ValueError("expected printable ASCII without blanks, on one line")
        return value

    @field_validator("labels")
    @classmethod
    def _are_labels(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            name, equals, of = text.partition("=")
            if not equals or not LABEL_NAME.fullmatch(name) or name.startswith("__"):
                raise ValueError(f"expected name=value with a label name of Loki, not {text!r}")
            if not of or len(of) > MAX_STATIC_VALUE:
                raise ValueError(
                    f"label {name} needs a value of 1 to {MAX_STATIC_VALUE} characters"
                )
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if not self.types:
            raise ValueError("types is empty; leave url empty to push nothing")
        if self.token.get_secret_value() and self.username:
            raise ValueError("give either token or username and password")
        names = [*OWN_LABELS, *self.traffic_labels, *self.static_labels]
        twice = sorted({name for name in names if names.count(name) > 1})
        given = [text.partition("=")[0] for text in self.labels]
        twice += sorted({name for name in given if given.count(name) > 1})
        if twice:
            raise ValueError(f"label {twice[0]} is there already")
        if len(names) > MAX_LABELS:
            raise ValueError(f"{len(names)} labels, and Loki takes {MAX_LABELS}")
        if self.retry_max_ms < self.retry_min_ms:
            raise ValueError("retry_max_ms must not be below retry_min_ms")
        if self.max_line_bytes > self.batch_bytes:
            raise ValueError("max_line_bytes must not be above batch_bytes")
        return self

    @property
    def static_labels(self) -> dict[str, str]:
        """The labels of every line, by name."""
        return {text.partition("=")[0]: text.partition("=")[2] for text in self.labels}
