"""Settings of ingest: section ``[ingest]``."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from hepscope_common.settings import CommaList, Listen, ListenList, Section
from hepscope_common.sockets import ALL
from hepscope_ingest.origins import Origin
from hepscope_ingest.report_settings import ReportSettings
from hepscope_ingest.rules.settings import RuleSettings


def parse_path(value: object) -> object:
    """Return the path of a text, ``~`` expanded; None of an empty one."""
    if not isinstance(value, str):
        return value
    return Path(value).expanduser() if value else None


OptionalPath = Annotated[Path | None, BeforeValidator(parse_path)]


class IngestSettings(Section):
    """Where HEP is accepted, and from whom."""

    udp: ListenList = (Listen(host=ALL, port=9060),)
    """Addresses for HEP over UDP; `[::]` is all of them, IPv4 too; empty turns it off."""

    tcp: ListenList = (Listen(host=ALL, port=9060),)
    """Addresses for HEP over TCP; `[::]` is all of them, IPv4 too; empty turns it off."""

    tls: ListenList = (Listen(host=ALL, port=9061),)
    """Addresses for HEP over TLS; `[::]` is all of them, IPv4 too; empty turns it off."""

    http: ListenList = (Listen(host=ALL, port=9062),)
    """Addresses for HEP by HTTP (`POST /hep`) and WebSocket (`/ws`); `[::]` is all of them, IPv4
    too; empty turns it off."""

    tls_certificate: OptionalPath = None
    """PEM file with the certificate of the TLS addresses and its chain, read anew when it changes.
    Without one, a self-signed certificate is made at the first start."""

    tls_key: OptionalPath = None
    """PEM file with the private key of that certificate, without passphrase."""

    tls_client_ca: OptionalPath = None
    """PEM file with the CA of client certificates; with it, who shows none is refused."""

    tls_directory: OptionalPath = None
    """Where a certificate made by us is kept; `tls` in the data directory when not said."""

    tls_names: CommaList[str] = ()
    """Host names or addresses, beside this machine's own, that a certificate made by us is for."""

    tls_handshake_seconds: float = Field(default=10.0, gt=0)
    """A connection that has not begun its handshake by then, or not finished it so long after its
    turn came, is closed and counted."""

    tls_handshakes: int = Field(default=100, ge=1)
    """Handshakes under way at once at each address; further connections wait for their turn."""

    http_body_bytes: int = Field(default=8 * 1024 * 1024, ge=65536, le=64 * 1024 * 1024)
    """Largest body of a `POST /hep`."""

    http_origins: CommaList[Origin] = ()
    """Web sites (`https://phone.example.org`) whose pages may send by HTTP or WebSocket. What a
    browser sends for any other page is refused: every page that somebody on your network looks at
    could reach this port."""

    http_wait_seconds: float = Field(default=30.0, gt=0)
    """How long a request waits for room on the bus and its acknowledgement, before it is 503."""

    udp_sockets: int = Field(default=1, ge=1, le=64)
    """Sockets at each UDP address (SO_REUSEPORT), each with a receive buffer of its own; senders
    are spread over them."""

    auth_keys: CommaList[str] = ()
    """Keys (HEP chunk 14) of which a packet must carry one; empty accepts any or none."""

    rate_limit: int = Field(default=0, ge=0)
    """Packets a second that one peer address may send, in bursts of one second; 0 = no limit."""

    rules: RuleSettings = RuleSettings()
    """More rules of admission, and masks: section `[ingest.rules]`."""

    reports: ReportSettings = ReportSettings()
    """Reports on capture nodes: section `[ingest.reports]`."""

    receive_buffer_bytes: int = Field(default=32 * 1024 * 1024, ge=4096)
    """Socket buffer asked of the kernel for UDP; net.core.rmem_max may allow less."""

    tcp_connections: int = Field(default=1000, ge=1)
    """Connections open at once at each TCP, TLS and HTTP address; further ones are closed and
    counted. Each may hold a few hundred kilobytes while the bus is full; one over TLS takes
    270 kB always."""

    tcp_idle_seconds: int = Field(default=0, ge=0)
    """A TCP or TLS connection from which nothing comes for so long is closed; 0 = never, since
    agents may be silent for hours and the kernel finds those that died."""

    tcp_keepalive_seconds: int = Field(default=60, ge=1, le=32767)
    """Silence after which the kernel probes a peer; twice as long without any answer and its
    connection is gone."""

    spool_dir: OptionalPath = None
    """Directory for records that the bus does not take while it is away; it belongs to one ingest.
    Empty turns it off: senders then wait, and datagrams beyond the buffers are dropped."""

    spool_bytes: int = Field(default=1024 * 1024 * 1024, ge=1024 * 1024)
    """Bytes that the spool may take of its disk; then reading from the network stops."""

    spool_after_ms: int = Field(default=2000, ge=10, le=600_000)
    """The bus counts as away, and records go to the spool, when it has acknowledged nothing for so
    long; one that is slow but goes on slows its senders down instead."""

    spool_sync: bool = True
    """Whether a record is on the disk itself before it counts as spooled, and so survives a power
    cut; off, it survives the end of the process alone, and slow disks are spared."""

    record_bytes: int = Field(default=64 * 1024, ge=1024, le=512 * 1024)
    """A bus record is closed at this size."""

    record_age_ms: int = Field(default=5, ge=1, le=1000)
    """A bus record is closed at this age; grows up to ten times while records stay small."""

    def kept_in(self, data_dir: Path) -> Self:
        """Return these settings with a place in the data directory for what has none."""
        return self.model_copy(update={"tls_directory": self.tls_directory or data_dir / "tls"})

    @model_validator(mode="after")
    def _has_both_or_none(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key belong together")
        return self
