"""A log file followed by its name: rotation, truncation, restarts; no line lost, none twice."""

import os
import random
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hepscope_capture.inputs.counts import LogCounts
from hepscope_capture.inputs.followed import QUIET_SECONDS, READ_BYTES, FollowedLog
from hepscope_capture.inputs.positions import Mark

LINE_BYTES = 1000
SOON, LATER = 0.1, QUIET_SECONDS + 0.1


class Following:
    """A followed file, its lines, and a clock that only tests move."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: list[bytes] = []
        self.counts = LogCounts()
        self.now = 1000.0
        self.file = self._make()

    def _make(self) -> FollowedLog:
        return FollowedLog(self.path, self.counts, self.lines.extend, line_bytes=LINE_BYTES)

    def begin(self, mark: Mark | None = None, *, is_from_start: bool = False) -> None:
        """Begin to follow."""
        self.file.begin(mark, is_from_start=is_from_start)

    def poll(self, seconds: float = SOON) -> list[bytes]:
        """Let time go by, read what is there, return the new lines."""
        self.now += seconds
        self.lines.clear()
        while self.file.poll(self.now):
            pass
        return list(self.lines)

    def restart(self) -> list[bytes]:
        """End and begin anew from the mark; return the lines read so far."""
        mark = self.file.mark
        self.file.close()
        self.lines.clear()
        self.file = self._make()
        self.begin(mark)
        return list(self.lines)

    def write(self, text: str, name: str = "") -> None:
        """Append to the file, or to another beside it."""
        path = self.path.with_name(name) if name else self.path
        with path.open("a", encoding="utf-8") as file:
            file.write(text)

    def rename(self, name: str) -> None:
        """Rename the file."""
        self.path.rename(self.path.with_name(name))

    def copy_and_cut(self, name: str) -> None:
        """Do as copytruncate does."""
        shutil.copy(self.path, self.path.with_name(name))
        os.truncate(self.path, 0)


@pytest.fixture
def following(tmp_path: Path) -> Following:
    """A file with one old line that is followed from its end."""
    found = Following(tmp_path / "kamailio.log")
    found.write("old\n")
    found.begin()
    return found


def test_lines_come_when_they_end(following: Following) -> None:
    """A part is held until then."""
    following.write("one\ntw")
    assert following.poll() == [b"one"]
    following.write("o\n\nthree\r\n")
    assert following.poll() == [b"two", b"", b"three\r"]
    assert following.poll() == []


def test_a_file_may_be_read_from_its_beginning(following: Following) -> None:
    """On request."""
    following.begin(is_from_start=True)
    assert following.poll() == [b"old"]


def test_a_file_that_is_not_there_is_read_once_it_comes(tmp_path: Path) -> None:
    """All of it, since it is new."""
    following = Following(tmp_path / "later.log")
    following.begin()
    assert following.poll() == []
    following.write("one\n")
    assert following.poll() == [b"one"]


def test_a_renamed_file_is_read_until_nobody_writes_to_it(following: Following) -> None:
    """Writers go on until they are told to reopen."""
    following.write("one\n")
    following.rename("kamailio.log.1")
    following.write("three\n")
    assert following.poll() == [b"one"]
    following.write("two\nrest", "kamailio.log.1")
    assert following.poll() == [b"two"]
    assert following.poll(SOON) == []
    assert following.poll(LATER) == [b"rest", b"three"]
    assert following.counts.rotations == 1


def test_a_file_that_was_deleted_is_read_to_its_end(following: Following) -> None:
    """It stays as long as it is open."""
    following.write("one\n")
    following.path.unlink()
    assert following.poll() == [b"one"]
    assert following.poll(LATER) == []
    following.write("two\n")
    assert following.poll() == [b"two"]


def test_two_rotations_at_once_leave_nothing_out(following: Following) -> None:
    """The file in the middle never had the name when it was looked at."""
    following.write("one\n")
    following.rename("kamailio.log.2")
    following.write("two\n")
    following.rename("kamailio.log.1")
    following.write("three\n")
    os.utime(following.path.with_name("kamailio.log.2"), (1, 1))
    assert following.poll() == [b"one"]
    assert following.poll(LATER) == [b"two", b"three"]


def test_copytruncate_goes_on_in_the_copy_and_then_anew(following: Following) -> None:
    """What was not read yet is in the copy alone."""
    following.write("one\n")
    assert following.poll() == [b"one"]
    following.write("two\nthr")
    following.write("ee\n")
    following.copy_and_cut("kamailio.log.1")
    following.write("four\n")
    assert following.poll() == [b"two", b"three", b"four"]
    assert (following.counts.truncations, following.counts.lost_rests) == (1, 0)


def test_a_file_that_was_cut_and_has_grown_beyond_is_seen_by_its_head(following: Following) -> None:
    """Its size tells nothing."""
    following.copy_and_cut("kamailio-20261130.log")
    following.write("new and longer\n")
    assert following.poll() == [b"new and longer"]
    assert following.counts.truncations == 1


def test_what_was_cut_without_a_copy_is_counted(following: Following) -> None:
    """The part that was read is handed on."""
    following.write("whole\npart")
    assert following.poll() == [b"whole"]
    os.truncate(following.path, 0)
    following.write("x\n")
    assert following.poll() == [b"part", b"x"]
    assert following.counts.lost_rests == 1


def test_long_lines_are_cut_once(following: Following) -> None:
    """The line behind is whole."""
    following.write("x" * (3 * READ_BYTES) + "\nnext\n")
    assert following.poll() == [b"x" * (LINE_BYTES + 1), b"next"]


def test_a_restart_goes_on_where_it_was(following: Following) -> None:
    """A part is read again, to come whole."""
    following.write("one\ntw")
    assert following.poll() == [b"one"]
    following.write("o\nthree\n")
    assert following.restart() == []
    assert following.poll() == [b"two", b"three"]


@pytest.mark.parametrize(
    "name", ["kamailio.log.1", "kamailio.log-20261130", "kamailio-20261130.log"]
)
@pytest.mark.parametrize("is_copied", [False, True])
def test_a_rotation_while_away_is_caught_up(
    following: Following, *, name: str, is_copied: bool
) -> None:
    """By every usual name, renamed or copied."""
    following.write("one\n")
    assert following.poll() == [b"one"]
    following.file.close()
    following.write("two\n")
    if is_copied:
        following.copy_and_cut(name)
    else:
        following.rename(name)
    following.write("three\n")
    assert following.restart() == [b"two"]
    assert following.poll() == [b"three"]
    assert following.counts.lost_rests == 0


def test_a_rotated_file_that_is_gone_is_counted(following: Following) -> None:
    """The new one is read from its beginning."""
    following.write("one\n")
    following.path.unlink()
    following.write("something else altogether\n")
    assert following.restart() == []
    assert following.poll() == [b"something else altogether"]
    assert following.counts.lost_rests == 1


def test_a_restart_before_the_new_file_has_come(following: Following) -> None:
    """The old one is not read twice."""
    following.write("one\n")
    following.rename("kamailio.log.1")
    assert following.restart() == [b"one"]
    assert following.restart() == []
    following.write("two\n")
    assert following.poll() == [b"two"]


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """Without waiting for the writer of a pipe."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        Following(tmp_path / "pipe").begin()


