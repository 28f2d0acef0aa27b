"""One file of a watched directory: what is known of it, and how far it is read."""

from pathlib import Path

from hepscope_capture.files.directory import GZIP_END, Seen
from hepscope_capture.files.errors import Gap, GapKind
from hepscope_capture.files.followed import START_BYTES, FollowedFile
from hepscope_capture.files.notes import PRINT_BYTES, Note, Print, start_of
from hepscope_capture.frame import Frame

QUIET_SECONDS = 30.0
"""A file that has not grown for so long is closed, until it grows again."""

# A gzip file's first bytes show nothing of what is in it; so many do, or its writer's silence.
_GZIP_START_BYTES = 65_536
_GZIP_QUIET_SECONDS = 2.0

EVERYTHING = 2**62
"""A place behind the end of any file."""


class KnownFile:
    """A file by its name, its number on disk and its first bytes."""

    def __init__(self, seen: Seen, now: float, position: int = 0) -> None:
        """Know a file, from now on (elapsed seconds), that is read up to ``position``."""
        self.seen = seen
        self.is_queued = False
        self.is_superseded = False  # a newer file of its series is there
        self._grown_at = now
        self._position = position
        self._print = _print_of(seen) if position == EVERYTHING else None
        self._followed: FollowedFile | None = None
        self._was_opened = False
        self._is_final = False
        self._is_refused = False
        self._read_size = -1  # the size at which everything was read
        self._is_cut_told = False

    @property
    def path(self) -> Path:
        """Its name at the last look."""
        return self.seen.path

    @property
    def position(self) -> int:
        """How far it is read; more than there can be when all of it is."""
        is_all = self.is_open or self.seen.size == self._read_size
        return EVERYTHING if is_all else self._position

    @property
    def is_open(self) -> bool:
        """Whether the file is open."""
        return self._followed is not None

    @property
    def note(self) -> Note | None:
        """Return what is to be noted, None while the file is not known well enough."""
        if self._print is None or not self._position:
            return None
        return Note(self._print, self.seen.number, self._position)

    def has_news(self, now: float) -> bool:
        """Say whether there is anything that was not read yet, and can be."""
        size = self.seen.size
        if self._is_refused or self._position == EVERYTHING:
            return False
        if size == self._read_size or size < START_BYTES:
            return False
        if self.path.suffix != GZIP_END or self.is_open or size >= _GZIP_START_BYTES:
            return True
        return now - self._grown_at >= _GZIP_QUIET_SECONDS

    def is_same(self, seen: Seen) -> bool:
        """Say whether what is seen is this file, grown or not; if not, it was written anew."""
        if seen.number != self.seen.number or seen.size < self.seen.size:
            return False
        if self._print is None:
            return True
        try:
            return self._print.fits(start_of(seen.path))
        except OSError:
            return True  # opening it will tell

    def grow(self, seen: Seen, now: float) -> None:
        """Take notice of what a look found: another size, or another name."""
        self.seen = seen
        self._grown_at = now
        self._is_refused = False

    def open(self) -> bool:
        """Open unless it is open; return whether that is the first time.

        Raises OSError and NotACaptureError.
        """
        if self._followed is None:
            self._followed = FollowedFile(self.path, self._position)
            if self._is_final:
                self._followed.end()
        if self._print is None or self._print.length < PRINT_BYTES:
            self._print = Print.of(self._followed.start(PRINT_BYTES))
        is_first, self._was_opened = not self._was_opened, True
        return is_first

    def read(self, most: int) -> tuple[list[Frame], list[Gap], bool]:
        """Return the next frames and gaps, and whether there may be more at once.

        Raises OSError and NotACaptureError.
        """
        assert self._followed is not None
        size = self._followed.size()
        frames, gaps, is_more = self._followed.read(most)
        self._position = self._followed.position
        if not is_more:
            self._read_size = size
            if self._is_final or self.is_superseded:
                self.close()
        return frames, gaps, is_more

    def refuse(self) -> None:
        """Leave the file alone until it changes."""
        self._is_refused = True
        self.close()

    def end(self) -> bool:
        """Say that nothing will be added; return whether the rest can still be read."""
        self._is_final = True
        if self._followed is None:
            return False
        self._followed.end()
        return True

    def rest(self, now: float) -> Gap | None:
        """Close when it grows no more; return what its end lacks, once that is sure."""
        if now - self._grown_at >= QUIET_SECONDS:
            self.close()
        left = self.seen.size - self._position
        is_sure = self.is_superseded and self._was_opened and self.path.suffix != GZIP_END
        if left <= 0 or not is_sure or self._is_refused or self._is_cut_told:
            return None
        self._is_cut_told = True
        return Gap(GapKind.CUT, left)

    def close(self) -> None:
        """Close; it may be opened again."""
        if self._followed is not None:
            self._followed.close()
            self._followed = None


def _print_of(seen: Seen) -> Print | None:
    try:
        return Print.of(start_of(seen.path))
    except OSError:
        return None
