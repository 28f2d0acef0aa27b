"""Capture files by name: recognised by content, explained when they are none."""

import gzip
import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hepscope_capture.files.errors import Gap, GapKind, NotACaptureError
from hepscope_capture.files.source import check, frames, open_capture
from hepscope_capture.frame import Frame
from support.frames import pcap, pcapng, sip_frame

FRAMES = [(1_700_000_000_000_000 + at, sip_frame(f"call-{at}")) for at in range(3)]
EXPECTED = [Frame(time, 1, frame, len(frame)) for time, frame in FRAMES]

FILES = {
    "pcap": pcap(FRAMES),
    "pcapng": pcapng(FRAMES),
    "gzip of pcap": gzip.compress(pcap(FRAMES)),
    "gzip of pcapng": gzip.compress(pcapng(FRAMES)),
}


def reader_of(data: bytes) -> Callable[[int], bytes]:
    """The read function of bytes."""
    return io.BytesIO(data).read


@pytest.mark.parametrize("case", FILES)
def test_the_content_decides_the_format(case: str) -> None:
    """Names and endings mean nothing."""
    assert list(frames(reader_of(FILES[case]))) == EXPECTED


REFUSED = {
    "the file is empty": b"",
    "neither pcap nor pcapng": b"INVITE sip:bob@example.com SIP/2.0\r\n",
    "zstd is not read": b"\x28\xb5\x2f\xfd" + bytes(20),
    "raw HEP": b"HEP3\x00\x10",
}


@pytest.mark.parametrize("text", REFUSED)
@pytest.mark.parametrize("is_zipped", [False, True])
def test_what_is_no_capture_is_refused_at_once(text: str, *, is_zipped: bool) -> None:
    """The refusal comes before the first frame is asked for, and says what it saw."""
    data = gzip.compress(REFUSED[text]) if is_zipped else REFUSED[text]
    with pytest.raises(NotACaptureError, match=text):
        frames(reader_of(data))


def test_a_cut_gzip_is_one_gap() -> None:
    """The record that the cut ends and the cut stream are the same gap."""
    data = gzip.compress(b"".join(FILES["pcap"] for _ in range(1)))
    items = list(frames(reader_of(data[:-30])))
    assert [item for item in items if isinstance(item, Frame)] == EXPECTED[: len(items) - 1]
    (gap,) = [item for item in items if isinstance(item, Gap)]
    assert gap.kind is GapKind.CUT


def test_a_damaged_checksum_is_a_gap_behind_the_frames() -> None:
    """All frames are there."""
    data = bytearray(FILES["gzip of pcap"])
    data[-7] ^= 0xFF
    assert list(frames(reader_of(bytes(data)))) == [*EXPECTED, Gap(GapKind.BAD_COMPRESSION, 0)]


def test_before_read_is_called_before_each_wait(tmp_path: Path) -> None:
    """Whoever holds packets back can send them before the reader waits for a pipe."""
    path = tmp_path / "some.pcap"
    path.write_bytes(FILES["pcap"])
    calls: list[int] = []
    with open_capture(str(path), lambda: calls.append(1)) as items:
        assert list(items) == EXPECTED
    assert len(calls) >= 2


def test_check_raises_what_opening_would(tmp_path: Path) -> None:
    """A missing file, a folder, something else: all told before anything is sent."""
    (tmp_path / "text").write_text("no capture")
    (tmp_path / "good.pcap").write_bytes(FILES["pcap"])
    with pytest.raises(FileNotFoundError):
        check(str(tmp_path / "missing"))
    with pytest.raises(IsADirectoryError):
        check(str(tmp_path))
    with pytest.raises(NotACaptureError):
        check(str(tmp_path / "text"))
    check(str(tmp_path / "good.pcap"))
    check("-")


def test_check_leaves_a_pipe_alone(tmp_path: Path) -> None:
    """A pipe can be opened only once, so the check must not."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    check(str(pipe))
