"""Processes and their descendants, as /proc tells them.

PostgreSQL's backends and Java's helpers have sessions of their own, so a process group does not
reach them: a crash or a stop of the whole program is one of everything that descends from it.
"""

import contextlib
import os
import signal
from pathlib import Path

_PROC = Path("/proc")


def parent_of(stat: str) -> int:
    """Return the parent in a line of /proc/PID/stat; the name in it may hold anything."""
    return int(stat.rpartition(")")[2].split()[1])


def tree_of(pid: int) -> list[int]:
    """Return a process and its descendants, parents first; [] when it is gone."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            # Processes end while they are looked at.
            with contextlib.suppress(OSError, ValueError, IndexError):
                children.setdefault(parent_of((entry / "stat").read_text()), []).append(
                    int(entry.name)
                )
    found = [pid] if (_PROC / str(pid)).exists() else []
    for one in found:
        found += children.get(one, [])
    return found


def signal_tree(pid: int, number: signal.Signals) -> list[int]:
    """Send a signal to a process and its descendants, parents first; return whom it was sent to."""
    reached = []
    for one in tree_of(pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(one, number)
            reached.append(one)
    return reached


def is_running(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
