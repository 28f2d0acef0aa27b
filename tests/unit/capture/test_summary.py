"""What the user reads at the end."""

import re
from collections import Counter

import pytest

from hepscope_capture.decode.errors import Reason
from hepscope_capture.decode.fragments import FragmentCounts
from hepscope_capture.files.errors import Gap, GapKind
from hepscope_capture.senders.sender import SendCounts
from hepscope_capture.summary import REASONS, Summary

TARGET = "tcp://127.0.0.1:9060"


def test_a_plain_replay_is_two_lines() -> None:
    """Nothing that did not happen is mentioned."""
    summary = Summary(FragmentCounts(), SendCounts(sent=138), files=1, frames=138, seconds=2.0)
    assert summary.lines(TARGET) == [
        "read      1 file, 138 frames",
        "sent      138 SIP messages to tcp://127.0.0.1:9060 in 2.0 s (69/s)",
    ]


def test_every_count_has_a_line() -> None:
    """Nothing that happened is silent."""
    summary = Summary(
        FragmentCounts(joined=11, incomplete=12, evicted=13),
        SendCounts(
            sent=1,
            too_large=14,
            unsent=15,
            maybe_lost=16,
            reconnects=17,
            is_acknowledged=True,
            acknowledged=27,
            unacknowledged=28,
            resent=29,
            unnumbered=30,
        ),
        files=2,
        frames=1234,
        cut_messages=18,
        not_sip=19,
        other_ports=20,
        tcp_sip=21,
        tcp_other=22,
        unencodable=23,
        refused=Counter({Reason.UNSUPPORTED_LINK: 24, Reason.NOT_IP: 25}),
        unknown_links={147, 105},
    )
    summary.add_gap("a.pcap", Gap(GapKind.CUT, 26))
    lines = summary.lines(TARGET)
    assert lines[0] == "read      2 files, 1,234 frames, 1 gap (26 bytes lost)"
    assert "a.pcap, after frame 1234: the file ends inside a record, 26 bytes lost" in lines[1]
    for count in (*range(11, 26), *range(27, 31)):
        assert sum(line.split()[0] == str(count) or f" {count} " in line for line in lines) >= 1
    assert any("(105, 147)" in line for line in lines)
    assert not summary.is_complete


def test_one_of_anything_is_one_thing() -> None:
    """No line counts "1 messages"."""
    summary = Summary(
        FragmentCounts(joined=1, incomplete=1, evicted=1),
        SendCounts(
            sent=1,
            too_large=1,
            unsent=1,
            maybe_lost=1,
            reconnects=1,
            is_acknowledged=True,
            acknowledged=1,
            unacknowledged=1,
            resent=1,
            unnumbered=1,
        ),
        files=1,
        frames=1,
        cut_messages=1,
        not_sip=1,
        other_ports=1,
        tcp_sip=1,
        tcp_other=1,
        unencodable=1,
        refused=Counter(dict.fromkeys(Reason, 1)),
    )
    summary.add_gap("a.pcap", Gap(GapKind.CUT, 1))
    text = "\n".join(summary.lines(TARGET))
    nouns = "file|frame|gap|byte|message|datagram|segment|time"

    # Less than that would be a test of nothing.
    assert len(re.findall(r"\b1 ", text)) > 15
    assert re.findall(rf"\b1 (?:TCP |UDP |other |SIP )*(?:{nouns})s\b", text) == []


def test_many_gaps_are_counted_but_not_all_listed() -> None:
    """A damaged file does not flood the terminal."""
    summary = Summary(FragmentCounts(), SendCounts())
    for _ in range(1000):
        summary.add_gap("a.pcap", Gap(GapKind.BAD_RECORD, 3))
    assert (summary.gaps, summary.lost_bytes) == (1000, 3000)
    assert len(summary.lines(TARGET)) < 20


@pytest.mark.parametrize(
    ("is_acknowledged", "line"),
    [
        (True, "          2 messages acknowledged: safe, or refused and counted by the server"),
        (False, "          the server gives no acknowledgements"),
    ],
)
def test_what_a_server_was_asked_is_said(is_acknowledged: bool, line: str) -> None:
    """Who reads it knows whether "sent" means safe."""
    counts = SendCounts(sent=2, is_acknowledged=is_acknowledged, acknowledged=2 * is_acknowledged)
    summary = Summary(FragmentCounts(), counts, files=1, frames=2, seconds=1.0)
    assert summary.lines(TARGET)[2:] == [line]
    assert summary.is_complete


@pytest.mark.parametrize("count", ["unacknowledged", "unnumbered"])
def test_what_is_not_known_to_be_safe_is_not_complete(count: str) -> None:
    """The exit code rests on it."""
    counts = SendCounts(sent=1, is_acknowledged=True, **{count: 1})
    summary = Summary(FragmentCounts(), counts)
    assert not summary.is_complete
    assert any(line.startswith("not safe  1 message") for line in summary.lines(TARGET))


def test_every_reason_has_words() -> None:
    """The table of words has no holes."""
    assert set(REASONS) == set(Reason)
