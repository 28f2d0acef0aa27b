"""Whatever the payload: reports of sound values, or the codec's own error, in bounded time."""

import json
import math
from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hep.media.dispatch import PARSERS, reports, sip_reports
from hep.media.errors import MEANINGS, MediaError, Reason
from hep.media.quality import estimate
from hep.media.report import Source, StreamReport
from hep.media.stat_headers import reports_of_header
from hep.media.values import MAX_ID
from hep.media.xr_metrics import NAMES
from hep.sip import parse

KEYS = sorted(
    {
        *NAMES,
        *("ssrc", "type", "sender_information", "report_blocks", "report_blocks_xr"),
        *("source_ssrc", "packets_lost", "highest_seq_no", "ia_jitter", "lsr", "dlsr", "packets"),
        *("ntp_timestamp_sec", "ntp_timestamp_usec", "octets", "rtp_timestamp", "sdes_ssrc"),
        *("Extended_report_information", "RX_conf", "PLC", "voip_metrics", "sender_report"),
        *("receiver_report", "NTPTime", "Reports", "SenderSSRC", "TotalLost", "LostPackets"),
        *("BeginSeq", "EndSeq", "JitterReports", "MOS", "JITTER", "TOTAL_PK", "PACKET_LOSS"),
        *("SRC_IP", "DST_IP", "SRC_PORT", "CODEC_NAME", "CODEC_PT", "REPORT_TS", "RFACTOR"),
        *("RTP_SIP_CALL_ID", "SKEW", "TYPE", "INC_MOS", "INC_RTP_PK", "OUT_RTCP_PK", "NAME"),
    }
)
NUMBERS = st.one_of(
    st.integers(),
    st.floats(),
    st.sampled_from([0, -1, 127, 255, 2**24 - 1, 2**32 - 1, 2**64, 10**400, 1788264000]),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    NUMBERS,
    NUMBERS.map(str),
    st.text(max_size=8),
    st.sampled_from(["1e400", "-0", "0x10", "1_0", "192.0.2.1", "::1", "\ud800", "\0"]),
)
OBJECTS = st.recursive(
    st.dictionaries(st.sampled_from(KEYS), SCALARS, max_size=8),
    lambda inner: st.dictionaries(
        st.sampled_from(KEYS), st.one_of(SCALARS, inner, st.lists(inner, max_size=2)), max_size=6
    ),
    max_leaves=6,
)
TEXTS = st.one_of(
    OBJECTS.map(json.dumps),
    st.lists(OBJECTS, max_size=3).map(json.dumps),
    st.lists(OBJECTS.map(json.dumps), max_size=3).map("".join),
    st.tuples(OBJECTS.map(json.dumps), st.integers(0, 60)).map(lambda cut: cut[0][: -cut[1]]),
).map(lambda text: text.encode("utf-8", "surrogatepass"))
PIECES = st.sampled_from(
    [
        *("VQSessionReport: CallTerm", "VQAlertReport: Type=NLR Severity=", "LocalMetrics:"),
        *("RemoteMetrics:", "CallID:", "DialogID:;", "LocalAddr:", "IP=", "PORT=", "SSRC=0x"),
        *("Timestamps:START=", "2026-09-01T12:00:00Z", "STOP=9999-12-31T23:59:59Z", "NLR=", "JDR="),
        *("MOSLQ=", "RTD=", "FD=", "FPP=", "PPS=", "=", '"', ":", ";", " ", "\t", "\n", "\r\n "),
        *("127", "65535", "-1", "1e9", "4.2", "inf", "nan", "[::1]:5", "192.0.2.1:5", "\0", "\xff"),
    ]
)
LINES = st.lists(PIECES, max_size=25).map(lambda parts: "".join(parts).encode("latin-1"))
SESSIONS = LINES.map(lambda rest: b"VQSessionReport:\n" + rest)
PAYLOADS = st.one_of(st.binary(max_size=80), TEXTS, LINES, SESSIONS)


