"""Directories that are watched for captures: rings of tcpdump or dumpcap, files dropped in.

Each look finds what is new and what has grown; what is there is read file by file, the older
first, the series of files in turn. Files stay open only while they grow. Nothing tells that a file
is whole, so an end inside a record counts as cut only once a newer file of its series is there, or
the file is gone.
"""

from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from hepscope_capture.clock import Clock
from hepscope_capture.files.directory import Seen, look
from hepscope_capture.files.errors import Gap, NotACaptureError
from hepscope_capture.files.known import KnownFile
from hepscope_capture.files.live_source import BATCH_FRAMES, SourceCounts
from hepscope_capture.files.notebook import AlwaysSafe, Notebook, Safety
from hepscope_capture.frame import Frame
from hepscope_common.logs import get_logger

MOST_OPEN = 64

_log = get_logger("capture")


class WatchedDirectories:
    """A live source; the files are read as they come, and where notes are kept, each once."""

    def __init__(
        self,
        directories: Sequence[Path],
        notes: Path | None,
        clock: Clock,
        safety: Safety | None = None,
    ) -> None:
        """Watch; ``notes`` is the file of notes, None = every start reads everything.

        Raises ValueError, with a line for the user, for what is no directory and for notes that
        are none of ours.
        """
        for directory in directories:
            if not directory.is_dir():
                raise ValueError(f"{directory}: no directory")
        self.name = "watch"
        self.counts = SourceCounts()
        self.has_ended = False
        self._directories = directories
        self._clock = clock
        self._notebook = Notebook(notes, clock, safety or AlwaysSafe())
        self._files: dict[Path, KnownFile] = {}
        self._ready: OrderedDict[str, deque[KnownFile]] = OrderedDict()
        self._opened: OrderedDict[KnownFile, None] = OrderedDict()
        self._unreadable: set[Path] = set()  # directories, of the last look

    def fileno(self) -> int | None:
        """Return None: looking finds the news."""
        return None

    def look_after(self) -> None:
        """Look into the directories; what was given so far is noted."""
        self._notebook.note(self._files.values())
        now = self._clock.elapsed_seconds()
        seen = self._look()
        newest = {one.series: one.mtime_ns for one in seen}
        by_path = {one.path: one for one in seen}
        self._follow_moves(by_path, now)
        for one in seen:
            if one.is_being_zipped(by_path):
                continue
            known = self._known(one, now)
            known.is_superseded = newest[one.series] > one.mtime_ns
            if known.has_news(now):
                self._queue(known)
            elif gap := known.rest(now):
                self._tell(known, gap)
        for path, known in list(self._files.items()):
            if path not in by_path and path.parent not in self._unreadable:
                self._let_go(known, now)

    def read(self) -> Sequence[Frame] | None:
        """Return the next frames of the file whose turn it is; None when all are read."""
        while self._ready:
            series, files = next(iter(self._ready.items()))
            known = files[0]
            frames, gaps, is_more = self._read(known)
            for gap in gaps:
                self._tell(known, gap)
            if not is_more:
                files.popleft()
                known.is_queued = False
            if files:
                self._ready.move_to_end(series)
            else:
                del self._ready[series]
            if frames or is_more:
                self.counts.frames += len(frames)
                return frames
        return None

    def close(self) -> None:
        """Note what is read and safe, and close the files."""
        self._notebook.close(self._files.values())
        for known in self._opened:
            known.close()
        self._files.clear()
        self._ready.clear()
        self._opened.clear()
        self.has_ended = True

    def _look(self) -> list[Seen]:
        """Return what is there, the oldest first."""
        before, self._unreadable = self._unreadable, set()
        found: list[Seen] = []
        for directory in self._directories:
            try:
                found += look(directory)
            except OSError as error:
                self._unreadable.add(directory)
                if directory not in before:
                    _log.warning("%s: %s", directory, error.strerror)
        return sorted(found, key=lambda one: (one.mtime_ns, one.path))

    def _follow_moves(self, seen: Mapping[Path, Seen], now: float) -> None:
        """Give files that have another name by now that name."""
        away = {
            known.seen.number: known
            for path, known in self._files.items()
            if path not in seen or seen[path].number != known.seen.number
        }
        moves = [
            (known, one)
            for one in seen.values()
            if (known := away.get(one.number)) is not None and known.is_same(one)
        ]
        # All at once: names may be handed on in a row.
        for known, _ in moves:
            del self._files[known.path]
        for known, one in moves:
            if (replaced := self._files.get(one.path)) is not None:
                self._let_go(replaced, now)
            known.grow(one, now)
            self._files[one.path] = known

    def _known(self, seen: Seen, now: float) -> KnownFile:
        """Return the file that is seen: as it was, grown, written anew, or new."""
        known = self._files.get(seen.path)
        if known is None:
            position = self._notebook.position_of(seen, self._files)
            self._files[seen.path] = known = KnownFile(seen, now, position)
        elif seen != known.seen:
            if not known.is_same(seen):
                return self._written_anew(known, seen, now)
            known.grow(seen, now)
        return known

    def _written_anew(self, known: KnownFile, seen: Seen, now: float) -> KnownFile:
        self.counts.restarted += 1
        _log.info("%s: written anew", seen.path)
        if known.seen.number == seen.number:
            known.close()  # what it held is overwritten
        elif known.end():
            self._queue(known)
        self._files[seen.path] = new = KnownFile(seen, now)
        return new

    def _queue(self, known: KnownFile) -> None:
        if not known.is_queued:
            known.is_queued = True
            self._ready.setdefault(known.seen.series, deque()).append(known)

    def _let_go(self, known: KnownFile, now: float) -> None:
        """Forget a file that is gone; what is open can still be read to its end."""
        del self._files[known.path]
        if known.end():
            self._queue(known)
        elif known.has_news(now):
            self.counts.vanished += 1
            _log.warning("%s: gone before it was read", known.path)

    def _read(self, known: KnownFile) -> tuple[list[Frame], list[Gap], bool]:
        try:
            self.counts.files += known.open()
            self._keep_open(known)
            return known.read(BATCH_FRAMES)
        except FileNotFoundError:
            return [], [], False  # the next look lets it go
        except NotACaptureError as error:
            self.counts.not_captures += 1
            _log.warning("%s: %s", known.path, error)
        except OSError as error:
            self.counts.unreadable += 1
            _log.warning("%s: %s", known.path, error.strerror)
        known.refuse()
        return [], [], False

    def _keep_open(self, known: KnownFile) -> None:
        """Close the file that was read the longest ago when too many are open."""
        self._opened[known] = None
        self._opened.move_to_end(known)
        while len(self._opened) > MOST_OPEN:
            self._opened.popitem(last=False)[0].close()

    def _tell(self, known: KnownFile, gap: Gap) -> None:
        self.counts.gaps += 1
        self.counts.lost_bytes += gap.lost_bytes
        _log.warning("%s: %s, %d bytes lost", known.path, gap.kind, gap.lost_bytes)
