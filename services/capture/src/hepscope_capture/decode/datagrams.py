"""Frames to datagrams: link, IP, fragments and transport in one pass.

The only state is the fragments that wait for each other, so one ``Dissector`` serves all files
of a replay: a datagram may begin in one file of a rotated capture and end in the next. It gets
the time of the frame that completes it, which is when its receiver saw it.
"""

from dataclasses import dataclass

from hepscope_capture.decode.errors import FrameError, Reason
from hepscope_capture.decode.fragments import Reassembler
from hepscope_capture.decode.ip import decode_ip, walk_extensions
from hepscope_capture.decode.link import decode_link
from hepscope_capture.decode.transport import TCP, UDP, decode_tcp, decode_udp
from hepscope_capture.frame import Frame


@dataclass(slots=True)
class Datagram:
    """The payload of a UDP datagram or a TCP segment, and where it went from and to."""

    time_us: int
    protocol: int  # 17 UDP, 6 TCP
    source: bytes
    source_port: int
    destination: bytes
    destination_port: int
    payload: bytes
    vlan: int = 0  # 0 = none
    is_cut: bool = False  # the capture lacks the payload's end


class Dissector:
    """Frames in, datagrams out."""

    def __init__(self) -> None:
        self._reassembler = Reassembler()
        self.fragments = self._reassembler.counts

    def dissect(self, frame: Frame) -> Datagram | None:
        """Return what the frame carries or completes; None when it is a piece that waits.

        Raises FrameError and nothing else, whatever the frame.
        """
        data = frame.data
        offset, vlan = decode_link(frame.link_type, data)
        packet = decode_ip(data, offset)
        if packet.has_more or packet.fragment_offset:
            whole = self._reassembler.add(packet, vlan, frame.time_us)
            if whole is None:
                return None
            packet = whole if len(whole.source) == 4 else walk_extensions(whole)
            if packet.is_fragment:
                raise FrameError(Reason.TOO_DEEP, offset)
        if packet.protocol == UDP:
            transport = decode_udp(packet.payload, is_cut=packet.is_cut)
        elif packet.protocol == TCP:
            transport = decode_tcp(packet.payload)
        else:
            raise FrameError(Reason.NOT_UDP_OR_TCP, offset)
        return Datagram(
            frame.time_us,
            packet.protocol,
            packet.source,
            transport.source_port,
            packet.destination,
            transport.destination_port,
            transport.payload,
            vlan,
            packet.is_cut,
        )

    def finish(self) -> None:
        """Give up the pieces that still wait, and count them."""
        self._reassembler.finish()
