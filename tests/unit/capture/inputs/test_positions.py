"""Positions over restarts: all or nothing, and whatever is in the file is no reason to fail."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hepscope_capture.inputs.positions import HEAD_BYTES, Mark, Positions, mark_of
from hepscope_capture.inputs.rotated import is_older, older_of, opened

MARK = Mark(1, 2, 300, HEAD_BYTES, "ab")


def test_marks_are_kept(tmp_path: Path) -> None:
    """In one file, with nothing left beside it."""
    path = tmp_path / "positions.json"
    positions = Positions(path)
    positions.put("/var/log/x.log", MARK)
    positions.save()
    again = Positions(path)
    assert again.get("/var/log/x.log") == MARK
    assert again.get("/var/log/y.log") is None
    assert [one.name for one in tmp_path.iterdir()] == ["positions.json"]


def test_without_a_file_nothing_is_written(tmp_path: Path) -> None:
    """Positions live as long as the process."""
    positions = Positions(None)
    positions.put("x", MARK)
    positions.save()
    assert list(tmp_path.iterdir()) == []


def test_what_has_not_changed_is_not_written(tmp_path: Path) -> None:
    """Quiet logs cost no writing."""
    path = tmp_path / "positions.json"
    positions = Positions(path)
    positions.put("x", MARK)
    positions.save()
    path.unlink()
    positions.put("x", MARK)
    positions.save()
    assert not path.exists()


@given(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from(
            [
                b"[]",
                b'{"form":1}',
                b'{"form":1,"files":[]}',
                b'{"form":1,"files":{"x":3}}',
                b'{"form":1,"files":{"x":{"device":1,"inode":-1,"offset":0,"head_bytes":0,"head":""}}}',
                b'{"form":1,"files":{"x":{"device":1,"inode":1,"offset":0,"head_bytes":1e9}}}',
                b'{"form":2,"files":{}}',
            ]
        ),
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_is_as_none(tmp_path: Path, content: bytes) -> None:
    """Files are then followed from their ends."""
    path = tmp_path / "positions.json"
    path.write_bytes(content)
    assert Positions(path).get("x") is None


def test_a_mark_is_in_the_file_that_begins_alike_and_goes_as_far(tmp_path: Path) -> None:
    """Numbers of files are used again."""
    path = tmp_path / "x.log"
    path.write_bytes(b"head" * 100)
    with opened(path) as descriptor:
        mark = mark_of(descriptor, 400)
        assert mark.is_in(descriptor)
        os.truncate(path, 399)
        assert not mark.is_in(descriptor)
        path.write_bytes(b"tail" * 100)
        assert not mark.is_in(descriptor)


@pytest.mark.parametrize(
    ("name", "is_rotated"),
    [
        ("k.log.1", True),
        ("k.log-20261130", True),
        ("k.log.2026-11-30", True),
        ("k-20261130.log", True),
        ("k-2026-11-30T10-00-00.log", True),
        ("k.log.1.gz", False),
        ("k.log", False),
        ("k.log.bak", False),
        ("k-2.log", False),
        ("k.log-2", False),
        ("k.log.5060", False),
        ("k2.log", False),
        ("other.log.1", False),
    ],
)
def test_names_of_rotated_files(*, name: str, is_rotated: bool) -> None:
    """Numbers and dates, before or behind the extension."""
    assert is_older(Path("/var/log/k.log"), Path("/var/log") / name) == is_rotated
    assert not is_older(Path("/var/log/k.log"), Path("/elsewhere") / name)


def test_older_files_come_in_the_order_of_their_last_change(tmp_path: Path) -> None:
    """Of one moment, the higher number first."""
    for name, seconds in (("k.log.1", 20), ("k.log.2", 10), ("k.log.3", 10), ("k.log", 30)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (seconds, seconds))
    names = [one.name for one in older_of(tmp_path / "k.log")]
    assert names == ["k.log.3", "k.log.2", "k.log.1"]
    assert older_of(tmp_path / "missing" / "k.log") == []
