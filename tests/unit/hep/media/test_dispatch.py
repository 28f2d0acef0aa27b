"""Which parser a payload gets, and what chunks and SIP messages add."""

import json
from pathlib import Path

import pytest

from hep import decode
from hep.media.dispatch import MAX_REPORTS, PARSERS, reports, sip_reports
from hep.media.errors import MediaError, Reason
from hep.media.report import Source, StreamReport, Way
from hep.protocols import PROTOCOL_TYPES, Topic
from hep.rtcp import (
    Bye,
    ExtendedReport,
    ReceiverReport,
    ReportBlock,
    SdesChunk,
    SenderReport,
    SourceDescription,
    Statistics,
    VoipMetrics,
    encode,
)
from hep.sip import parse

GOLDEN = Path(__file__).parents[3] / "data" / "media"
VQ = (GOLDEN / "vq_session.payload").read_bytes()


def test_only_media_types_have_parsers() -> None:
    """And all of them but RTP itself and WebRTC statistics, which nobody sends."""
    media = {n for n, row in PROTOCOL_TYPES.items() if row.topic is Topic.MEDIA}

    assert media - set(PARSERS) == {4, 20}
    assert set(PARSERS) <= media


@pytest.mark.parametrize("protocol_type", [0, 1, 4, 20, 53, 100, 255])
def test_other_types_say_nothing(protocol_type: int) -> None:
    """Whatever their payload is."""
    assert reports(protocol_type, b'{"MOS":4}') == []


@pytest.mark.parametrize("protocol_type", sorted(PARSERS))
@pytest.mark.parametrize("payload", [b"", b" \r\n", b"\0\0"])
def test_an_empty_payload_says_nothing(protocol_type: int, payload: bytes) -> None:
    """As rtpproxy sends it for SDES and BYE, and horaclifix for a MOS in chunk 32."""
    assert reports(protocol_type, payload) == []


def test_rtcp_as_bytes_under_type_5() -> None:
    """Every block is a report, what an SR sent another one; SDES and BYE give none."""
    compound = encode(
        SenderReport(1, 7 << 32, 8, 9, 10, (ReportBlock(2, 64, -1, 66000, 80, 5, 6),)),
        ReceiverReport(3, (ReportBlock(4, lsr=0, dlsr=9), ReportBlock(5))),
        SourceDescription((SdesChunk(1),)),
        ExtendedReport(1, (VoipMetrics(2, loss_rate=128, mos_lq=41), Statistics(0x20, 2, 9, 3))),
        Bye((1,)),
    )

    sent, first, second, third, metrics, statistics = reports(5, compound)
    assert sent == StreamReport(
        Source.RTCP,
        Way.SENT,
        ssrc=1,
        reporter_ssrc=1,
        packets_sent=9,
        octets_sent=10,
        ntp=7 << 32,
        rtp_timestamp=8,
    )
    assert first == StreamReport(
        Source.RTCP,
        Way.RECEIVED,
        ssrc=2,
        reporter_ssrc=1,
        packets_lost=-1,
        fraction_lost=0.25,
        jitter_units=80.0,
        highest_sequence=66000,
        lsr=5,
        dlsr=6,
    )
    assert (second.ssrc, second.reporter_ssrc, second.lsr, second.dlsr) == (4, 3, None, None)
    assert third.ssrc == 5
    assert (metrics.source, metrics.ssrc, metrics.fraction_lost) == (Source.RTCP_XR, 2, 0.5)
    assert metrics.mos_lq == 4.1
    # The range goes round the end of the sequence numbers; only jitter is flagged as counted.
    assert (statistics.packets_expected, statistics.packets_lost) == (65530, None)
    assert statistics.jitter_units == 0.0


def test_sdes_and_bye_alone_give_no_report() -> None:
    """As bytes and as JSON."""
    assert reports(5, encode(SourceDescription(), Bye((1,)))) == []
    assert reports(5, b'{"sdes_ssrc":1}') == []
    assert reports(58, b'[{"Sources":[1],"Reason":""}]') == []


def test_broken_rtcp_bytes_are_refused_as_rtcp() -> None:
    """The second byte tells RTCP from a text."""
    with pytest.raises(MediaError) as caught:
        reports(5, b"\x81\xc9\x00\x07" + bytes(8))
    assert caught.value.reason is Reason.BAD_LENGTH


