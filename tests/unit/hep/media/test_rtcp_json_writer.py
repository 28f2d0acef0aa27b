"""RTCP as JSON: HOMER's keys and values, and our own reader sees what the bytes say."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hep.media.dispatch import reports
from hep.media.report import Source, StreamReport
from hep.media.rtcp_binary import reports_of_packets
from hep.media.rtcp_json_writer import MAX_BLOCKS, MAX_BYTES, write, write_encrypted
from hep.rtcp import (
    App,
    Bye,
    Dlrr,
    DlrrItem,
    ExtendedReport,
    Feedback,
    Packet,
    ReceiverReport,
    ReferenceTime,
    ReportBlock,
    RunLengths,
    SdesChunk,
    SdesItem,
    SenderReport,
    SourceDescription,
    Statistics,
    UnknownPacket,
    VoipMetrics,
    decode,
    decode_sound,
)

GOLDEN = Path(__file__).parents[3] / "data" / "media"

BLOCK = ReportBlock(0x2222, 26, -3, 0x1BEC2, 160, 0xC1704D61, 263452)
SENT = SenderReport(0x1111, 3_711_615_344 << 32 | 5, 32000, 1500, 240000, (BLOCK,))
TEXTS = SourceDescription((SdesChunk(0x1111, (SdesItem(1, b"a@example.com"),)),))
METRICS = VoipMetrics(
    *(0x2222, 26, 13, 128, 2, 120, 4000, 80, 60, -20, -50),
    *(55, 16, 82, 127, 41, 39, 0xFA, 40, 60, 200),
)

NO_SENDER = {
    "ntp_timestamp_sec": 0,
    "ntp_timestamp_usec": 0,
    "rtp_timestamp": 0,
    "packets": 0,
    "octets": 0,
}
HOMER_XR = (
    *("type", "id", "fraction_lost", "fraction_discard", "burst_density", "gap_density"),
    *("burst_duration", "gap_duration", "round_trip_delay", "end_system_delay"),
)


def written(*packets: Packet) -> list[dict[str, Any]]:
    """Return the objects of a compound."""
    return [json.loads(text) for text in write(packets)]


def read_back(texts: list[bytes]) -> list[StreamReport]:
    """Return what our reader makes of texts, as if it came from bytes."""
    found = [report for text in texts for report in reports(5, text)]
    return [
        replace(report, source=Source.RTCP) if report.source is Source.RTCP_JSON else report
        for report in found
    ]


def test_the_golden_compound() -> None:
    """Byte for byte; what our reader makes of it is with the other golden reports."""
    compound = decode((GOLDEN / "compound.rtcp").read_bytes())

    assert write(compound) == [(GOLDEN / "hepscope_compound.payload").read_bytes()]


def test_a_sender_report() -> None:
    """HOMER's keys in HOMER's order; the type is that of the report, not of SDES behind it."""
    (entry,) = written(SENT, TEXTS)

    assert list(entry)[:7] == [
        *("sender_information", "ssrc", "type", "report_count", "report_blocks"),
        *("report_blocks_xr", "sdes_ssrc"),
    ]
    assert entry["sender_information"] == {
        "ntp_timestamp_sec": 3_711_615_344,
        "ntp_timestamp_usec": 5,
        "rtp_timestamp": 32000,
        "packets": 1500,
        "octets": 240000,
    }
    assert (entry["ssrc"], entry["type"], entry["report_count"]) == (0x1111, 200, 1)
    assert entry["report_blocks"] == [
        {
            "source_ssrc": 0x2222,
            "fraction_lost": 26,
            "packets_lost": -3,
            "highest_seq_no": 0x1BEC2,
            "ia_jitter": 160,
            "lsr": 0xC1704D61,
            "dlsr": 263452,
        }
    ]
    assert entry["report_blocks_xr"] == dict.fromkeys(HOMER_XR, 0)
    assert entry["sdes_ssrc"] == 0x1111
    assert entry["sdes_information"] == [{"ssrc": 0x1111, "type": 1, "text": "a@example.com"}]
    assert "voip_metrics" not in entry


def test_an_empty_receiver_report() -> None:
    """The objects are there with zeros, the blocks are null."""
    (entry,) = written(ReceiverReport(7))

    assert entry == {
        "sender_information": NO_SENDER,
        "ssrc": 7,
        "type": 201,
        "report_count": 0,
        "report_blocks": None,
        "report_blocks_xr": dict.fromkeys(HOMER_XR, 0),
        "sdes_ssrc": 0,
    }


def test_voip_metrics() -> None:
    """Under HOMER's two names, each MOS under its own; once for our reader."""
    texts = write((SENT, ExtendedReport(0x1111, (METRICS,))))
    (entry,) = map(json.loads, texts)
    block, metrics = entry["report_blocks_xr"], entry["voip_metrics"]

    assert [block[key] for key in HOMER_XR] == [7, 0x2222, 26, 13, 128, 2, 120, 4000, 80, 60]
    assert (block["MOS_LQ"], block["MOS_CQ"]) == (41, 39)
    assert (metrics["mos_lq"], metrics["mos_cq"]) == (4.1, 3.9)
    assert (metrics["signal_level"], metrics["ext_r_factor"]) == (-20, 127)
    (report,) = [one for one in read_back(texts) if one.source is Source.RTCP_XR]
    assert (report.mos_lq, report.mos_cq) == (4.1, 3.9)


