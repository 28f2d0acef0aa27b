"""UDP, TCP and SCTP heads (RFC 768, 9293, 9260): ports and payload.

Checksums are not looked at. They are wrong in most captures made on the sending machine, where
the network card fills them in after the capture.
"""

import struct
from typing import NamedTuple

from hepscope_capture.decode.errors import FrameError, Reason

UDP, TCP, SCTP = 17, 6, 132

# A flag of TCP.
ACK = 0x10

_UDP = struct.Struct("!HHH").unpack_from
_UDP_HEAD_BYTES = 8
_TCP = struct.Struct("!HHIIBB").unpack_from
_TCP_HEAD_BYTES = 20
_SCTP = struct.Struct("!HHI4x").unpack_from
_SCTP_HEAD_BYTES = 12


class Transport(NamedTuple):
    """Ports and payload of a datagram, a segment or an SCTP packet."""

    source_port: int
    destination_port: int
    payload: bytes  # SCTP: the chunks
    sequence: int = 0  # TCP; SCTP: the verification tag
    flags: int = 0  # TCP
    acknowledgement: int = 0  # TCP; 0 also without the flag that makes it valid


def decode_udp(data: bytes, *, is_cut: bool = False) -> Transport:
    """Return the datagram in an IP payload; a cut one gives what is there.

    A stated length of 0 is a jumbogram (RFC 2675); bytes behind the stated length are dropped.
    Raises FrameError and nothing else, whatever the bytes.
    """
    if len(data) < _UDP_HEAD_BYTES:
        raise FrameError(Reason.TRUNCATED, len(data))
    source_port, destination_port, length = _UDP(data)
    if 0 < length < _UDP_HEAD_BYTES or (length > len(data) and not is_cut):
        raise FrameError(Reason.BAD_LENGTH, 4)
    end = length or len(data)
    return Transport(source_port, destination_port, data[_UDP_HEAD_BYTES:end])


def decode_tcp(data: bytes) -> Transport:
    """Return the segment in an IP payload.

    Raises FrameError and nothing else, whatever the bytes.
    """
    try:
        source_port, destination_port, sequence, acknowledgement, offset, flags = _TCP(data)
    except struct.error:
        raise FrameError(Reason.TRUNCATED, len(data)) from None
    head = (offset >> 4) * 4
    if head < _TCP_HEAD_BYTES:
        raise FrameError(Reason.BAD_LENGTH, 12)
    if head > len(data):
        raise FrameError(Reason.TRUNCATED, len(data))
    if not flags & ACK:
        acknowledgement = 0
    return Transport(source_port, destination_port, data[head:], sequence, flags, acknowledgement)


def decode_sctp(data: bytes) -> Transport:
    """Return the SCTP packet in an IP payload.

    Raises FrameError and nothing else, whatever the bytes.
    """
    if len(data) < _SCTP_HEAD_BYTES:
        raise FrameError(Reason.TRUNCATED, len(data))
    source_port, destination_port, tag = _SCTP(data)
    return Transport(source_port, destination_port, data[_SCTP_HEAD_BYTES:], tag)
