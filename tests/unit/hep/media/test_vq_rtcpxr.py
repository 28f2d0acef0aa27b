"""vq-rtcpxr bodies as phones write them."""

import pytest

from hep.media.errors import MediaError, Reason
from hep.media.report import Source, StreamReport, Way
from hep.media.vq_rtcpxr import MAX_BYTES, MAX_LINES, looks_like_vq, reports_of_body


def one(body: str) -> StreamReport:
    """Return the only report of a session body with these lines."""
    (report,) = reports_of_body(f"VQSessionReport: CallTerm\r\n{body}".encode())
    return report


def test_tabs_before_every_line_are_no_folding() -> None:
    """A line with a name of its own is one, a line without continues the one before."""
    report = one("\tCallID: a\n\tLocalMetrics:\n\t\tPacketLoss:NLR=1\n\t\t JDR=2\n")

    assert (report.call_id, report.fraction_lost, report.fraction_discarded) == ("a", 0.01, 0.02)


def test_keys_of_any_case_with_blanks_and_semicolons() -> None:
    """And a value that is missing takes nothing from the next key."""
    report = one("localmetrics:\nDelay: rtd = 120 ;ESD= IAJ=\t4;OWD=70\n")

    assert (report.round_trip_ms, report.end_system_delay_ms) == (120.0, None)
    assert (report.jitter_ms, report.one_way_delay_ms) == (4.0, 70.0)


def test_the_first_of_two_values_counts() -> None:
    """An extension line cannot overwrite what RFC 6035 defines."""
    assert one("PacketLoss:NLR=1\nx-vendor:NLR=50\n").fraction_lost == 0.01


@pytest.mark.parametrize(
    ("line", "address", "port", "ssrc"),
    [
        ("IP=203.0.113.1 PORT=30000 SSRC=0xff", "203.0.113.1", 30000, 255),
        ("IP=203.0.113.1:30000 SSRC=ff", "203.0.113.1", 30000, 255),
        ("203.0.113.1 30000", "203.0.113.1", 30000, None),
        ("203.0.113.1:30000 SSRC=10", "203.0.113.1", 30000, 16),
        ("IP=[2001:db8::1] PORT=1", "2001:db8::1", 1, None),
        ("IP=2001:db8::1 PORT=1", "2001:db8::1", 1, None),
        ("[2001:db8::1]:30000", "2001:db8::1", 30000, None),
        ("IP=phone.example.org PORT=1", None, 1, None),
        ("IP=0.0.0.0 PORT=0", None, None, None),
        ("SSRC=zz", None, None, None),
        ("=", None, None, None),
        ("", None, None, None),
    ],
)
def test_addresses(line: str, address: str | None, port: int | None, ssrc: int | None) -> None:
    """The reporter's own end is the receiver of the local stream."""
    report = one(f"LocalAddr:{line}\nPacketLoss:NLR=0\n")

    assert (report.local_address, report.local_port, report.reporter_ssrc) == (address, port, ssrc)


@pytest.mark.parametrize(
    "metrics",
    ["RCQ=127 MOSLQ=127 RTD=65535 SL=127", "RCQ=0 MOSLQ=0.0 RTD=0", "RCQ=-1 MOSLQ=9 RTD=1e99"],
)
def test_unknown_values_are_not_said(metrics: str) -> None:
    """RFC 6035 leaves such out, phones send sentinels."""
    report = one(f"QualityEst:{metrics} NLR=0\n")

    assert report.said() == {
        "source": "vq_rtcpxr_session",
        "way": "received",
        "is_final": True,
        "fraction_lost": 0.0,
    }


@pytest.mark.parametrize(
    ("description", "ptime"),
    [("FD=20 FPP=2", 40.0), ("PPS=50", 20.0), ("FD=30", 30.0), ("PPS=0", None), ("FPP=2", None)],
)
def test_speech_per_packet(description: str, ptime: float | None) -> None:
    """Frames of a known length, else the rate of packets."""
    assert one(f"SessionDesc:{description} NLR=0\n").ptime_ms == ptime


@pytest.mark.parametrize(
    ("start", "time_us"),
    [
        ("2026-09-01T12:00:00Z", 1_788_264_000_000_000),
        ("2026-09-01T14:00:00+02:00", 1_788_264_000_000_000),
        ("2026-09-01T12:00:00.25", 1_788_264_000_250_000),
        ("1970-01-01T00:00:00Z", None),
        ("0000-00-00T00:00:00Z", None),
        ("soon", None),
    ],
)
def test_times(start: str, time_us: int | None) -> None:
    """UTC unless said otherwise; a clock that was never set says nothing."""
    assert one(f"Timestamps:START={start}\n").start_us == time_us


def test_remote_metrics_are_of_the_stream_sent() -> None:
    """Roles of the addresses swap, and with them the SSRC."""
    (report,) = reports_of_body(
        b"VQIntervalReport:\nLocalAddr:IP=192.0.2.1 SSRC=0x1\nRemoteAddr:IP=192.0.2.2 SSRC=0x2\n"
        b"LocalMetrics:\nRemoteMetrics:\nPacketLoss:NLR=3\n"
    )

    assert (report.source, report.way, report.is_final) == (Source.VQ_INTERVAL, Way.SENT, False)
    assert (report.ssrc, report.reporter_ssrc) == (1, 2)
    assert (report.local_address, report.remote_address) == ("192.0.2.1", "192.0.2.2")


def test_a_body_without_metrics_has_no_report() -> None:
    """It is a report line and names only."""
    assert reports_of_body(b"VQSessionReport: CallTerm\r\nCallID: a\r\n") == []


def test_what_is_told_by_the_first_line() -> None:
    """Blanks and case do not matter; another word does."""
    assert looks_like_vq(b"\r\n vqALERTreport: Type=BD")
    assert not looks_like_vq(b'{"MOS":4}')


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b" \r\n\0", Reason.EMPTY),
        (b"hello", Reason.BAD_SHAPE),
        (b"VQSessionReporter: x", Reason.BAD_SHAPE),
        (b"CallID: a\nVQSessionReport:\nNLR=1", Reason.BAD_SHAPE),
        (b"VQSessionReport:\n" + b"a:b\n" * MAX_LINES, Reason.TOO_MANY),
        (b"VQSessionReport:" + b" " * MAX_BYTES, Reason.TOO_LARGE),
    ],
)
def test_what_is_no_report_is_refused(body: bytes, reason: Reason) -> None:
    """The report line comes first."""
    with pytest.raises(MediaError) as caught:
        reports_of_body(body)
    assert caught.value.reason is reason
