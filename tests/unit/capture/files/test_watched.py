"""Watched directories: each frame comes once, whatever becomes of the file it is in."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepscope_capture.files.known import QUIET_SECONDS
from hepscope_capture.files.notebook import NOTE_SECONDS, Safety
from hepscope_capture.files.notes import notes_name
from hepscope_capture.files.watched import MOST_OPEN, WatchedDirectories
from support.clocks import FakeClock
from support.frames import pcap, pcapng, sip_frame

START_US = 1_700_000_000_000_000

Write = Callable[[list[tuple[int, bytes]]], bytes]


def frames_of(first: int, count: int) -> list[tuple[int, bytes]]:
    """Frames with times, numbered."""
    return [(START_US + at, sip_frame(f"call-{at}")) for at in range(first, first + count)]


class Delivery:
    """Knows how many times it was asked for the place, and up to which all is safe."""

    def __init__(self) -> None:
        self.given = 0
        self.safe = 0

    def position(self) -> tuple[int, ...]:
        """Return the next place."""
        self.given += 1
        return (self.given,)

    def is_safe(self, position: tuple[int, ...]) -> bool:
        """Say whether it is one of those that are."""
        return position[0] <= self.safe


class Watcher:
    """A source that is looked after and read as the capture's loop does."""

    def __init__(
        self, directory: Path, notes: Path | None = None, safety: Safety | None = None
    ) -> None:
        self.clock = FakeClock()
        self.source = WatchedDirectories([directory], notes, self.clock, safety)

    def turn(self, seconds: float = 1.0) -> list[int]:
        """The numbers of the frames that came since."""
        self.clock.sleep(seconds)
        self.source.look_after()
        numbers = []
        while (frames := self.source.read()) is not None:
            numbers += [frame.time_us - START_US for frame in frames]
        return numbers


def put(path: Path, data: bytes, *, age: int = 0) -> None:
    """Write a file whose time is so many seconds before a fixed one."""
    path.write_bytes(data)
    os.utime(path, (1_700_000_000 - age, 1_700_000_000 - age))


@pytest.mark.parametrize("write", [pcap, pcapng])
def test_files_are_read_from_the_oldest_on_and_followed_as_they_grow(
    tmp_path: Path, write: Write
) -> None:
    """The end of what is there is no end, also inside a record."""
    put(tmp_path / "ring_00002.pcap", write(frames_of(2, 2)), age=10)
    put(tmp_path / "ring_00001.pcap", write(frames_of(0, 2)), age=20)
    watcher = Watcher(tmp_path)
    assert watcher.turn() == [0, 1, 2, 3]
    whole = write(frames_of(4, 3))
    growing = tmp_path / "ring_00003.pcap"
    for cut in range(0, len(whole), 97):
        growing.write_bytes(whole[:cut])
        watcher.turn()
    growing.write_bytes(whole)
    watcher.turn()
    counts = watcher.source.counts
    assert (counts.frames, counts.files, counts.gaps, counts.restarted) == (7, 3, 0, 0)
    assert watcher.turn() == []