def test_metrics_that_are_unknown_are_left_out() -> None:
    """127 is no MOS of 12.7."""
    (entry,) = written(ExtendedReport(1, (VoipMetrics(2, 1),)))

    assert not {"mos_lq", "mos_cq", "rx_config", "jb_nominal"} & set(entry["voip_metrics"])


def test_heplify_wrote_one_block_twice() -> None:
    """Of its two objects the one with more counts, its two MOS exchanged."""
    said = {"ssrc": 5, "loss_rate": 9, "mos_cq": 4.1, "mos_lq": 3.9}
    text = json.dumps(
        {"ssrc": 1, "report_blocks_xr": {"id": 5, "fraction_lost": 9}, "voip_metrics": said}
    )

    (report,) = reports(5, text.encode())

    assert (report.ssrc, report.mos_lq, report.mos_cq) == (5, 4.1, 3.9)


def test_each_reporter_has_an_object() -> None:
    """Of a bundle with two senders, and of a second VoIP metrics block."""
    entries = written(
        SENT, SenderReport(0x3333), ExtendedReport(0x3333, (METRICS, METRICS._replace(ssrc=4)))
    )

    assert [(entry["ssrc"], entry["type"]) for entry in entries] == [
        (0x1111, 200),
        (0x3333, 200),
        (0x3333, 207),
    ]
    assert entries[2]["report_blocks_xr"]["id"] == 4


def test_more_blocks_than_one_packet_has() -> None:
    """31 fit a packet; RR behind it have the others."""
    blocks = tuple(BLOCK._replace(ssrc=1 + number) for number in range(31))
    follower = ReceiverReport(1, blocks)
    entries = written(SenderReport(1, 9, blocks=blocks), follower, follower, follower)

    assert [entry["report_count"] for entry in entries] == [MAX_BLOCKS, MAX_BLOCKS]
    assert [entry["type"] for entry in entries] == [200, 201]


def test_what_is_no_report_stands_with_its_sender() -> None:
    """BYE, APP, feedback, unknown types; XR blocks by their fields."""
    blocks = (
        ReferenceTime(3 << 32 | 4),
        Dlrr((DlrrItem(1, 2, 3),)),
        RunLengths(1, 0, 5, 6, 7, (8, 9)),
        Statistics(0x80, 5, 1, 9, 2),
    )
    (entry,) = written(
        SENT,
        ExtendedReport(0x1111, blocks),
        Bye((0x1111,), b"gone"),
        App(3, 0x1111, b"name", b"\1\2"),
        Feedback(206, 1, 0x1111, 0x2222),
        UnknownPacket(210, 1, b"\xff"),
    )

    assert entry["bye"] == [{"ssrc": [0x1111], "reason": "gone"}]
    assert entry["app"] == [{"subtype": 3, "ssrc": 0x1111, "name": "name", "data": "0102"}]
    assert entry["feedback"][0]["name"] == "pli"
    assert entry["unknown"] == [{"type": 210, "low_bits": 1, "body": "ff"}]
    assert [block["type"] for block in entry["xr_blocks"]] == [4, 5, 1, 6]
    assert entry["xr_blocks"][0] == {"type": 4, "ntp_timestamp_sec": 3, "ntp_timestamp_usec": 4}
    assert entry["xr_blocks"][1]["items"] == [{"ssrc": 1, "lrr": 2, "dlrr": 3}]
    assert entry["xr_blocks"][2]["chunks"] == [8, 9]


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        (Bye((9,)), (9, 203)),
        (App(0, 9, b"abcd"), (9, 204)),
        (Feedback(205, 1, 9, 8, b"\0\1\0\0"), (9, 205)),
        (TEXTS, (0x1111, 202)),
        (SourceDescription(), (0, 202)),
        (UnknownPacket(192, 0), (0, 192)),
    ],
)
def test_packets_without_a_report(packet: Packet, expected: tuple[int, int]) -> None:
    """Reduced size (RFC 5506) is sent, too."""
    (entry,) = written(packet)

    assert (entry["ssrc"], entry["type"]) == expected
    assert reports(5, write((packet,))[0]) == []


