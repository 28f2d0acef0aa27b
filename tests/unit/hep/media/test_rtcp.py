"""RTCP compounds: read strictly, written back the same, whatever the bytes."""

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hep.errors import EncodeError
from hep.media.errors import MediaError, Reason
from hep.rtcp import (
    App,
    Bye,
    Dlrr,
    DlrrItem,
    ExtendedReport,
    Feedback,
    Packet,
    ReceiptTimes,
    ReceiverReport,
    ReferenceTime,
    ReportBlock,
    RunLengths,
    SdesChunk,
    SdesItem,
    SenderReport,
    SourceDescription,
    Statistics,
    UnknownBlock,
    UnknownPacket,
    VoipMetrics,
    decode,
    encode,
)

GOLDEN = Path(__file__).parents[3] / "data" / "media"

COMPOUND = (
    SenderReport(
        0x5D931534,
        0xDD3AC1704D614DF8,
        32000,
        1500,
        240000,
        (
            ReportBlock(0x01932DB4, 26, -3, 0x0001BEC2, 160, 0xC1704D61, 263452),
            ReportBlock(0xCAFEBABE, 0, 8388607, 5, 0, 0, 0),
        ),
    ),
    SourceDescription(
        (SdesChunk(0x5D931534, (SdesItem(1, b"a@example.com"), SdesItem(6, b"ua"))),)
    ),
    ExtendedReport(
        0x5D931534,
        (
            RunLengths(1, 0, 0x01932DB4, 100, 132, (0x4010, 0xC001)),
            RunLengths(2, 1, 0x01932DB4, 100, 132, (0x4020, 0)),
            ReceiptTimes(0, 0x01932DB4, 100, 102, (160, 320)),
            ReferenceTime(0xDD3AC1704D614DF8),
            Dlrr((DlrrItem(0x01932DB4, 0xC1704D61, 65536),)),
            Statistics(0xE8, 0x01932DB4, 100, 1100, 12, 1, 3, 400, 80, 20, 60, 64, 62, 1),
            VoipMetrics(
                *(0x01932DB4, 26, 13, 128, 2, 120, 4000, 80, 60, -20, -50),
                *(55, 16, 82, 127, 41, 39, 0xFA, 40, 60, 200),
            ),
            UnknownBlock(33, 7, b"abcd"),
        ),
    ),
    Bye((0x5D931534,), b"done"),
)


def refusal(data: bytes) -> tuple[Reason, int]:
    """Return why and where bytes are refused as RTCP."""
    with pytest.raises(MediaError) as caught:
        decode(data)
    return caught.value.reason, caught.value.offset


def test_the_golden_compound() -> None:
    """SR, SDES, an XR with every block of RFC 3611, BYE: values as Wireshark states them."""
    data = (GOLDEN / "compound.rtcp").read_bytes()

    assert decode(data) == COMPOUND
    assert encode(*COMPOUND) == data


def test_the_invalid_twin_is_refused() -> None:
    """The length of the XR packet points past the end; nothing of the compound is believed."""
    assert refusal((GOLDEN / "compound.invalid.rtcp").read_bytes()) == (Reason.BAD_LENGTH, 106)


RR = bytes.fromhex("80c90001 00000001")


@pytest.mark.parametrize(
    ("data", "refused"),
    [
        (b"", (Reason.EMPTY, 0)),
        (RR[:3], (Reason.TRUNCATED, 0)),
        (b"\x40" + RR[1:], (Reason.BAD_VERSION, 0)),
        (b"\x80\x08" + RR[2:], (Reason.NOT_RTCP, 1)),
        (RR[:-1], (Reason.BAD_LENGTH, 2)),
        (RR + b"\x81" + RR[1:], (Reason.BAD_LENGTH, 10)),
        (RR + bytes.fromhex("80c80001 00000001"), (Reason.BAD_LENGTH, 10)),
        (b"\xa0" + RR[1:], (Reason.BAD_PADDING, 7)),
        (bytes.fromhex("a0c90000"), (Reason.BAD_PADDING, 3)),
        (RR * 65, (Reason.TOO_MANY, 8 * 64)),
        (RR + b"\0\0\0\0", (Reason.BAD_VERSION, 8)),
    ],
)
def test_a_frame_that_does_not_fit_is_refused(data: bytes, refused: tuple[Reason, int]) -> None:
    """RFC 3550 appendix A.2: one bad packet, and the compound is no RTCP."""
    assert refusal(data) == refused


