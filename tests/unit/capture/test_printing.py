"""Lines for people."""

import io

from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.delivery.counts import DeliveryCounts
from hepscope_capture.frame_counts import FrameCounts
from hepscope_capture.live.meter import Meter
from hepscope_capture.live.status import status_of
from hepscope_capture.printing import line_of
from support.frames import make_options

TIME_US = 1_767_322_981_000_001


def datagram(payload: bytes, *, host: bytes = b"\xc0\x00\x02\x01", vlan: int = 0) -> Datagram:
    """A message from a host to itself."""
    return Datagram(TIME_US, 17, host, 5060, host, 5061, payload, vlan)


def test_a_message_is_a_line() -> None:
    """UTC with microseconds, places, first line, Call-ID."""
    assert line_of(datagram(make_options("call-1"))) == (
        "2026-01-02T03:03:01.000001Z 192.0.2.1:5060 > 192.0.2.1:5061"
        " OPTIONS sip:bob@example.com SIP/2.0  call-1"
    )
    six = line_of(datagram(make_options(), host=bytes(15) + b"\1", vlan=7))
    assert "[::1]:5060 > [::1]:5061 vlan 7 OPTIONS" in six


def test_no_byte_reaches_the_terminal_as_it_is() -> None:
    """Escapes, broken text and endless lines are told by their bytes and their beginning."""
    line = line_of(datagram(b"\r\nX sip:\x1b]0;\xff" + b"y" * 999 + b"\nCall-ID: \x07\r\n\r\n"))
    assert line.isprintable()
    assert "X sip:\\x1b]0;\\xff" in line
    assert len(line) < 300
    assert line.endswith("\\x07")


def test_reports_and_log_lines_are_told_apart() -> None:
    """By a word, with the call they belong to."""
    report, line = datagram(b'{"a":1}'), datagram(b"<34>proxy: done\n")
    report.kind, report.correlation_id = 5, b"call-5"
    line.kind, line.correlation_id = 100, b"call-6"
    assert line_of(report).endswith(' RTCP {"a":1}  call-5')
    assert line_of(line).endswith(" log <34>proxy: done  call-6")


class Server:
    """A destination with counts."""

    name = "tcp://a:1"
    spool_limit_bytes = 0

    def __init__(self, counts: DeliveryCounts) -> None:
        self._counts = counts

    def counts(self) -> DeliveryCounts:
        """What it was made with."""
        return self._counts

    def stuck_seconds(self) -> float:
        """Never."""
        return 0.0


def test_the_status_names_what_is_unusual() -> None:
    """Zeros of rare counts are left out."""
    counts = FrameCounts(frames=10, messages=9)
    usual = status_of([], counts, [Server(DeliveryCounts(sent=9, acknowledged=8))])
    assert usual == (
        "10 frames, 9 SIP messages, 0 dropped by the kernel, 9 sent, 8 acknowledged, 0 waiting"
    )
    counts.reports, counts.log_lines = 4, 5
    counts.streams.gaps = 3
    lost = DeliveryCounts(kept=7, kept_on_disk=6, dropped={"spool_full": 2})
    odd = status_of([], counts, [Server(lost), Server(lost)], refused=8)
    for text in (
        "4 RTCP reports", "5 log lines", "14 waiting", "12 on disk", "4 lost: spool full",
        "3 gaps in TCP streams", "8 refused by rules",
    ):  # fmt: skip
        assert text in odd


def test_the_meter_shows_rates() -> None:
    """One line, over and over; nothing before there is something to compare with."""
    output = io.StringIO()
    meter = Meter(output)
    meter.show({"frames": 0, "messages": 0}, 10.0)
    assert output.getvalue() == ""
    meter.show({"frames": 5000, "messages": 3000, "drops": 7, "sent": 2000, "waiting": 1000}, 12.0)
    assert output.getvalue() == (
        "\r\x1b[2K2,500 frames/s   1,500 SIP/s   7 dropped by the kernel   1,000 sent/s"
        "   1,000 waiting\r"
    )
    meter.end()
    assert output.getvalue().endswith("waiting\r\n")
