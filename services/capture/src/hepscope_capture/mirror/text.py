"""What was seen by the capture, in words.

seen by the capture: RTP 1,234,567 packets of 12 streams, 0 missing; TCP 0 bytes missing in 34
directions
"""

from ipaddress import ip_address

from hepscope_capture.counted import counted
from hepscope_capture.frame_counts import FrameCounts
from hepscope_capture.mirror.counts import RtpCounts, together
from hepscope_capture.mirror.stream import RtpStream

# RFC 3551 section 6; those that are heard nowadays.
_CODECS = {0: "PCMU", 3: "GSM", 4: "G723", 8: "PCMA", 9: "G722", 13: "CN", 18: "G729"}
# So many in one direction only are no accident; with fewer pairs nothing is said.
_SUSPICIOUS_SHARE = 2
_FEWEST = 4


def seen_of(counts: FrameCounts, one_way: int = 0) -> str:
    """Return the line, empty when nothing was seen that is numbered.

    ``one_way`` streams of those known now have no other direction.
    """
    rtp, streams, hosts = together(counts.rtp.values()), counts.streams, counts.hosts
    parts = []
    if rtp.streams:
        parts.append(f"RTP {_rtp(rtp, rtp.one_way + one_way)}")
    if directions := streams.opened + streams.joined_late:
        missing = counted(streams.missing_bytes, "byte")
        parts.append(f"TCP {missing} missing in {counted(directions, 'direction')}")
    if is_suspicious(hosts.one_way, len(hosts)):
        pairs = counted(len(hosts), "pair")
        parts.append(f"SIP in one direction only between {hosts.one_way:,} of {pairs} of hosts")
    return "; ".join(parts)


def is_suspicious(one_way: int, total: int) -> bool:
    """Say whether so many without another direction look like a mirror of one direction."""
    return total >= _FEWEST and one_way * _SUSPICIOUS_SHARE > total


def line_of_stream(stream: RtpStream) -> str:
    """Return what was seen of one stream."""
    source, source_port, destination, destination_port, ssrc = stream.key
    codec = _CODECS.get(stream.payload_type, f"type {stream.payload_type}")
    parts = [f"{counted(stream.packets, 'packet')}, {stream.lacking:,} missing"]
    if stream.duplicate:
        parts.append(f"{stream.duplicate:,} twice")
    if not stream.has_return:
        parts.append("nothing comes back")
    way = f"{_place(source, source_port)} > {_place(destination, destination_port)}"
    where = f" at {stream.place}" if stream.place else ""
    return f"RTP {way} ({codec}, SSRC {ssrc:#010x}){where}: {', '.join(parts)}"


def _rtp(rtp: RtpCounts, one_way: int) -> str:
    text = f"{counted(rtp.packets, 'packet')} of {counted(rtp.streams, 'stream')}"
    text += f", {rtp.missing:,} missing"
    if rtp.duplicate:
        text += f", {rtp.duplicate:,} twice"
    if is_suspicious(one_way, rtp.streams):
        text += f", {one_way:,} streams in one direction only"
    return text


def _place(address: bytes, port: int) -> str:
    host = str(ip_address(address))
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
