"""Settings of ingest: section ``[ingest]``."""

from pydantic import Field

from hepscope_common.settings import CommaList, Listen, ListenList, Section
from hepscope_common.sockets import ALL


class IngestSettings(Section):
    """Where HEP is accepted, and from whom."""

    udp: ListenList = (Listen(host=ALL, port=9060),)
    """Addresses for HEP over UDP; `[::]` is all of them, IPv4 too; empty turns it off."""

    tcp: ListenList = (Listen(host=ALL, port=9060),)
    """Addresses for HEP over TCP; `[::]` is all of them, IPv4 too; empty turns it off."""

    tls: ListenList = ()
    """Addresses for HEP over TLS (9061 by convention). Not served by this release."""

    http: ListenList = ()
    """Addresses for HEP by WebSocket and HTTP (9062 by convention). Not served by this release."""

    auth_keys: CommaList[str] = ()
    """Keys (HEP chunk 14) of which a packet must carry one; empty accepts any or none."""

    rate_limit: int = Field(default=0, ge=0)
    """Packets a second that one peer address may send, in bursts of one second; 0 = no limit."""

    receive_buffer_bytes: int = Field(default=32 * 1024 * 1024, ge=4096)
    """Socket buffer asked of the kernel for UDP; net.core.rmem_max may allow less."""

    tcp_connections: int = Field(default=1000, ge=1)
    """Connections open at once at each TCP, TLS and HTTP address; further ones are closed and
    counted. Each may hold a few hundred kilobytes while the bus is full."""

    tcp_idle_seconds: int = Field(default=0, ge=0)
    """A TCP or TLS connection from which nothing comes for so long is closed; 0 = never, since
    agents may be silent for hours and the kernel finds those that died."""

    tcp_keepalive_seconds: int = Field(default=60, ge=1, le=32767)
    """Silence after which the kernel probes a peer; twice as long without any answer and its
    connection is gone."""

    record_bytes: int = Field(default=64 * 1024, ge=1024, le=512 * 1024)
    """A bus record is closed at this size."""

    record_age_ms: int = Field(default=5, ge=1, le=1000)
    """A bus record is closed at this age; grows up to ten times while records stay small."""
