"""A session description as read: what call logic and the joining of RTCP need of SDP (RFC 8866).

Addresses are text without TTL and count, as they stand; ports are 0 when a media line has none or
is refused. What a media section does not say for itself it has from the session level.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from hep.sdp.payload_types import Codec

# The address of old holds (RFC 2543 appendix B.5) and, in IPv6, its twin.
_NOWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 -- compared with, nothing binds to it


class SdpFault(StrEnum):
    """One way in which a description departs from RFC 8866; the rest of it is read all the same."""

    EMPTY = "empty"
    """No line at all."""
    MISSING_VERSION = "missing_version"
    """The first line is not v=0."""
    BAD_LINE = "bad_line"
    """A line that is not a letter, `=` and a value."""
    BAD_ORIGIN = "bad_origin"
    """An o= line without its six words."""
    BAD_CONNECTION = "bad_connection"
    """A c= line without network, family and address."""
    BAD_MEDIA = "bad_media"
    """An m= line without kind, port, protocol; its section is read on with port 0."""
    BAD_ATTRIBUTE = "bad_attribute"
    """An rtpmap or rtcp attribute that is no such thing."""
    TOO_LONG = "too_long"
    """More lines, media or formats than a description may have; those beyond are not read."""


class Direction(StrEnum):
    """Who sends, seen from the description's author (RFC 8866 section 6.7)."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"


class Origin(NamedTuple):
    """The o= line; the version grows with each change of the description."""

    username: str = ""
    session_id: str = ""
    version: str = ""
    address: str = ""


class RtcpAddress(NamedTuple):
    """The rtcp attribute (RFC 3605); an address of "" is that of the media."""

    port: int
    address: str = ""


@dataclass(slots=True)
class Media:
    """One m= section. codecs holds formats that are RTP payload types, in the order offered."""

    kind: str
    port: int = 0
    port_count: int = 1
    protocol: str = ""
    formats: list[str] = field(default_factory=list)
    codecs: dict[int, Codec] = field(default_factory=dict)
    direction: Direction = Direction.SENDRECV
    connection: str = ""
    rtcp: RtcpAddress | None = None
    rtcp_mux: bool = False
    ice: bool = False
    crypto: bool = False
    fingerprint: bool = False

    @property
    def is_rejected(self) -> bool:
        """Whether the port is 0: a stream refused or ended (RFC 3264 section 6)."""
        return self.port == 0

    @property
    def is_hold(self) -> bool:
        """Whether the author stops receiving: sendonly, inactive, or an address of zeros."""
        return (
            self.direction in (Direction.SENDONLY, Direction.INACTIVE)
            or self.connection in _NOWHERE
        )

    @property
    def rtcp_endpoint(self) -> tuple[str, int]:
        """Address and port where the author expects RTCP; port 0 when it expects no media."""
        if self.port == 0 or self.rtcp_mux:
            return self.connection, self.port
        if self.rtcp is not None:
            return self.rtcp.address or self.connection, self.rtcp.port
        # The next higher odd port (RFC 3550 section 11).
        return self.connection, self.port + 1 if self.port < 65535 else 0


@dataclass(slots=True)
class Sdp:
    """A description; connection is the session's, "" when only the media have one."""

    origin: Origin = field(default_factory=Origin)
    session_name: str = ""
    connection: str = ""
    media: list[Media] = field(default_factory=list)
    faults: tuple[SdpFault, ...] = ()

    @property
    def is_hold(self) -> bool:
        """Whether every stream that is not refused is on hold, and there is one."""
        live = [media for media in self.media if not media.is_rejected]
        return bool(live) and all(media.is_hold for media in live)
