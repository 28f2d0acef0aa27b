"""The notes on watched files over the life of a capture: found at its start, kept up to date."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol, TypeAlias

from hepscope_capture.clock import Clock
from hepscope_capture.files.directory import GZIP_END, Seen
from hepscope_capture.files.known import KnownFile
from hepscope_capture.files.notes import Note, load, save, start_of
from hepscope_common.logs import get_logger

NOTE_SECONDS = 5.0
"""What is noted is older than this, and safe: what was read since may be in memory alone."""

Position: TypeAlias = tuple[int, ...]


class Safety(Protocol):
    """Tells whether what was read is delivered, or on disk."""

    def position(self) -> Position:
        """Return the place behind everything that was given so far."""
        ...

    def is_safe(self, position: Position) -> bool:
        """Say whether all before a place is safe."""
        ...


class AlwaysSafe:
    """Where nothing is delivered: what was given is all that there is."""

    def position(self) -> Position:
        """Return a place."""
        return ()

    def is_safe(self, position: Position) -> bool:  # noqa: ARG002
        """Say that it is safe."""
        return True


_log = get_logger("capture")


class Notebook:
    """Notes by name; without a file they are forgotten at the end."""

    def __init__(self, path: Path | None, clock: Clock, safety: Safety) -> None:
        """Read the notes; raises ValueError with a line for the user."""
        self._path = path
        self._clock = clock
        self._safety = safety
        self._notes: dict[str, Note] = {}
        self._next: tuple[dict[str, Note], Position] | None = None
        self._due = 0.0
        self._has_failed = False
        if path is not None:
            try:
                self._notes = load(path)
            except OSError as error:
                raise ValueError(f"{path}: {error.strerror}") from None

    def position_of(self, seen: Seen, known: Mapping[Path, KnownFile]) -> int:
        """Return how far a file that is new to this process was read by one before it, or by this.

        A file that was compressed since is the same, its place counts what is inflated.
        """
        note = self._notes.get(str(seen.path))
        if note is not None:
            return note.position if _is_of(note, seen) else 0
        for name, other in self._notes.items():
            if other.number == seen.number and not Path(name).exists() and _is_of(other, seen):
                return other.position
        if seen.path.suffix == GZIP_END:
            plain = seen.path.with_suffix("")
            if plain in known:
                return known[plain].position
            before = self._notes.get(str(plain))
            return before.position if before else 0
        return 0

    def note(self, files: Iterable[KnownFile]) -> None:
        """Write what was noted before, once it is old enough and safe; note what is read now."""
        now = self._clock.elapsed_seconds()
        if now < self._due:
            return
        if self._next is not None:
            notes, position = self._next
            if not self._safety.is_safe(position):
                return
            self._write(notes)
        self._due = now + NOTE_SECONDS
        self._next = _noted(files), self._safety.position()

    def close(self, files: Iterable[KnownFile]) -> None:
        """Write what is read, as far as it is safe: the rest is for the next process."""
        if self._safety.is_safe(self._safety.position()):
            self._write(_noted(files))
        elif self._next is not None and self._safety.is_safe(self._next[1]):
            self._write(self._next[0])

    def _write(self, notes: dict[str, Note]) -> None:
        if self._path is None or notes == self._notes:
            return
        try:
            save(self._path, notes)
        except OSError as error:
            if not self._has_failed:
                _log.warning("%s: %s; a restart would read again", self._path, error.strerror)
            self._has_failed = True
            return
        self._has_failed = False
        self._notes = notes


def _noted(files: Iterable[KnownFile]) -> dict[str, Note]:
    return {str(known.path): note for known in files if (note := known.note) is not None}


def _is_of(note: Note, seen: Seen) -> bool:
    try:
        return note.print.fits(start_of(seen.path))
    except OSError:
        return False
