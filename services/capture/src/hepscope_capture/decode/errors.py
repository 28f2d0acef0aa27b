"""Why a frame holds no datagram that could be read: one error type, a closed set of reasons."""

from enum import StrEnum


class Reason(StrEnum):
    """Why a frame was refused. Closed, because each value is a line of the summary."""

    UNSUPPORTED_LINK = "unsupported_link"  # a link type without a decoder
    NOT_IP = "not_ip"  # ARP, LLDP, spanning tree ...
    OTHER_TRANSPORT = "other_transport"  # neither UDP, TCP nor SCTP: ICMP, ESP ...
    OTHER_TUNNEL = "other_tunnel"  # GRE or ERSPAN of a form that is not read
    TRUNCATED = "truncated"  # ends inside a head
    BAD_LENGTH = "bad_length"  # a length field that contradicts what is there
    BAD_VERSION = "bad_version"  # IP of neither version 4 nor 6
    TOO_DEEP = "too_deep"  # more tags, labels, extension heads or tunnels than any network has
    BAD_FRAGMENT = "bad_fragment"  # pieces that overlap and differ, or pass 65,535 bytes


class FrameError(ValueError):
    """A frame was refused; offset is the byte that decided it.

    It counts from the start of the frame; inside a tunnel, or in what fragments were joined to,
    from the start of the bytes that the tunnel or the fragments carried.
    """

    def __init__(self, reason: Reason, offset: int) -> None:
        super().__init__(f"{reason} at byte {offset}")
        self.reason = reason
        self.offset = offset
