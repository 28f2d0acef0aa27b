"""pcapng: blocks, interfaces, units of time, and what damage leaves."""

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hepscope_capture.files.errors import Gap, GapKind, NotACaptureError
from hepscope_capture.files.pcapng import is_pcapng, read_pcapng
from hepscope_capture.files.window import Window
from hepscope_capture.frame import MAX_FRAME_BYTES, Frame
from support.frames import (
    RAW_IP,
    block,
    enhanced,
    interface,
    old_packet,
    option,
    pcapng,
    section,
    simple,
    sip_frame,
)

TIME_US = 1_700_000_000_123_456
FRAMES = [(TIME_US + at * 20_000, sip_frame(f"call-{at}")) for at in range(5)]
FRAME = FRAMES[0][1]


def read(data: bytes) -> list[Frame | Gap]:
    """Read a whole file."""
    return list(read_pcapng(Window(io.BytesIO(data).read)))


def frames_of(data: bytes) -> list[Frame]:
    """Read the frames of a whole file, which has no gaps."""
    items = read(data)
    frames = [item for item in items if isinstance(item, Frame)]
    assert frames == items
    return frames


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders_give_the_same_frames(order: str) -> None:
    """The section head decides for all that follows."""
    data = pcapng(FRAMES, order=order)
    assert is_pcapng(data)
    assert read(data) == [Frame(time, 1, frame, len(frame)) for time, frame in FRAMES]


def test_each_interface_has_its_own_link_type() -> None:
    """A frame is read by the interface that it names."""
    ip = FRAME[14:]
    data = section() + interface() + interface(RAW_IP)
    data += enhanced(1, ip, number=1) + enhanced(2, FRAME, number=0)
    assert [frame.link_type for frame in frames_of(data)] == [RAW_IP, 1]


def test_a_new_section_forgets_interfaces_and_byte_order() -> None:
    """Files joined end to end are read as if they were two."""
    data = pcapng(FRAMES[:1], order="<") + pcapng(FRAMES[1:2], order=">")
    assert [frame.time_us for frame in frames_of(data)] == [FRAMES[0][0], FRAMES[1][0]]
    (gap,) = read(section() + interface() + section() + enhanced(1, FRAME))
    assert isinstance(gap, Gap)
    assert gap.kind is GapKind.BAD_RECORD


