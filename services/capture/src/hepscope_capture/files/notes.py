"""How far each file of watched directories is read, noted so that a restart goes on there.

A file is known again by its name and its first bytes, which hold the time of its first frame: a
ring of files is written anew under the same names, and one that is moved keeps its number on disk.
The notes are a file of JSON, replaced as a whole.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

PRINT_BYTES = 1024
"""Bytes at the beginning that a file is known by, as many of them as there were."""

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Print:
    """What a file is known by: a hash of its first bytes, and how many these are."""

    length: int
    digest: str

    @classmethod
    def of(cls, start: bytes) -> Self:
        """Return the print of a file that begins so."""
        return cls(len(start), hashlib.blake2b(start, digest_size=16).hexdigest())

    def fits(self, start: bytes) -> bool:
        """Say whether the file that begins so can be the one that the print is of."""
        return len(start) >= self.length and Print.of(start[: self.length]) == self


@dataclass(frozen=True, slots=True)
class Note:
    """Of one file: what it is known by, its number on disk, how far it is read."""

    print: Print
    number: tuple[int, int]  # device, inode
    position: int


def notes_name(directories: Sequence[Path]) -> str:
    """Return the name of the notes on these directories: other processes watch other ones."""
    paths = sorted(str(directory.resolve()) for directory in directories)
    return f"watched-{hashlib.sha256(os.fsencode('|'.join(paths))).hexdigest()[:8]}.json"


def start_of(path: Path) -> bytes:
    """Return the first bytes of a file; raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.pread(fd, PRINT_BYTES, 0)
    finally:
        os.close(fd)


def load(path: Path) -> dict[str, Note]:
    """Return the notes by the files' names; none when there are no notes yet.

    Raises ValueError, with a line for the user, for a file that is none of ours, and OSError.
    """
    try:
        text = path.read_text()
    except FileNotFoundError:
        return {}
    try:
        found = json.loads(text)
        notes = {name: _note(*row) for name, row in found["files"].items()}
        is_ours = found["version"] == _VERSION
    except (ValueError, TypeError, KeyError, AttributeError):
        is_ours, notes = False, {}
    if not is_ours:
        raise ValueError(f"{path}: no notes of this version; remove it to read all files anew")
    return notes


def save(path: Path, notes: dict[str, Note]) -> None:
    """Replace the notes; a crash leaves either the old ones or the new ones. Raises OSError."""
    files = {
        name: (note.print.length, note.print.digest, *note.number, note.position)
        for name, note in notes.items()
    }
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    with new.open("w") as file:
        json.dump({"version": _VERSION, "files": files}, file)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _note(length: int, digest: str, device: int, inode: int, position: int) -> Note:
    numbers = (length, device, inode, position)
    if not all(isinstance(number, int) for number in numbers) or not isinstance(digest, str):
        raise TypeError("a field of another type")
    return Note(Print(length, digest), (device, inode), position)
