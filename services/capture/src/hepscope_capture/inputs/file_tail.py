"""Log files followed by their names, all in one thread; how far each was read is kept."""

import contextlib
import math
import os
import threading
import time
from collections.abc import Sequence
from glob import glob, has_magic
from pathlib import Path
from time import time_ns

from hepscope_capture.decode.transport import UDP
from hepscope_capture.inputs.counts import LogCounts
from hepscope_capture.inputs.followed import FollowedLog
from hepscope_capture.inputs.input import InputError, Position, Sink
from hepscope_capture.inputs.log_lines import Ends, LogLines
from hepscope_capture.inputs.plans import LogPlan
from hepscope_capture.inputs.positions import Mark, Positions, mark_of
from hepscope_capture.inputs.rotated import opened, without_older
from hepscope_common.logs import Throttle, get_logger

POLL_SECONDS = 0.25
_BUSY_SECONDS = 0.02  # between two readings of a file that is behind: 12 MB a second
_SAVE_SECONDS = 1.0
SEARCH_SECONDS = 10.0
_DRAIN_SECONDS = 2.0
MOST_FILES = 256

_LOCALHOST = bytes((127, 0, 0, 1))
_ENDS: Ends = (UDP, _LOCALHOST, 0, _LOCALHOST, 0)
"""HEP wants addresses: the lines of a file are this machine's."""


class FileTail:
    """Follows the files of a plan."""

    name = "log_files"

    def __init__(self, plan: LogPlan, *, search_seconds: float = SEARCH_SECONDS) -> None:
        """Make a tail; new files that a pattern names are looked for so often."""
        self._search_seconds = search_seconds
        self.counts = LogCounts()
        self._plan = plan
        self._lines = LogLines(plan, self.counts)
        self._positions = Positions(None)
        self._files: dict[str, FollowedLog] = {}
        self._sink: Sink | None = None
        self._unsafe: tuple[dict[str, Mark], Position] | None = None  # to be noted once it is safe
        self._end = threading.Event()
        self._thread: threading.Thread | None = None
        self._throttle = Throttle(get_logger("capture.logs"))

    @property
    def followed(self) -> list[str]:
        """The paths that are followed."""
        return list(self._files)

    def start(self, sink: Sink) -> None:
        """Begin to follow. Raises InputError when positions cannot be kept."""
        path = self._plan.positions
        self._positions = Positions(path)
        if path is not None:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("ab"):
                    pass
            except OSError as error:
                raise InputError(f"{path}: {error.strerror}") from None
        self._sink = sink
        self._search(is_first=True)
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take what was written, note how far, and end."""
        self._end.set()
        if self._thread is not None:
            self._thread.join(2 * _DRAIN_SECONDS)

    def trouble(self) -> str:
        """Return what keeps it from following."""
        thread = self._thread
        if thread is not None and not thread.is_alive() and not self._end.is_set():
            return f"{self.name}: has ended by itself"
        return ""

    def _run(self) -> None:
        save_at = search_at = 0.0
        is_behind = False
        while not self._end.wait(_BUSY_SECONDS if is_behind else POLL_SECONDS):
            now = time.monotonic()
            is_behind = False
            for followed in self._files.values():
                is_behind |= self._poll(followed, now)
            if now >= search_at:
                self._search(is_first=False)
                search_at = now + self._search_seconds
            if now >= save_at:
                self._save()
                save_at = now + _SAVE_SECONDS
        deadline = time.monotonic() + _DRAIN_SECONDS
        for followed in self._files.values():
            while time.monotonic() < deadline and self._poll(followed, time.monotonic()):
                pass
            followed.close()
        self._save(is_end=True)

    def _poll(self, followed: FollowedLog, now: float) -> bool:
        try:
            return followed.poll(now)
        except OSError as error:
            self._tell(followed.path, error)
            return False

    def _search(self, *, is_first: bool) -> None:
        """Follow the files that the plan names; of too many, those that were written last."""
        named = [text for text in self._plan.files if not has_magic(text)]
        found = {
            name: time_s
            for text in self._plan.files
            if has_magic(text)
            # That of Path takes no absolute patterns.
            for name in glob(text)  # noqa: PTH207
            if (time_s := _written_at(name)) is not None
        }
        # One that is gone is read to its end; after that it makes room for others first.
        gone = {
            name: math.inf if one.is_open else 0.0
            for name, one in self._files.items()
            if name not in found and name not in named
        }
        written = {**gone, **found}
        wanted = without_older([*written, *named])
        newest = sorted(wanted, key=lambda name: written.get(name, math.inf), reverse=True)
        for name in sorted(newest[:MOST_FILES]):
            self._follow(name, is_from_start=not is_first)
        for name in newest[MOST_FILES:]:
            self._leave(name, is_first=is_first)

    def _follow(self, name: str, *, is_from_start: bool) -> None:
        if name in self._files:
            return
        path = Path(name)
        followed = FollowedLog(path, self.counts, self._take, line_bytes=self._plan.line_bytes)
        self._files[name] = followed
        try:
            followed.begin(
                self._positions.get(name),
                is_from_start=is_from_start or self._plan.is_from_start,
            )
        except OSError as error:
            self._tell(path, error)

    def _leave(self, name: str, *, is_first: bool) -> None:
        """Do not follow a file until it is among those that were written last."""
        self._throttle.warning(
            "many", "more than %d log files: those written last are followed", MOST_FILES
        )
        followed = self._files.pop(name, None)
        if followed is not None:
            followed.close()
            if followed.mark is not None:
                self._positions.put(name, followed.mark)
        elif is_first and not self._plan.is_from_start and self._positions.get(name) is None:
            with contextlib.suppress(OSError), opened(Path(name)) as descriptor:
                mark = mark_of(descriptor, os.fstat(descriptor).st_size)
                self._positions.put(name, mark)

    def _take(self, lines: Sequence[bytes]) -> None:
        now_us, message_of = time_ns() // 1000, self._lines.message_of
        messages = [message_of(line, now_us, _ENDS) for line in lines]
        found = [one for one in messages if one is not None]
        if found and self._sink is not None:
            self._sink.take_messages(found)

    def _save(self, *, is_end: bool = False) -> None:
        """Note how far everything is read that is safe; at the end it is about to be."""
        if self._sink is None:
            return
        if self._unsafe is None or self._sink.is_safe(self._unsafe[1]):
            self._note(self._unsafe[0] if self._unsafe else {})
            self._unsafe = self._marks(), self._sink.position()
        if is_end:
            self._note(self._marks())

    def _marks(self) -> dict[str, Mark]:
        return {name: one.mark for name, one in self._files.items() if one.mark is not None}

    def _note(self, marks: dict[str, Mark]) -> None:
        for name, mark in marks.items():
            self._positions.put(name, mark)
        try:
            self._positions.save()
        except OSError as error:
            self._tell(self._plan.positions or Path(), error)

    def _tell(self, path: Path, error: OSError) -> None:
        self.counts.unreadable += 1
        self._throttle.warning("unreadable", "%s: %s", path, error.strerror or error)


def _written_at(name: str) -> float | None:
    """Return when a file was written last, in Unix seconds; None when it is gone."""
    try:
        return os.stat(name).st_mtime  # noqa: PTH116 - no path is made of thousands of names
    except OSError:
        return None