@given(st.data())
def test_however_a_file_grows_the_frames_are_the_same(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Any pieces; pcap, pcapng, and gzip of both."""
    directory = tmp_path_factory.mktemp("grows")
    write = data.draw(st.sampled_from([pcap, pcapng]))
    whole = write(frames_of(0, 5))
    name = "some.pcap"
    if data.draw(st.booleans()):
        whole, name = gzip.compress(whole), "some.pcap.gz"
    watcher = Watcher(directory)
    seen = []
    for cut in sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8))):
        (directory / name).write_bytes(whole[:cut])
        seen += watcher.turn(data.draw(st.sampled_from([0.1, 1.0, QUIET_SECONDS])))
    (directory / name).write_bytes(whole)
    for _ in range(3):
        seen += watcher.turn(5.0)
    assert seen == [0, 1, 2, 3, 4]


def test_a_file_that_is_quiet_is_closed_and_goes_on_where_it_was(tmp_path: Path) -> None:
    """The format's memory (link types, units of time) is made anew."""
    path = tmp_path / "slow.pcapng"
    whole = pcapng(frames_of(0, 4))
    path.write_bytes(whole[:400])
    watcher = Watcher(tmp_path)
    before = watcher.turn()
    assert watcher.turn(QUIET_SECONDS) == []
    assert open_files(tmp_path) == []
    path.write_bytes(whole)
    assert before + watcher.turn() == [0, 1, 2, 3]


def open_files(directory: Path) -> list[str]:
    """The files in a directory that this process has open."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            found.append(str(link.readlink()))
        except OSError:
            continue
    return [name for name in found if name.startswith(f"{directory}/")]


def test_no_more_than_some_files_are_open(tmp_path: Path) -> None:
    """Each is a series of its own that might grow."""
    names = [f"{chr(97 + at // 26)}{chr(97 + at % 26)}.pcap" for at in range(MOST_OPEN + 40)]
    for at, name in enumerate(names):
        (tmp_path / name).write_bytes(pcap(frames_of(at, 1)))
    watcher = Watcher(tmp_path)
    assert sorted(watcher.turn()) == list(range(len(names)))
    assert len(open_files(tmp_path)) == MOST_OPEN
    for at, name in enumerate(names):
        (tmp_path / name).write_bytes(pcap([*frames_of(at, 1), *frames_of(1000 + at, 1)]))
    assert sorted(watcher.turn()) == [1000 + at for at in range(len(names))]
    watcher.source.close()
    assert open_files(tmp_path) == []


def test_a_ring_that_overwrites_its_files_is_read_again_and_again(tmp_path: Path) -> None:
    """Tcpdump -C -W writes anew under the same name and number, also longer than before."""
    path = tmp_path / "trace.pcap0"
    path.write_bytes(pcap(frames_of(0, 3)))
    watcher = Watcher(tmp_path)
    assert watcher.turn() == [0, 1, 2]
    path.write_bytes(pcap(frames_of(10, 1)))
    assert watcher.turn() == [10]
    path.write_bytes(pcap(frames_of(20, 9)))
    assert watcher.turn() == list(range(20, 29))
    assert watcher.source.counts.restarted == 2


def test_a_file_that_is_replaced_or_removed_is_read_to_its_end(tmp_path: Path) -> None:
    """It is open: what was written before it went is not lost."""
    path = tmp_path / "trace.pcap"
    path.write_bytes(pcap(frames_of(0, 1)))
    watcher = Watcher(tmp_path)
    assert watcher.turn() == [0]
    path.write_bytes(pcap(frames_of(0, 2)))
    other = tmp_path / ".other"
    other.write_bytes(pcap(frames_of(5, 1)))
    other.rename(path)
    assert watcher.turn() == [1, 5]
    path.write_bytes(pcap(frames_of(5, 2)))
    path.unlink()
    assert watcher.turn() == [6]
    assert open_files(tmp_path) == []
    assert watcher.source.counts.vanished == 0


def test_a_file_that_was_gone_before_it_was_read_is_counted(tmp_path: Path) -> None:
    """A ring that is smaller than the delay overtakes whoever reads it."""
    path = tmp_path / "trace.pcap"
    path.write_bytes(pcap(frames_of(0, 1)))
    watcher = Watcher(tmp_path)
    watcher.source.look_after()
    path.unlink()
    assert watcher.turn() == []
    assert watcher.source.counts.vanished == 1


def test_a_renamed_file_is_the_same(tmp_path: Path) -> None:
    """Nothing of it comes twice, and it may still grow."""
    path = tmp_path / "current.pcap"
    path.write_bytes(pcap(frames_of(0, 2)))
    watcher = Watcher(tmp_path)
    assert watcher.turn() == [0, 1]
    path.rename(tmp_path / "yesterday.pcap")
    (tmp_path / "yesterday.pcap").write_bytes(pcap(frames_of(0, 3)))
    path.write_bytes(pcap(frames_of(7, 1)))
    assert sorted(watcher.turn()) == [2, 7]


def test_names_may_be_handed_on_in_a_row(tmp_path: Path) -> None:
    """As log rotation does; the last one is replaced."""
    names = [tmp_path / f"{name}.pcap" for name in ("a", "b", "c")]
    for at, path in enumerate(names):
        path.write_bytes(pcap(frames_of(10 * at, 1)))
    watcher = Watcher(tmp_path)
    assert sorted(watcher.turn()) == [0, 10, 20]
    names[1].rename(names[2])
    names[0].rename(names[1])
    names[0].write_bytes(pcap(frames_of(30, 1)))
    assert watcher.turn() == [30]
    counts = watcher.source.counts
    assert (counts.frames, counts.restarted, counts.vanished) == (4, 0, 0)


def test_a_file_that_is_compressed_after_it_was_read_comes_once(tmp_path: Path) -> None:
    """Tcpdump -z gzip; while gzip is at work both files are there."""
    path, zipped = tmp_path / "trace_1.pcap", tmp_path / "trace_1.pcap.gz"
    data = pcap(frames_of(0, 30))
    path.write_bytes(data)
    watcher = Watcher(tmp_path, tmp_path / ".notes")
    assert watcher.turn() == list(range(30))
    zipped.write_bytes(gzip.compress(data))
    assert watcher.turn(5.0) == []
    path.unlink()
    assert watcher.turn(5.0) + watcher.turn(5.0) == []
    watcher.source.close()
    assert Watcher(tmp_path, tmp_path / ".notes").turn(5.0) == []


def test_a_file_that_was_compressed_half_read_goes_on_there(tmp_path: Path) -> None:
    """The place counts inflated bytes."""
    data = pcap(frames_of(0, 6))
    (tmp_path / "trace_1.pcap").write_bytes(pcap(frames_of(0, 4)))
    watcher = Watcher(tmp_path, tmp_path / ".notes")
    assert watcher.turn() == [0, 1, 2, 3]
    watcher.source.close()
    (tmp_path / "trace_1.pcap").unlink()
    put(tmp_path / "trace_1.pcap.gz", gzip.compress(data))
    later = Watcher(tmp_path, tmp_path / ".notes")
    assert later.turn() + later.turn(5.0) == [4, 5]


def test_a_restart_goes_on_where_the_notes_say(tmp_path: Path) -> None:
    """What was written in between is read, what was there is not, a name used anew is."""
    notes = tmp_path / "state" / "notes.json"  # a place that is still to be made
    directory = tmp_path / "ring"
    directory.mkdir()
    (directory / "a.pcap").write_bytes(pcap(frames_of(0, 2)))
    (directory / "b.pcap").write_bytes(pcapng(frames_of(10, 2)))
    (directory / "c.pcap").write_bytes(pcap(frames_of(20, 2)))
    watcher = Watcher(directory, notes)
    assert sorted(watcher.turn()) == [0, 1, 10, 11, 20, 21]
    watcher.source.close()
    (directory / "a.pcap").write_bytes(pcap(frames_of(0, 3)))
    (directory / "b.pcap").write_bytes(pcapng(frames_of(30, 2)))
    (directory / "c.pcap").rename(directory / "d.pcap")
    later = Watcher(directory, notes)
    assert sorted(later.turn()) == [2, 30, 31]
    later.source.close()
    assert Watcher(directory, notes).turn() == []


def test_what_is_noted_is_never_younger_than_what_may_be_in_memory(tmp_path: Path) -> None:
    """Killed, the process reads the last seconds again rather than to lose them."""
    notes = tmp_path / ".notes"
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(frames_of(0, 2)))
    watcher = Watcher(tmp_path, notes)
    assert watcher.turn() == [0, 1]
    assert Watcher(tmp_path, notes).turn() == [0, 1]
    watcher.turn(NOTE_SECONDS)
    assert Watcher(tmp_path, notes).turn() == [0, 1]
    path.write_bytes(pcap(frames_of(0, 3)))
    assert watcher.turn(NOTE_SECONDS) == [2]
    assert Watcher(tmp_path, notes).turn() == [2]


def test_what_is_not_delivered_is_not_noted(tmp_path: Path) -> None:
    """However long its server is away; the next process reads it again."""
    notes = tmp_path / ".notes"
    (tmp_path / "a.pcap").write_bytes(pcap(frames_of(0, 2)))
    delivery = Delivery()
    watcher = Watcher(tmp_path, notes, delivery)
    assert watcher.turn() == [0, 1]
    for _ in range(3):
        watcher.turn(NOTE_SECONDS)
    watcher.source.close()
    assert not notes.exists()
    watcher = Watcher(tmp_path, notes, delivery)
    assert watcher.turn() == [0, 1]
    delivery.safe = 1_000
    watcher.source.close()
    assert Watcher(tmp_path, notes, delivery).turn() == []


def test_what_is_no_capture_is_counted_once_and_left_alone(tmp_path: Path) -> None:
    """Hidden and temporary files are not even looked into; a file that changes gets a new try."""
    path = tmp_path / "readme.txt"
    path.write_bytes(b"this is the directory of the captures")
    (tmp_path / ".hidden").write_bytes(b"?" * 100)
    (tmp_path / "some.tmp").write_bytes(pcap(frames_of(0, 1)))
    (tmp_path / "folder").mkdir()
    watcher = Watcher(tmp_path)
    assert watcher.turn() + watcher.turn() == []
    assert watcher.source.counts.not_captures == 1
    path.write_bytes(pcap(frames_of(0, 1)))
    assert watcher.turn() == [0]


def test_an_end_inside_a_record_is_a_gap_once_the_next_file_is_there(tmp_path: Path) -> None:
    """Before, it may still be written; a damaged record in the middle is one at once."""
    whole = pcap(frames_of(0, 2))
    put(tmp_path / "r_1.pcap", whole[:-10], age=60)
    watcher = Watcher(tmp_path)
    assert watcher.turn() == [0]
    assert watcher.source.counts.gaps == 0
    put(tmp_path / "r_2.pcap", pcap(frames_of(5, 1)))
    assert watcher.turn() == [5]
    assert watcher.turn() == []
    counts = watcher.source.counts
    assert counts.gaps == 1
    assert counts.lost_bytes == len(whole) - 10 - len(pcap(frames_of(0, 1)))


def test_a_directory_that_cannot_be_read_for_a_while_forgets_nothing(tmp_path: Path) -> None:
    """As a network file system is away and comes back."""
    directory, away = tmp_path / "nfs", tmp_path / "away"
    directory.mkdir()
    (directory / "a.pcap").write_bytes(pcap(frames_of(0, 2)))
    watcher = Watcher(directory)
    assert watcher.turn() == [0, 1]
    directory.rename(away)
    assert watcher.turn() == []
    away.rename(directory)
    assert watcher.turn() == []
    (directory / "a.pcap").write_bytes(pcap(frames_of(0, 3)))
    assert watcher.turn() == [2]


@pytest.mark.parametrize(
    "text", ["", "[]", '{"version": 2, "files": {}}', '{"version": 1, "files": {"a": [1]}}']
)
def test_notes_of_somebody_else_are_refused(tmp_path: Path, text: str) -> None:
    """Nothing is guessed."""
    notes = tmp_path / "notes"
    notes.write_text(text)
    with pytest.raises(ValueError, match="notes"):
        Watcher(tmp_path, notes)


def test_notes_are_named_after_the_directories(tmp_path: Path) -> None:
    """In any order, however they are written; other ones have other notes."""
    one, two = tmp_path / "one", tmp_path / "two"
    assert notes_name([one, two]) == notes_name([two, tmp_path / "x/../one"])
    assert notes_name([one]) != notes_name([two])


def test_what_is_no_directory_is_refused(tmp_path: Path) -> None:
    """At the start, by name."""
    with pytest.raises(ValueError, match=r"nowhere: no directory"):
        Watcher(tmp_path / "nowhere")


def test_notes_that_cannot_be_written_stop_nothing(tmp_path: Path) -> None:
    """A full disk costs a restart its memory, not the capture."""
    (tmp_path / "a.pcap").write_bytes(pcap(frames_of(0, 1)))
    watcher = Watcher(tmp_path, tmp_path / "missing" / "notes")
    assert watcher.turn() == [0]
    assert watcher.turn(NOTE_SECONDS) + watcher.turn(NOTE_SECONDS) == []
    watcher.source.close()
    assert watcher.source.counts.frames == 1
