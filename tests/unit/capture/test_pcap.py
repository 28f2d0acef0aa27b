"""pcap: every variant of the magic, and what damage leaves."""

import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hepscope_capture.files.errors import Gap, GapKind, NotACaptureError
from hepscope_capture.files.pcap import FILE_HEAD_BYTES, is_pcap, read_pcap
from hepscope_capture.files.window import Window
from hepscope_capture.frame import Frame
from support.frames import pcap, sip_frame

TIME_US = 1_700_000_000_123_456
FRAMES = [(TIME_US + at * 20_000, sip_frame(f"call-{at}")) for at in range(5)]


def read(data: bytes) -> list[Frame | Gap]:
    """Read a whole file."""
    return list(read_pcap(Window(io.BytesIO(data).read)))


def frames_of(data: bytes) -> list[Frame]:
    """Read the frames of a whole file."""
    return [item for item in read(data) if isinstance(item, Frame)]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("magic", [0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34])
def test_every_magic_gives_the_same_frames(order: str, magic: int) -> None:
    """Byte order, unit of time and record form change nothing."""
    scale = 1000 if magic == 0xA1B23C4D else 1
    data = pcap([(time * scale, frame) for time, frame in FRAMES], order=order, magic=magic)
    assert is_pcap(data)
    assert read(data) == [Frame(time, 1, frame, len(frame)) for time, frame in FRAMES]


def test_link_type_is_the_lower_half() -> None:
    """The upper bits tell of frame check sequences."""
    (frame,) = frames_of(pcap(FRAMES[:1], link_type=0x54000071))
    assert frame.link_type == 113


def test_wire_length_tells_a_cut_frame() -> None:
    """A frame longer on the wire keeps that length; a nonsense one never shortens it."""
    first, second = frames_of(pcap(FRAMES[:2], wire_lengths=[2000, 3]))
    assert first.wire_length == 2000
    assert second.wire_length == len(second.data)


def test_other_files_are_refused() -> None:
    """A wrong magic or a version that does not exist is no capture."""
    with pytest.raises(NotACaptureError, match="not a pcap"):
        read(b"GIF89a" + bytes(30))
    data = bytearray(pcap(FRAMES))
    data[4] = 9
    with pytest.raises(NotACaptureError, match=r"version 9\.4"):
        read(bytes(data))


def test_an_empty_capture_has_no_gap() -> None:
    """A capture that saw nothing is complete."""
    assert read(pcap([])) == []


@given(st.integers(4, len(pcap(FRAMES)) - 1))
@settings(max_examples=200, deadline=None)
def test_any_cut_gives_a_prefix_and_one_gap(size: int) -> None:
    """What was read before the cut is as without it; the rest is one counted gap."""
    whole, items = frames_of(pcap(FRAMES)), read(pcap(FRAMES)[:size])
    frames = [item for item in items if isinstance(item, Frame)]
    assert frames == whole[: len(frames)]
    used = FILE_HEAD_BYTES + sum(16 + len(frame.data) for frame in frames)
    if size < FILE_HEAD_BYTES:
        assert items == [Gap(GapKind.CUT, size)]
    elif used == size:
        assert items == frames
    else:
        assert items == [*frames, Gap(GapKind.CUT, size - used)]


def test_damage_between_records_costs_only_itself() -> None:
    """Behind garbage the reader finds the next record, and counts what it stepped over."""
    head, tail = pcap(FRAMES[:2]), pcap(FRAMES[2:])[FILE_HEAD_BYTES:]
    garbage = b"\xff" * 12 + random.Random(1).randbytes(701)
    items = read(head + garbage + tail)
    assert [item for item in items if isinstance(item, Frame)] == frames_of(pcap(FRAMES))
    assert [item for item in items if isinstance(item, Gap)] == [
        Gap(GapKind.BAD_RECORD, len(garbage))
    ]


def test_damage_up_to_the_end_is_one_gap() -> None:
    """Garbage behind the last record is stepped over once."""
    items = read(pcap(FRAMES) + b"\xff" * 5000)
    assert items[5:] == [Gap(GapKind.BAD_RECORD, 5000)]


@given(st.binary(max_size=300), st.sampled_from(["<", ">"]))
@settings(max_examples=200, deadline=None)
def test_any_bytes_behind_the_head_are_accounted_for(body: bytes, order: str) -> None:
    """Frames, their heads and gaps add up to the file: nothing vanishes, nothing is read twice."""
    items = read(pcap([], order=order) + body)
    spent = sum(item.lost_bytes if isinstance(item, Gap) else 16 + len(item.data) for item in items)
    assert spent == len(body)
