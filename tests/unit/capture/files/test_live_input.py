"""Standard input as a live source: what is there is given, nothing waits."""

import gzip
import os
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepscope_capture.files.errors import NotACaptureError
from hepscope_capture.files.live_input import LiveInput
from support.frames import pcap, pcapng, sip_frame

FRAMES = [(1_700_000_000_000_000 + at, sip_frame(f"call-{at}")) for at in range(4)]


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """The two ends of a pipe; the writing one is the test's to close."""
    read, write = os.pipe()
    yield read, write
    os.close(read)


def take(source: LiveInput) -> list[int]:
    """The numbers of the frames that are there."""
    numbers: list[int] = []
    while (frames := source.read()) is not None:
        numbers += [frame.time_us - FRAMES[0][0] for frame in frames]
    return numbers


def test_frames_come_as_they_are_written(pipe: tuple[int, int]) -> None:
    """Up to the last whole record; the end of the pipe is the end of the source."""
    read, write = pipe
    source = LiveInput(read)
    data = pcap(FRAMES)
    assert (take(source), source.has_ended, source.fileno()) == ([], False, read)
    os.write(write, data[:10])
    assert take(source) == []
    os.write(write, data[10 : len(pcap(FRAMES[:2])) + 5])
    assert take(source) == [0, 1]
    os.write(write, data[len(pcap(FRAMES[:2])) + 5 :])
    assert (take(source), source.has_ended) == ([2, 3], False)
    os.close(write)
    assert (take(source), source.has_ended, source.fileno()) == ([], True, None)
    assert (source.counts.frames, source.counts.gaps) == (4, 0)


@given(st.data())
def test_any_pieces_give_the_same_frames(data: st.DataObject) -> None:
    """Pcap and pcapng, plain and gzip."""
    whole = data.draw(st.sampled_from([pcap(FRAMES), pcapng(FRAMES)]))
    if data.draw(st.booleans()):
        whole = gzip.compress(whole)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    read, write = os.pipe()
    source = LiveInput(read)
    numbers = []
    for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        if end > start:
            os.write(write, whole[start:end])
        numbers += take(source)
    os.close(write)
    numbers += take(source)
    os.close(read)
    assert (numbers, source.has_ended) == ([0, 1, 2, 3], True)


def test_a_cut_end_is_a_gap(pipe: tuple[int, int]) -> None:
    """The writer was killed."""
    read, write = pipe
    source = LiveInput(read)
    os.write(write, pcap(FRAMES)[:-7])
    os.close(write)
    assert take(source) == [0, 1, 2]
    assert source.has_ended
    assert (source.counts.gaps, source.counts.frames) == (1, 3)


@pytest.mark.parametrize("text", [b"", b"tcpdump: listening on eth0, link-type EN10MB"])
def test_what_is_no_capture_is_refused(pipe: tuple[int, int], text: bytes) -> None:
    """Also when nothing comes at all."""
    read, write = pipe
    os.write(write, text)
    os.close(write)
    with pytest.raises(NotACaptureError):
        take(LiveInput(read))
