"""What became of frames; what a table counts itself is in the counts of that table."""

from collections import Counter
from dataclasses import KW_ONLY, dataclass, field

from hepscope_capture.decode.errors import Reason
from hepscope_capture.decode.fragments import FragmentCounts
from hepscope_capture.decode.sctp import SctpCounts
from hepscope_capture.media.counts import CorrelationCounts
from hepscope_capture.mirror.counts import RtpCounts
from hepscope_capture.mirror.hosts import HostPairs
from hepscope_capture.streams.counts import StreamCounts


@dataclass(slots=True)
class FrameCounts:
    """Counts of frames unless the name says otherwise."""

    _: KW_ONLY
    fragments: FragmentCounts = field(default_factory=FragmentCounts)
    streams: StreamCounts = field(default_factory=StreamCounts)
    sctp: SctpCounts = field(default_factory=SctpCounts)
    media: CorrelationCounts = field(default_factory=CorrelationCounts)
    rtp: dict[str, RtpCounts] = field(default_factory=dict)  # by where it was seen
    hosts: HostPairs = field(default_factory=HostPairs)  # of SIP
    rules: Counter[str] = field(default_factory=Counter)  # messages refused by former rules
    masked: int = 0  # messages that masks of former rules have changed
    frames: int = 0
    messages: int = 0  # SIP that is to be sent
    reports: int = 0  # RTCP that is to be sent
    log_lines: int = 0  # that are to be sent
    other_lines: int = 0  # to a port of logs: no syslog, or without a Call-ID
    cut_messages: int = 0  # of the messages, those whose end the capture lacks
    not_sip: int = 0  # UDP on the ports of SIP
    other_ports: int = 0  # UDP, TCP or SCTP, from and to ports that nobody asked for
    unencodable: int = 0  # messages that HEP cannot carry
    refused: Counter[Reason] = field(default_factory=Counter)
    unknown_links: set[int] = field(default_factory=set)
