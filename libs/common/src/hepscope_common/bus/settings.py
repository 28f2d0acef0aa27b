"""Settings of the bus: section ``[bus]``."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from hepscope_common.bus.memory import DEFAULT_MAX_BYTES
from hepscope_common.settings import CommaList, Section

MAX_PRODUCER_BYTES = 1024 * 1024 * 1024


class BusSettings(Section):
    """What carries packets from ingest to those who store and count them."""

    bootstrap_servers: CommaList[str] = ()
    """Kafka brokers as host:port; the standalone command has its bus in memory instead."""

    partitions: int = Field(default=4, ge=1, le=1024)
    """Partitions of each topic; a live data directory or topic keeps the number it began with."""

    memory_bytes: int = Field(default=DEFAULT_MAX_BYTES, ge=1024 * 1024)
    """Bytes that may wait in memory for the database before reading from the network stops."""

    topic_prefix: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,100}$")
    """Put before the names of topics and groups, so that installations can share a cluster."""

    replication_factor: int = Field(default=1, ge=1, le=15)
    """Brokers that hold each topic, when it is created; 3 where losing a machine loses nothing."""

    min_insync_replicas: int = Field(default=1, ge=1, le=15)
    """Brokers that must have a record before it is acknowledged; 2 with three replicas."""

    retention_hours: float = Field(default=72, gt=0, le=24 * 365)
    """How long Kafka keeps what it carried: the longest outage of the database that loses nothing.

    Applies when a topic is created.
    """

    producer_bytes: int = Field(default=64 * 1024 * 1024, ge=1024 * 1024, le=MAX_PRODUCER_BYTES)
    """Bytes that may wait in memory for Kafka's acknowledgement before no more are taken."""

    producer_stall_seconds: float = Field(default=60, ge=1, le=3600)
    """After how long without an acknowledgement the connections to Kafka are made anew."""

    group_instance_id: str = Field(default="", max_length=200)
    """Lasting name of this process in its consumer groups; {hostname} in it is the machine's name.

    With one, a restart within session_seconds moves no partitions. Must differ between replicas.
    """

    session_seconds: float = Field(default=15, ge=1, le=1800)
    """After how long without a sign of life the partitions of a reader go to the others."""

    tls: bool = False
    """Whether connections to Kafka are encrypted."""

    tls_ca_file: Path | None = None
    """Certificates (PEM) that vouch for the brokers; the system's when left out."""

    tls_cert_file: Path | None = None
    """Certificate (PEM) by which Kafka knows us, if it asks for one."""

    tls_key_file: Path | None = None
    """Private key (PEM, without a passphrase) of that certificate."""

    sasl_mechanism: Literal["", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = ""
    """How we log in to Kafka; empty: not at all."""

    sasl_username: str = ""
    """The name we log in with."""

    sasl_password: SecretStr = SecretStr("")
    """The password we log in with."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.min_insync_replicas > self.replication_factor:
            raise ValueError("min_insync_replicas must not be above replication_factor")
        if (self.tls_cert_file is None) != (self.tls_key_file is None):
            raise ValueError("tls_cert_file and tls_key_file belong together")
        if not self.tls and (self.tls_ca_file or self.tls_cert_file):
            raise ValueError("certificates are given, but tls is off")
        if bool(self.sasl_mechanism) != bool(self.sasl_username):
            raise ValueError("sasl_mechanism and sasl_username belong together")
        return self