def test_srtcp_is_refused() -> None:
    """Behind the clear first packet stand the index with its E bit and the tag (RFC 3711)."""
    sender_report = encode(SenderReport(1, ntp=0x1234, packets=0xDEADBEEF))

    assert refusal(sender_report + bytes.fromhex("80000001") + bytes(10)) == (
        Reason.NOT_RTCP,
        len(sender_report) + 1,
    )


def test_padding_is_no_content() -> None:
    """The last byte counts it."""
    assert decode(bytes.fromhex("a1cb0003 00000001 00000000 00000008")) == (Bye((1,)),)


@pytest.mark.parametrize(
    "data",
    [
        "81ca0001 00000001",
        "81ca0002 00000001 01ff6161",
        "82ca0002 00000001 00000000",
        "82cb0001 00000001",
        "81cb0002 00000001 ff616161",
        "80cc0000",
        "81cd0001 00000001",
        "80cf0000",
        "80cf0002 00000001 07000008",
        "80c00001 00000001",
    ],
)
def test_a_body_that_its_type_cannot_have_is_kept_whole(data: str) -> None:
    """Only SR and RR are refused for their body; an SDES without end is read all the same."""
    (packet,) = decode(bytes.fromhex(data))

    if isinstance(packet, SourceDescription):
        assert packet == SourceDescription((SdesChunk(1),))
    else:
        assert isinstance(packet, UnknownPacket)
        assert encode(packet) == bytes.fromhex(data)


def test_a_block_of_a_length_its_type_cannot_have_is_kept() -> None:
    """VoIP metrics of 32 bytes are no VoIP metrics."""
    block = UnknownBlock(7, 0, bytes(28))

    assert decode(encode(ExtendedReport(1, (block,)))) == (ExtendedReport(1, (block,)),)


def test_profile_extensions_of_reports_are_kept() -> None:
    """Behind the counted blocks a profile may put its own (RFC 3550 section 6.4.3)."""
    packet = ReceiverReport(1, (ReportBlock(2),), b"profile!")

    assert decode(encode(packet)) == (packet,)


U4, U5 = st.integers(0, 15), st.integers(0, 31)
U8, U16 = st.integers(0, 0xFF), st.integers(0, 0xFFFF)
U32, U64 = st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1)
S8 = st.integers(-128, 127)
WORDS = st.integers(0, 6).flatmap(lambda n: st.binary(min_size=4 * n, max_size=4 * n))
REPORT_BLOCKS = st.lists(
    st.builds(ReportBlock, U32, U8, st.integers(-(2**23), 2**23 - 1), U32, U32, U32, U32),
    max_size=3,
).map(tuple)
XR_BLOCKS = st.one_of(
    st.builds(
        RunLengths,
        st.sampled_from((1, 2)),
        U4,
        U32,
        U16,
        U16,
        st.lists(st.tuples(U16, U16), max_size=3).map(lambda pairs: sum(pairs, ())),
    ),
    st.builds(ReceiptTimes, U4, U32, U16, U16, st.lists(U32, max_size=4).map(tuple)),
    st.builds(ReferenceTime, U64),
    st.builds(Dlrr, st.lists(st.builds(DlrrItem, U32, U32, U32), max_size=3).map(tuple)),
    st.builds(
        Statistics,
        U8.map(lambda flags: flags & 0xF8),
        *(U32, U16, U16, U32, U32, U32, U32, U32, U32, U8, U8, U8, U8),
    ),
    st.builds(
        VoipMetrics,
        *(U32, U8, U8, U8, U8, U16, U16, U16, U16, S8, S8),
        *(U8, U8, U8, U8, U8, U8, U8, U16, U16, U16),
    ),
    st.builds(UnknownBlock, st.integers(8, 255), U8, WORDS),
)
ITEMS = st.builds(SdesItem, st.integers(1, 255), st.binary(max_size=20))
PACKETS = st.one_of(
    st.builds(SenderReport, U32, U64, U32, U32, U32, REPORT_BLOCKS, WORDS),
    st.builds(ReceiverReport, U32, REPORT_BLOCKS, WORDS),
    st.lists(st.builds(SdesChunk, U32, st.lists(ITEMS, max_size=3).map(tuple)), max_size=3).map(
        lambda chunks: SourceDescription(tuple(chunks))
    ),
    st.builds(Bye, st.lists(U32, max_size=3).map(tuple), st.binary(max_size=30)),
    st.builds(App, U5, U32, st.binary(min_size=4, max_size=4), WORDS),
    st.builds(Feedback, st.sampled_from((205, 206)), U5, U32, U32, WORDS),
    st.builds(ExtendedReport, U32, st.lists(XR_BLOCKS, max_size=4).map(tuple)),
    st.builds(UnknownPacket, st.sampled_from((192, 195, 208, 223)), U5, WORDS),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PACKETS, min_size=1, max_size=5).map(tuple))
