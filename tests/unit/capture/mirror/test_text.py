"""What is told to the user."""

from hepscope_capture.frame_counts import FrameCounts
from hepscope_capture.mirror.counts import RtpCounts
from hepscope_capture.mirror.stream import RtpStream
from hepscope_capture.mirror.text import line_of_stream, seen_of
from hepscope_capture.streams.counts import StreamCounts


def test_nothing_numbered_is_nothing_to_tell() -> None:
    """A capture of SIP over UDP."""
    assert seen_of(FrameCounts(frames=9, messages=9)) == ""


def test_rtp_and_tcp() -> None:
    """Of all interfaces together."""
    counts = FrameCounts(
        rtp={
            "eth1": RtpCounts(streams=11, packets=1_234_000, missing=2),
            "eth2": RtpCounts(streams=1, packets=567),
        },
        streams=StreamCounts(opened=30, joined_late=4),
    )
    assert seen_of(counts) == (
        "RTP 1,234,567 packets of 12 streams, 2 missing; TCP 0 bytes missing in 34 directions"
    )


def test_a_mirror_of_one_direction() -> None:
    """Media without a return and hosts that never answer; not when they are few of many."""
    counts = FrameCounts(rtp={"": RtpCounts(streams=6, packets=60, duplicate=3, one_way=3)})
    for number in range(5):
        counts.hosts.add(b"me", bytes((number,)))
    assert seen_of(counts, one_way=2) == (
        "RTP 60 packets of 6 streams, 0 missing, 3 twice, 5 streams in one direction only;"
        " SIP in one direction only between 5 of 5 pairs of hosts"
    )
    for number in range(5):
        counts.hosts.add(bytes((number,)), b"me")
    assert seen_of(counts) == "RTP 60 packets of 6 streams, 0 missing, 3 twice"


def test_few_pairs_say_nothing() -> None:
    """One phone that is switched off is no mirror of one direction."""
    counts = FrameCounts()
    for number in range(3):
        counts.hosts.add(b"me", bytes((number,)))
    assert seen_of(counts) == ""


def test_a_stream() -> None:
    """Who to whom, what, where, and what it lacks."""
    stream = RtpStream((b"\xc0\0\2\1", 4000, b"\xc0\0\2\2", 5000, 0xABC), "eth1", 8, 1, 1, 0, 0)
    for sequence in (1, 2, 2, 5):
        stream.take(sequence, 0)
    assert line_of_stream(stream) == (
        "RTP 192.0.2.1:4000 > 192.0.2.2:5000 (PCMA, SSRC 0x00000abc) at eth1:"
        " 4 packets, 2 missing, 1 twice, nothing comes back"
    )
    stream = RtpStream((bytes(16), 4000, bytes(16), 5000, 1), "", 96, 1, 1, 0, 0, has_return=True)
    stream.take(1, 0)
    assert line_of_stream(stream) == (
        "RTP [::]:4000 > [::]:5000 (type 96, SSRC 0x00000001): 1 packet, 0 missing"
    )