def check(report: StreamReport) -> None:
    """Assert that every value is one that a column or a metric can take."""
    for field in fields(report):
        value = getattr(report, field.name)
        if isinstance(value, str):
            assert value.isprintable()
            assert len(value) <= MAX_ID
            value.encode()
        elif value is not None:
            assert math.isfinite(value)
            assert abs(value) < 2**64
    for share in (report.fraction_lost, report.fraction_discarded, report.burst_density):
        assert share is None or 0 <= share <= 1
    for score in (report.mos_lq, report.mos_cq, report.mos_min):
        assert score is None or 1 <= score <= 5
    quality = estimate(report)
    assert quality is None or 1 <= quality.mos <= 4.5


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(PARSERS)), PAYLOADS)
def test_any_payload_gives_sound_reports_or_the_error(protocol_type: int, payload: bytes) -> None:
    """No exception of another type gets out."""
    found = outcome(protocol_type, payload)

    if isinstance(found, MediaError):
        assert found.reason in Reason
        assert found.offset >= 0
    else:
        for report in found:
            check(report)


def outcome(protocol_type: int, payload: bytes) -> list[StreamReport] | MediaError:
    """Return the reports, or the refusal."""
    try:
        return reports(protocol_type, payload)
    except MediaError as refused:
        return refused


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=3), st.binary(max_size=5), st.binary(max_size=4))
def test_any_chunk_is_taken(mos: bytes, rating: bytes, other: bytes) -> None:
    """Of whatever width."""
    for report in reports(35, b"", ((0, 32, mos), (0, 33, rating), (7, 32, other))):
        check(report)


HEADER_PIECES = st.sampled_from(
    [
        *("PS=", "PR=", "PL=", "JI=", "DL=", "LA=", "EN=", "DE=", "MOS=", "IP=", "EX=BareSip;"),
        *("MT=0;", "IPL=", "SRCR=", "Pkt=", "LostPkt=", 'VQMetrics="', "MLQK=", '"', ";", ",", "="),
        *(
            "1",
            "-1",
            "0",
            "4.5",
            "1e400",
            "PCMA/8000",
            "999",
            "192.0.2.1:5",
            "[",
            "]",
            " ",
            "\ud800",
        ),
    ]
)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(Source),
    st.one_of(st.text(max_size=40), st.lists(HEADER_PIECES, max_size=20).map("".join)),
)
def test_any_header_gives_sound_reports(source: Source, value: str) -> None:
    """It never raises: the message around it is worth more."""
    for report in reports_of_header(source, value):
        check(report)


@settings(max_examples=150, deadline=None)
@given(LINES)
def test_any_publish_gives_reports_or_the_error(body: bytes) -> None:
    """Through the SIP parser."""
    head = b"PUBLISH sip:a@b SIP/2.0\r\nContent-Type: application/vq-rtcpxr\r\n\r\n"
    message = parse(head + b"VQIntervalReport:\n" + body)

    for report in sip_reports(message):
        check(report)


LONG = 60_000
HOSTILE = {
    "word": b"VQSessionReport:\n" + b"a" * LONG,
    "blanks": b"VQSessionReport:\nx:" + b"a " * (LONG // 2),
    "quotes": b"VQSessionReport:\nx:" + b'"' * LONG,
    "keys": b"VQSessionReport:\nx:" + b"a=" * (LONG // 2),
    "folds": b"VQSessionReport:\nx:" + b"\n a" * (LONG // 3),
    "glue": b'{"ssrc":1}' * 60 + b"," * LONG,
    "commas": b'{"ssrc":1}' + b"," * LONG + b"x",
    "quoted brackets": b'{"report_blocks":"' + b"[" * LONG + b'"}',
    "repeated keys": b"{" + b'"report_blocks":1,' * (LONG // 18) + b'"a":1}',
}


@pytest.mark.timeout(60)  # what is quadratic takes much longer
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_payloads_take_linear_time(name: str) -> None:
    """A payload as large as a datagram is read or refused in well under a second."""
    for protocol_type in PARSERS:
        found = outcome(protocol_type, HOSTILE[name])
        assert isinstance(found, list | MediaError)
    header = HOSTILE[name].decode("latin-1")
    assert isinstance(reports_of_header(Source.X_RTP_STAT, header), list)


def test_every_reason_has_a_meaning() -> None:
    """The reasons are documented where they are named."""
    assert set(MEANINGS) == set(Reason)