DOINGS = st.lists(
    st.sampled_from(["write", "part", "rename", "copy", "poll", "later", "restart"]), max_size=25
)


@given(DOINGS, st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_nothing_is_lost_and_nothing_comes_twice(
    tmp_path_factory: pytest.TempPathFactory, doings: list[str], seed: int
) -> None:
    """Whatever happens between two readings, in whatever order."""
    choice = random.Random(seed)
    following = Following(tmp_path_factory.mktemp("logs") / "app.log")
    following.write("first line, which tells this file from others\n")
    following.begin(is_from_start=True)
    seen: list[bytes] = following.poll()
    number = rotations = 0
    is_partial = False
    for doing in doings:
        if doing in ("write", "part") or (doing in ("rename", "copy") and is_partial):
            number += not is_partial
            text = "" if is_partial else f"{number} {choice.randbytes(8).hex()}"
            is_partial = doing == "part"
            following.write(text if is_partial else text + "\n")
        elif doing in ("rename", "copy"):
            # Each moment once: what is read is sorted by the time of the last change.
            rotations += 1
            seen += following.poll()
            name = f"app.log.{900 - rotations}"
            if doing == "copy":
                following.copy_and_cut(name)
            else:
                following.rename(name)
                following.write("")
            os.utime(following.path.with_name(name), (rotations, rotations))
            seen += following.poll()
        elif doing == "restart":
            seen += following.restart()
        else:
            seen += following.poll(LATER if doing == "later" else SOON)
    if is_partial:
        following.write("\n")
    seen += following.poll(LATER) + following.poll(LATER)
    following.file.close()
    assert [int(line.split()[0]) for line in seen[1:]] == list(range(1, number + 1))