def test_an_object_fits_a_packet() -> None:
    """What is not HOMER's goes first, and it is said what went."""
    long = RunLengths(1, 0, 5, 6, 7, tuple(range(20_000)))
    (text,) = write((SENT, TEXTS, ExtendedReport(0x1111, (long, METRICS))))
    entry = json.loads(text)

    assert len(text) <= MAX_BYTES
    assert entry["left_out"] == ["xr_blocks"]
    assert entry["report_count"] == 1
    assert entry["voip_metrics"]["ssrc"] == 0x2222


def test_srtcp_tells_its_sender_only() -> None:
    """No numbers where there are none."""
    text = write_encrypted(7, 200)
    entry = json.loads(text)

    assert (entry["ssrc"], entry["type"], entry["encrypted"]) == (7, 200, True)
    assert (entry["sender_information"], entry["report_blocks"]) == (NO_SENDER, None)
    assert reports(5, text) == []


U32 = st.integers(1, 2**32 - 1)
BLOCKS = st.builds(
    ReportBlock,
    U32,
    st.integers(0, 255),
    st.integers(-(2**23), 2**23 - 1),
    U32,
    U32,
    U32 | st.just(0),
    U32,
)
METRICS_BLOCKS = st.builds(
    VoipMetrics,
    U32,
    *[st.integers(1, 255)] * 4,
    *[st.integers(0, 65535)] * 4,
    *[st.integers(-128, 127)] * 2,
    *[st.integers(0, 255)] * 7,
    *[st.integers(0, 65535)] * 3,
)
STATISTICS_BLOCKS = st.builds(
    Statistics, st.just(0xE0), U32, *[st.integers(0, 65535)] * 2, *[U32] * 6
)
PACKETS = st.one_of(
    st.builds(
        SenderReport,
        U32,
        st.integers(2_300_000_000 << 32, 2**64 - 1),
        U32,
        U32,
        U32,
        st.lists(BLOCKS, max_size=4).map(tuple),
    ),
    st.builds(ReceiverReport, U32, st.lists(BLOCKS, max_size=4).map(tuple)),
    st.builds(
        ExtendedReport,
        U32,
        st.lists(METRICS_BLOCKS | STATISTICS_BLOCKS, max_size=3).map(tuple),
    ),
    st.just(TEXTS),
)


COMPOUNDS: st.SearchStrategy[list[Packet]] = st.lists(
    PACKETS,
    min_size=1,
    max_size=5,
    # Of two sender reports of one SSRC JSON has the first only.
    unique_by=lambda packet: (type(packet), packet[0]),
)


@given(COMPOUNDS)
def test_our_reader_sees_what_the_bytes_say(packets: list[Packet]) -> None:
    """All reports of a compound, whether it travels as bytes or as JSON."""

    def key(report: StreamReport) -> str:
        return str(sorted(report.said().items(), key=lambda item: item[0]))

    expected = sorted(map(key, reports_of_packets(tuple(packets))))

    assert sorted(map(key, read_back(write(packets)))) == expected


@given(st.binary(max_size=400))
def test_any_sound_packets_can_be_written(data: bytes) -> None:
    """Whatever the decoder makes of bytes is JSON that our reader does not refuse."""
    for kind in range(200, 210):
        words = min(len(data) // 4, 90)
        head = bytes([0x80 | len(data) % 32, kind, 0, words]) + data[: 4 * words]
        for text in write(decode_sound(head).packets):
            assert len(text) <= MAX_BYTES
            reports(5, text)