@pytest.mark.parametrize(
    ("resolution", "units"),
    [(6, TIME_US), (9, TIME_US * 1000 + 999), (3, TIME_US // 1000), (0, TIME_US // 1_000_000)],
)
def test_powers_of_ten_as_unit_of_time(resolution: int, units: int) -> None:
    """if_tsresol without its top bit counts decimal places."""
    data = section() + interface(options=option(9, bytes([resolution]))) + enhanced(units, FRAME)
    scale = 10 ** max(6 - resolution, 0)
    assert frames_of(data)[0].time_us == TIME_US // scale * scale


def test_powers_of_two_as_unit_of_time() -> None:
    """if_tsresol with its top bit counts binary places."""
    units = (1_700_000_000 << 20) + (1 << 19)
    data = section() + interface(options=option(9, bytes([0x80 | 20]))) + enhanced(units, FRAME)
    assert frames_of(data)[0].time_us == 1_700_000_000_500_000


@pytest.mark.parametrize("order", ["<", ">"])
def test_offset_of_the_clock_is_added(order: str) -> None:
    """if_tsoffset is signed seconds."""
    options = option(14, struct.pack(order + "q", -3600), order=order)
    data = section(order=order) + interface(options=options, order=order)
    data += enhanced(TIME_US, FRAME, order=order)
    assert frames_of(data)[0].time_us == TIME_US - 3_600_000_000


def test_a_time_that_cannot_be_is_none() -> None:
    """What HEP cannot carry becomes 0 instead of an error."""
    data = section() + interface() + enhanced(2**63, FRAME)
    assert frames_of(data)[0].time_us == 0


def test_obsolete_packets_are_read() -> None:
    """Old captures hold packet blocks."""
    data = section() + interface() + old_packet(TIME_US, FRAME)
    assert read(data) == [Frame(TIME_US, 1, FRAME, len(FRAME))]


def test_simple_packets_take_the_time_before_and_the_snap_length() -> None:
    """A simple packet has no time of its own, and the interface says how much was captured."""
    data = section() + interface(snap=60) + simple(FRAME[:60], wire=900)
    data += enhanced(TIME_US, FRAME) + simple(FRAME[:60], wire=len(FRAME))
    first, _, last = frames_of(data)
    assert (first.time_us, first.data, first.wire_length) == (0, FRAME[:60], 900)
    assert (last.time_us, last.data) == (TIME_US, FRAME[:60])


def test_unknown_blocks_are_stepped_over_however_long() -> None:
    """Names, statistics, secrets and what is not invented yet cost nothing."""
    data = section() + interface() + block(4, bytes(100)) + block(0x8000ABCD, bytes(2_000_000))
    data += enhanced(TIME_US, FRAME)
    assert len(frames_of(data)) == 1


def test_cut_inside_a_long_unknown_block_is_a_gap() -> None:
    """The end inside a block that is stepped over is an end too early."""
    data = section() + interface() + block(0x8000ABCD, bytes(2_000_000))[:1_000_000]
    assert read(data) == [Gap(GapKind.CUT, 1_000_000)]


BAD_BLOCKS = {
    "an interface that was never described": enhanced(1, FRAME, number=3),
    "more captured than the block holds": block(6, struct.pack("<IIIII", 0, 0, 1, 5000, 5000)),
    "a packet without its head": block(6, bytes(8)),
    "an old packet without its head": block(2, bytes(8)),
    "an interface without its head": block(1, b""),
}


@pytest.mark.parametrize("case", BAD_BLOCKS)
def test_a_block_that_cannot_be_costs_only_itself(case: str) -> None:
    """The next block is read; the lost bytes are the block's."""
    bad = BAD_BLOCKS[case]
    items = read(section() + interface() + bad + enhanced(TIME_US, FRAME))
    assert items == [Gap(GapKind.BAD_RECORD, len(bad)), Frame(TIME_US, 1, FRAME, len(FRAME))]


def test_a_simple_packet_without_interface_is_a_gap() -> None:
    """Nothing tells its link type."""
    assert [type(item) for item in read(section() + simple(FRAME))] == [Gap]


@pytest.mark.parametrize(
    "damage", [b"\xff" * 13, bytes(64), b"\x06\0\0\0" + b"\x20\0\0\0" + bytes(24)]
)
def test_damage_between_blocks_costs_only_itself(damage: bytes) -> None:
    """The length at both ends finds the next whole block, also out of step."""
    first, second = enhanced(1, FRAME), enhanced(2, FRAME)
    items = read(section() + interface() + first + damage + second)
    assert [item.time_us for item in items if isinstance(item, Frame)] == [1, 2]
    assert sum(item.lost_bytes for item in items if isinstance(item, Gap)) == len(damage)


def test_other_files_are_refused() -> None:
    """A section head without a byte order is none."""
    for data in (b"", b"GIF89a", b"\n\r\r\n" + bytes(24)):
        with pytest.raises(NotACaptureError):
            read(data)


@given(st.integers(4, len(pcapng(FRAMES)) - 1), st.sampled_from(["<", ">"]))
@settings(max_examples=200, deadline=None)
def test_any_cut_gives_a_prefix_and_at_most_one_gap(size: int, order: str) -> None:
    """What was read before the cut is as without it."""
    whole, items = frames_of(pcapng(FRAMES, order=order)), read(pcapng(FRAMES, order=order)[:size])
    frames = [item for item in items if isinstance(item, Frame)]
    assert frames == whole[: len(frames)]
    assert [item.kind for item in items[len(frames) :] if isinstance(item, Gap)] in (
        [],
        [GapKind.CUT],
    )


BLOCK_PARTS = st.one_of(
    st.binary(max_size=40),
    st.builds(
        block,
        st.sampled_from([1, 2, 3, 4, 6, 0x0A0D0D0A]),
        st.binary(max_size=60),
    ),
    st.just(enhanced(1, b"frame")),
    st.just(section(order=">")),
)


@given(st.lists(BLOCK_PARTS, max_size=6))
@settings(max_examples=200, deadline=None)
def test_any_blocks_give_frames_and_gaps_no_larger_than_the_file(parts: list[bytes]) -> None:
    """No error, no loop, no memory from nowhere."""
    data = section() + interface() + b"".join(parts)
    items = read(data)
    spent = sum(item.lost_bytes if isinstance(item, Gap) else len(item.data) for item in items)
    assert spent <= len(data)


def test_a_frame_larger_than_any_frame_is_damage() -> None:
    """A length that no frame has is not believed, and not allocated."""
    head = struct.pack("<II", 6, 4 * MAX_FRAME_BYTES)
    items = read(section() + interface() + head + enhanced(7, FRAME))
    assert items == [Gap(GapKind.BAD_RECORD, len(head)), Frame(7, 1, FRAME, len(FRAME))]
