"""Why an address counts as one of a call's, the most reliable first; and addresses as keys."""

from enum import IntEnum


class Evidence(IntEnum):
    """What says that RTCP of an address is of a call."""

    RTCP = 0
    """SDP: the port of `a=rtcp` (RFC 3605), else that of RTP plus one (RFC 3550 section 11)."""
    MUX = 1
    """SDP: RTP's own port, with `a=rtcp-mux` (RFC 5761)."""
    CANDIDATE = 2
    """SDP: a candidate of ICE (RFC 8839)."""
    RTP_PORT = 3
    """SDP: RTP's own port, though nobody spoke of rtcp-mux."""
    SIP_SOURCE = 4
    """A port of the SDP at the address that the SIP came from: the SDP's own is behind a NAT."""
    SYMMETRIC = 5
    """The other end of RTCP that was a call's by its first end (RFC 4961)."""
    SSRC = 6
    """No address at all: an SSRC that SDP (RFC 5576) or earlier RTCP of the call named."""

    @property
    def label(self) -> str:
        """The name in metrics."""
        return self.name.lower()

    @property
    def weight(self) -> int:
        """How much an end with this evidence counts when several calls claim a packet."""
        return 2 if self < Evidence.SIP_SOURCE else 1 if self is Evidence.SIP_SOURCE else 0


def endpoint(address: bytes, port: int) -> bytes:
    """Return a packed address and a port as one key."""
    return address + port.to_bytes(2, "big")