@pytest.mark.parametrize(
    ("chunk", "mos"), [(423, 4.23), (43, 4.3), (4, 4.0), (127, None), (7, None), (60000, None)]
)
def test_a_mos_that_is_only_in_chunk_32(chunk: int, mos: float | None) -> None:
    """Type 35 of horaclifix; the scale is told by the number."""
    found = reports(35, b"", ((0, 32, chunk.to_bytes(2, "big")),))

    assert [report.mos_lq for report in found] == ([] if mos is None else [mos])


def test_a_rating_in_chunk_33() -> None:
    """Beside a MOS, or alone."""
    extra = ((0, 33, (8500).to_bytes(2, "big")), (8, 32, b"\x01\xa7"))

    assert [report.said() for report in reports(35, b"", extra)] == [
        {"source": "mos_report", "r_lq": 85.0}
    ]


def test_chunks_fill_what_the_payload_does_not_say() -> None:
    """A payload's own MOS is finer and stays; with several reports nobody knows whose it is."""
    extra = ((0, 32, (423).to_bytes(2, "big")), (0, 33, b"\0\x50"))
    (filled,) = reports(34, b'{"JITTER":1}', extra)
    (kept,) = reports(34, b'{"MOS":4.1}', extra)

    assert (filled.mos_lq, filled.r_lq) == (4.23, 80.0)
    assert (kept.mos_lq, kept.r_lq) == (4.1, None)
    assert [r.mos_lq for r in reports(34, b'{"JITTER":1}{"JITTER":2}', extra)] == [None, None]


def test_the_chunk_of_rtcp_is_not_believed() -> None:
    """That of heplify comes from the loss alone."""
    (report,) = reports(5, b'{"ssrc":1,"report_blocks":[{"source_ssrc":2}]}', ((0, 32, b"\1\xc2"),))

    assert report.mos_lq is None


def test_vq_text_under_99() -> None:
    """As captagent sends it."""
    assert [report.source for report in reports(99, VQ)] == [Source.VQ_SESSION] * 2


def test_a_publish_with_a_report() -> None:
    """The call's Call-ID is the one in the body, never that of the PUBLISH."""
    message = parse(
        b"PUBLISH sip:collector@example.org SIP/2.0\r\nCall-ID: publish-1\r\nCSeq: 1 PUBLISH\r\n"
        b"Event: vq-rtcpxr\r\nContent-Type: application/vq-rtcpxr\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(VQ), VQ)
    )

    assert sip_reports(message) == reports(35, VQ)
    assert {report.call_id for report in sip_reports(message)} == {"12345@203.0.113.1"}


def test_a_report_in_a_multipart_body() -> None:
    """Only the part of that type is read."""
    body = b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b\r\n"
    body += b"Content-Type: Application/VQ-RTCPXR\r\n\r\n" + VQ + b"\r\n--b--\r\n"
    message = parse(
        b"NOTIFY sip:a@b SIP/2.0\r\nCall-ID: n\r\nContent-Type: multipart/mixed;boundary=b\r\n\r\n"
        + body
    )

    assert len(sip_reports(message)) == 2


def test_a_body_that_is_no_report_is_refused() -> None:
    """It called itself one."""
    message = parse(
        b"PUBLISH sip:a@b SIP/2.0\r\nContent-Type: application/vq-rtcpxr\r\n\r\nhello there"
    )

    with pytest.raises(MediaError) as caught:
        sip_reports(message)
    assert caught.value.reason is Reason.BAD_SHAPE


def test_too_many_reports_are_refused() -> None:
    """No compound has as many blocks."""
    blocks = ",".join('{"source_ssrc":1}' for _ in range(MAX_REPORTS + 1))
    with pytest.raises(MediaError) as caught:
        reports(5, f'{{"report_blocks":[{blocks}]}}'.encode())
    assert caught.value.reason is Reason.TOO_MANY


@pytest.mark.corpus
def test_recorded_hep_js_packets(corpus: Path) -> None:
    """Type 5 as recorded: one stream sent, one received, of three packets."""
    found = []
    for line in (corpus / "hep" / "hepjs_v3_udp.jsonl").read_text().splitlines():
        packet = decode(bytes.fromhex(json.loads(line)["hex"]))
        found.append(reports(packet.protocol_type, packet.payload, packet.extra))
    pairs = [pair for pair in found if pair]

    assert [[report.way for report in pair] for pair in pairs] == [[Way.SENT, Way.RECEIVED]] * 3
    assert [pair[1].highest_sequence for pair in pairs] == [100, 101, 102]
    assert [pair[1].packets_lost for pair in pairs] == [0, 1, 2]
    assert {pair[0].packets_sent for pair in pairs} == {100}
