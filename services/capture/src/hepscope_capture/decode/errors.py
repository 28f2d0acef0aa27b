"""Why a frame holds no datagram that could be read: one error type, a closed set of reasons."""

from enum import StrEnum


class Reason(StrEnum):
    """Why a frame was refused. Closed, because each value is a line of the summary."""

    UNSUPPORTED_LINK = "unsupported_link"  # a link type without a decoder
    NOT_IP = "not_ip"  # ARP, LLDP, spanning tree ...
    NOT_UDP_OR_TCP = "not_udp_or_tcp"  # ICMP, SCTP, ESP ...
    TRUNCATED = "truncated"  # ends inside a head
    BAD_LENGTH = "bad_length"  # a length field that contradicts what is there
    BAD_VERSION = "bad_version"  # IP of neither version 4 nor 6
    TOO_DEEP = "too_deep"  # more tags, labels or extension heads than any network has
    BAD_FRAGMENT = "bad_fragment"  # pieces that overlap and differ, or pass 65,535 bytes


class FrameError(ValueError):
    """A frame was refused; offset is the byte, from the frame's start, that decided it."""

    def __init__(self, reason: Reason, offset: int) -> None:
        super().__init__(f"{reason} at byte {offset}")
        self.reason = reason
        self.offset = offset