def test_what_is_written_is_read_again(packets: tuple[Packet, ...]) -> None:
    """Every value of every packet comes back, and in its class."""
    again = decode(encode(*packets))

    assert again == packets
    assert [type(packet) for packet in again] == [type(packet) for packet in packets]


FRAMES = st.lists(
    st.builds(
        lambda low, kind, body: bytes([0x80 | low, kind, 0, len(body) // 4]) + body,
        st.integers(0, 63),
        st.integers(192, 223),
        WORDS,
    ),
    max_size=4,
).map(b"".join)


def outcome(data: bytes) -> tuple[Packet, ...] | MediaError:
    """Return the packets, or the refusal."""
    try:
        return decode(data)
    except MediaError as refused:
        return refused


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.binary(max_size=60), FRAMES))
def test_any_bytes_are_packets_or_refused(data: bytes) -> None:
    """Nothing but MediaError, and what was read can be written and read again."""
    read = outcome(data)

    if isinstance(read, MediaError):
        assert 0 <= read.offset <= len(data)
    else:
        assert decode(encode(*read)) == read


@pytest.mark.parametrize(
    "packet",
    [
        ReceiverReport(2**32),
        ReceiverReport(1, (ReportBlock(1, packets_lost=2**23),)),
        ReceiverReport(1, (ReportBlock(1, fraction_lost=256),)),
        ReceiverReport(1, (ReportBlock(1),) * 32),
        ReceiverReport(1, extension=b"abc"),
        SourceDescription((SdesChunk(1, (SdesItem(1, bytes(256)),)),)),
        Bye((1,), bytes(256)),
        ExtendedReport(1, (VoipMetrics(1, loss_rate=300),)),
        ReceiverReport(1, extension=bytes(4 * 65536)),
    ],
)
def test_what_does_not_fit_is_not_written(packet: Packet) -> None:
    """The error names the packet's class."""
    with pytest.raises(EncodeError) as caught:
        encode(packet)
    assert caught.value.field == type(packet).__name__


@pytest.mark.corpus
def test_recorded_compounds_read_as_the_oracle_says(corpus: Path) -> None:
    """Five compounds of a real call; the numbers are Wireshark's."""
    compounds = list(udp_payloads((corpus / "vectors" / "ndpi_rtcp_multiple.pcap").read_bytes()))
    read = [decode(compound) for compound in compounds]
    firsts = [packets[0] for packets in read]

    assert [len(packets) for packets in read] == [2] * 5
    assert [encode(*packets) for packets in read] == compounds
    first, second, third, fourth = firsts[:4]
    assert isinstance(first, SenderReport)
    assert (first.ssrc, first.ntp, first.rtp_timestamp) == (1569920308, 0xDD3AC1704D614DF8, 32000)
    assert isinstance(second, ReceiverReport)
    assert second.blocks[0][1:] == (1, 1, 48834, 1, 0, 0)
    assert isinstance(third, SenderReport)
    assert isinstance(fourth, ReceiverReport)
    assert fourth.blocks[0][1:] == (0, 1, 49035, 6, 0xC1704D61, 263452)


def udp_payloads(capture: bytes) -> Iterator[bytes]:
    """Yield the UDP payload of each packet of a Linux cooked capture (IPv4, no options)."""
    at = 24
    while at < len(capture):
        (size,) = struct.unpack_from("<I", capture, at + 8)
        yield capture[at + 16 + 16 + 20 + 8 : at + 16 + size]
        at += 16 + size
