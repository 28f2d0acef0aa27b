"""RTCP: compounds read and written, SRTCP told apart, and the arithmetic of their clocks."""

from hep.rtcp.blocks import (
    Dlrr,
    DlrrItem,
    ReceiptTimes,
    ReferenceTime,
    RunLengths,
    Statistics,
    UnknownBlock,
    VoipMetrics,
    XrBlock,
)
from hep.rtcp.clock import (
    middle_bits,
    ntp_to_us,
    round_trip_us,
    tapped_round_trip_us,
    us_to_ntp,
)
from hep.rtcp.decoder import SoundPart, decode, decode_sound
from hep.rtcp.encoder import encode
from hep.rtcp.packets import (
    App,
    Bye,
    ExtendedReport,
    Feedback,
    Packet,
    ReceiverReport,
    ReportBlock,
    SdesChunk,
    SdesItem,
    SenderReport,
    SourceDescription,
    UnknownPacket,
)
from hep.rtcp.protection import Form, Reading, read

__all__ = [
    "App",
    "Bye",
    "Dlrr",
    "DlrrItem",
    "ExtendedReport",
    "Feedback",
    "Form",
    "Packet",
    "Reading",
    "ReceiptTimes",
    "ReceiverReport",
    "ReferenceTime",
    "ReportBlock",
    "RunLengths",
    "SdesChunk",
    "SdesItem",
    "SenderReport",
    "SoundPart",
    "SourceDescription",
    "Statistics",
    "UnknownBlock",
    "UnknownPacket",
    "VoipMetrics",
    "XrBlock",
    "decode",
    "decode_sound",
    "encode",
    "middle_bits",
    "ntp_to_us",
    "read",
    "round_trip_us",
    "tapped_round_trip_us",
    "us_to_ntp",
]
