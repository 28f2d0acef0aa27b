"""How far each log file was read, kept over restarts in one small file.

A file is known by its device and number and by what it begins with: a renamed file keeps the
first two, a copied one the last.
"""

import contextlib
import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

HEAD_BYTES = 256
MOST_MARKS = 16_384
"""Names of logs with dates in them come and go; of more, those noted longest ago are forgotten."""

_FORM = 1


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file: everything before is handed on."""

    device: int
    inode: int
    offset: int
    head_bytes: int  # of its beginning that the digest is of; at most HEAD_BYTES and offset
    head: str  # SHA-256, in hex

    def is_in(self, descriptor: int) -> bool:
        """Say whether an open file begins as the marked one did, and goes as far."""
        with contextlib.suppress(OSError):
            is_long_enough = os.fstat(descriptor).st_size >= self.offset
            return is_long_enough and digest_of(descriptor, self.head_bytes) == self.head
        return False


def mark_of(descriptor: int, offset: int) -> Mark:
    """Return the mark of a place in an open file. Raises OSError."""
    status = os.fstat(descriptor)
    size = min(offset, HEAD_BYTES)
    return Mark(status.st_dev, status.st_ino, offset, size, digest_of(descriptor, size))


def digest_of(descriptor: int, size: int) -> str:
    """Return the digest of so many bytes of the beginning of an open file. Raises OSError."""
    return hashlib.sha256(os.pread(descriptor, size, 0)).hexdigest()


class Positions:
    """The marks of all files by path."""

    def __init__(self, path: Path | None) -> None:
        """Read those that were kept; a file that cannot be read is as none. None = not kept."""
        self._path = path
        self._marks: dict[str, Mark] = {}
        self._is_saved = True
        if path is not None:
            with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
                kept = json.loads(path.read_bytes())
                if kept["form"] == _FORM:
                    self._marks = {name: _mark(row) for name, row in kept["files"].items()}

    def get(self, name: str) -> Mark | None:
        """Return the mark of a path."""
        return self._marks.get(name)

    def put(self, name: str, mark: Mark) -> None:
        """Note the mark of a path."""
        if self._marks.get(name) != mark:
            self._marks.pop(name, None)
            self._marks[name] = mark
            self._is_saved = False
            if len(self._marks) > MOST_MARKS:
                del self._marks[next(iter(self._marks))]

    def save(self) -> None:
        """Write what has changed, all or nothing. Raises OSError."""
        if self._path is None or self._is_saved:
            return
        rows = {name: asdict(mark) for name, mark in self._marks.items()}
        beside = self._path.with_name(self._path.name + ".new")
        beside.write_text(json.dumps({"form": _FORM, "files": rows}), encoding="utf-8")
        beside.replace(self._path)
        self._is_saved = True


def _mark(row: dict[str, object]) -> Mark:
    numbers = [row[name] for name in ("device", "inode", "offset", "head_bytes")]
    device, inode, offset, size = (one if isinstance(one, int) else -1 for one in numbers)
    if min(device, inode, offset, size) < 0 or size > HEAD_BYTES:
        raise ValueError("not a mark")
    return Mark(device, inode, offset, size, str(row["head"]))
