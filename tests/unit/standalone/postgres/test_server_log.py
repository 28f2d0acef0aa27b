"""The log of the server: bounded, and read for its last words."""

import os
from pathlib import Path

import pytest

from hepscope_standalone.postgres.server_log import ServerLog, reason_in


def write(log: ServerLog, data: bytes) -> int:
    """Write as the server would; gives the open file."""
    file = log.open()
    os.write(file, data)
    return file


def test_tail_tells_only_of_this_start(tmp_path: Path) -> None:
    """What an earlier server said is no reason for this one's end."""
    log = ServerLog(tmp_path)
    os.close(write(log, b"FATAL:  an old story\n"))

    os.close(write(log, b"new\nstory\n"))

    assert log.tail() == ["new", "story"]
    assert log.path.stat().st_mode & 0o777 == 0o600


def test_tail_of_no_log_is_empty(tmp_path: Path) -> None:
    """A server that could not be started said nothing."""
    assert ServerLog(tmp_path).tail() == []


def test_tail_survives_any_bytes_and_is_bounded(tmp_path: Path) -> None:
    """Broken UTF-8 is replaced, and only the last lines are read."""
    log = ServerLog(tmp_path)
    os.close(write(log, b"x" * 100_000 + b"\n\xff\xfe end\n"))

    lines = log.tail()

    assert lines[-1].endswith("end")
    assert sum(map(len, lines)) < 10_000


def test_log_above_its_bound_is_moved_and_the_writer_goes_on(tmp_path: Path) -> None:
    """The open file of the server continues at the start of the emptied log."""
    log = ServerLog(tmp_path, max_bytes=10)
    file = write(log, b"0123456789")
    assert not log.trim()
    os.write(file, b"abcde")

    assert log.trim()
    os.write(file, b"after\n")
    os.close(file)

    assert (tmp_path / "postgres.log.1").read_bytes() == b"56789abcde"
    assert log.path.read_bytes() == b"after\n"
    assert log.tail() == ["after"]


REASONS = {
    "the last grave line, without its stamp": (
        [
            "2026-11-24 14:56:38.1 UTC [11] LOG:  starting",
            '2026-11-24 14:56:38.2 UTC [11] FATAL:  could not open file "x": Permission denied',
            "2026-11-24 14:56:38.3 UTC [11] LOG:  database system is shut down",
        ],
        'FATAL:  could not open file "x": Permission denied',
    ),
    "a panic before the errors that follow it": (
        ["PANIC:  could not write", "FATAL:  terminating connection"],
        "PANIC:  could not write",
    ),
    "initdb's own": (
        ["The files ...", "initdb: error: could not create directory", "initdb: removing"],
        "initdb: error: could not create directory",
    ),
    "the last line when none is grave": (
        ["cannot start PostgreSQL: x", ""],
        "cannot start PostgreSQL: x",
    ),
    "nothing": ([], ""),
}


@pytest.mark.parametrize("case", REASONS)
def test_reason(case: str) -> None:
    """The line that explains an end is picked out."""
    lines, expected = REASONS[case]

    assert reason_in(lines) == expected
