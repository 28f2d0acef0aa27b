"""What the user reads at the end."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from itertools import count, repeat
from typing import TypeVar

import pytest

from hepscope_capture.decode.errors import Reason
from hepscope_capture.decode.fragments import FragmentCounts
from hepscope_capture.decode.sctp import SctpCounts
from hepscope_capture.delivered import Delivered
from hepscope_capture.delivery.counts import DROP_REASONS, DeliveryCounts
from hepscope_capture.files.errors import Gap, GapKind
from hepscope_capture.media.correlator import Correlator
from hepscope_capture.streams.counts import StreamCounts
from hepscope_capture.summary import REASONS, Summary

TARGET = "tcp://127.0.0.1:9060"

T = TypeVar("T")


def test_a_plain_replay_is_two_lines() -> None:
    """Nothing that did not happen is mentioned."""
    summary = Summary(files=1, frames=138, seconds=2.0)
    assert summary.lines([Delivered(TARGET, DeliveryCounts(sent=138, connects=1))]) == [
        "read      1 file, 138 frames",
        "sent      138 SIP messages to tcp://127.0.0.1:9060 in 2.0 s (69/s)",
    ]


def counts_of(value: int) -> DeliveryCounts:
    """Delivery of which everything happened so often."""
    return DeliveryCounts(
        sent=value, resent=value, connects=2 * value + 1, failovers=value, acknowledged=value,
        unacknowledged=value, unnumbered=value, maybe_lost=value, kept=2 * value,
        dropped=dict.fromkeys(DROP_REASONS, value),
    )  # fmt: skip


def summary_of(numbers: Iterator[int]) -> Summary:
    """A summary of which each count has the next number."""

    def table(kind: type[T]) -> T:
        names = [one.name for one in fields(kind) if one.type in ("int", int)]  # type: ignore[arg-type]
        return kind(**{name: next(numbers) for name in names})

    media = Correlator().counts
    media.uncorrelated, media.srtcp, media.dropped = (next(numbers) for _ in range(3))
    summary = table(Summary)
    summary.fragments, summary.streams = table(FragmentCounts), table(StreamCounts)
    summary.sctp, summary.media = table(SctpCounts), media
    summary.rules = Counter({"rate_limit": next(numbers)})
    summary.refused = Counter({reason: next(numbers) for reason in Reason})
    summary.unknown_links = {147, 105}
    return summary


# What others stand for, or what no message was lost by.
SILENT = {
    "segments", "messages", "keepalives", "opened", "joined_late", "retransmitted_bytes",
    "overlapping_bytes", "foreign_segments", "websocket_streams", "websocket_frames",
    "websocket_control_frames", "websocket_deflated", "forgotten_idle", "packets", "chunks",
    "again", "received", "cut_messages", "seconds", "refused",
}  # fmt: skip


def test_every_count_has_a_line() -> None:
    """Nothing that happened to messages is silent."""
    summary = summary_of(count(1001))
    summary.add_gap("a.pcap", Gap(GapKind.CUT, 26))
    lines = summary.lines([Delivered(TARGET, counts_of(7), is_acknowledging=True)])
    text = "\n".join(lines)
    assert f"after frame {summary.frames}: the file ends inside a record, 26 bytes lost" in lines[1]
    tables = (summary, summary.fragments, summary.streams, summary.sctp)
    for table in tables:
        for one in fields(table):
            value = getattr(table, one.name)
            if isinstance(value, int) and one.name not in SILENT:
                assert f"{value:,} " in text, one.name
    for value in (*summary.refused.values(), *summary.rules.values(), summary.media.srtcp):
        assert f"{value:,} " in text
    assert "(105, 147)" in text
    # Sent, acknowledged, restored, failovers, sent again; four of what is not safe, five reasons.
    assert len(re.findall(r"\b7 ", text)) == 9 + len(DROP_REASONS)


def test_one_of_anything_is_one_thing() -> None:
    """No line counts "1 messages"."""
    summary = summary_of(repeat(1))
    summary.add_gap("a.pcap", Gap(GapKind.CUT, 1))
    text = "\n".join(summary.lines([Delivered(TARGET, counts_of(1), is_acknowledging=True)]))
    nouns = "file|frame|gap|byte|message|datagram|segment|time|report|line|direction|chunk|packet"

    # Less than that would be a test of nothing.
    assert len(re.findall(r"\b1 ", text)) > 40
    words = "TCP |UDP |RTCP |SCTP |WebSocket |log |SIP "
    assert re.findall(rf"\b1 (?:{words})*(?:{nouns})s\b", text) == []


def test_many_gaps_are_counted_but_not_all_listed() -> None:
    """A damaged file does not flood the terminal."""
    summary = Summary()
    for _ in range(1000):
        summary.add_gap("a.pcap", Gap(GapKind.BAD_RECORD, 3))
    assert (summary.gaps, summary.lost_bytes) == (1000, 3000)
    assert len(summary.lines([])) < 20


def test_what_is_sent_again_to_a_server_that_numbers_nothing() -> None:
    """It knows no numbers, and over UDP there is no connection."""
    counts = DeliveryCounts(sent=2, connects=3, resent=4)
    one = Delivered("udp://127.0.0.1:9060", counts, is_acknowledging=False)
    lines = [line.strip() for line in Summary(files=1, seconds=1.0).lines([one])]
    assert lines[-2:] == ["2 times datagrams were refused", "4 messages sent again"]


@pytest.mark.parametrize(
    ("is_acknowledging", "line"),
    [
        (True, "          2 messages acknowledged: safe, or refused and counted by the server"),
        (False, "          the server gives no acknowledgements"),
    ],
)
def test_what_a_server_was_asked_is_said(is_acknowledging: bool, line: str) -> None:
    """Who reads it knows whether "sent" means safe."""
    counts = DeliveryCounts(sent=2, acknowledged=2 * is_acknowledging)
    one = Delivered(TARGET, counts, is_acknowledging=is_acknowledging)
    assert Summary(files=1, frames=2, seconds=1.0).lines([one])[2:] == [line]
    assert one.is_complete


@pytest.mark.parametrize(
    ("counts", "line"),
    [
        (DeliveryCounts(kept=1, unacknowledged=1), "not safe  1 message sent and not acknowledged"),
        (DeliveryCounts(unnumbered=1), "not safe  1 message too large for a number"),
        (DeliveryCounts(kept=1), "not sent  1 message waiting when sending failed"),
        (DeliveryCounts(maybe_lost=1), "not sent  1 message at most lost"),
        (DeliveryCounts(dropped={"too_large": 1}), "not sent  1 message too large for a UDP"),
    ],
)
def test_what_is_not_known_to_be_safe_is_not_complete(counts: DeliveryCounts, line: str) -> None:
    """The exit code rests on it."""
    one = Delivered(TARGET, counts)
    assert not one.is_complete
    assert any(text.startswith(line) for text in Summary().lines([one]))


def test_packets_of_several_kinds_are_told_apart() -> None:
    """Each server got the same packets; what they are is said once."""
    summary = Summary(messages=5, reports=2, log_lines=1)
    servers = [Delivered(name, DeliveryCounts(sent=8)) for name in ("tcp://a:1", "tcp://b:1")]
    assert summary.lines(servers)[1:] == [
        "sent      8 packets to tcp://a:1 in 0.0 s (0/s)",
        "sent      8 packets to tcp://b:1 in 0.0 s (0/s)",
        "          5 SIP messages",
        "          2 RTCP reports",
        "          1 log line",
    ]


def test_every_reason_has_words() -> None:
    """The table of words has no holes."""
    assert set(REASONS) == set(Reason)
