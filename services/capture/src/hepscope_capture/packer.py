"""Messages to HEP, each counted by what it is."""

from hep import EncodeError
from hep.protocols import RTCP_JSON, SIP
from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.encoder import Encoder
from hepscope_capture.frame_counts import FrameCounts
from hepscope_capture.packets import Labels


class Packer:
    """Packs for one thread."""

    def __init__(self, labels: Labels, counts: FrameCounts) -> None:
        self.encoder = Encoder(labels)
        self._counts = counts

    def pack(self, message: Datagram, time_us: int) -> bytes | None:
        """Return a message as HEP, None and a count when HEP cannot carry it."""
        counts = self._counts
        try:
            packet = self.encoder.encode(message, time_us)
        except EncodeError:
            counts.unencodable += 1
            return None
        if message.kind == SIP:
            counts.messages += 1
            counts.cut_messages += message.is_cut
        elif message.kind == RTCP_JSON:
            counts.reports += 1
        else:
            counts.log_lines += 1
        return packet
