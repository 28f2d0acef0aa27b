"""What lies in a watched directory: names, sizes, times, as one look finds them."""

import os
import re
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

_DIGITS = re.compile(r"\d+")

GZIP_END = ".gz"


@dataclass(frozen=True, slots=True)
class Seen:
    """A regular file as a look found it."""

    path: Path
    number: tuple[int, int]  # device, inode
    size: int
    mtime_ns: int

    @property
    def series(self) -> str:
        """Return what the files of one ring have in common: the name without its numbers.

        >>> Seen(Path("/c/sbc_00002_20261130101500.pcapng"), (1, 2), 0, 0).series
        '/c/sbc_#_#.pcapng'
        """
        return f"{self.path.parent}/{_DIGITS.sub('#', self.path.name.removesuffix(GZIP_END))}"

    def is_being_zipped(self, names: Collection[Path]) -> bool:
        """Say whether this is a compressed file whose original is still there."""
        return self.path.suffix == GZIP_END and self.path.with_suffix("") in names


def look(directory: Path) -> Iterator[Seen]:
    """Give the files that may be captures; hidden and temporary ones are not finished.

    Raises OSError when the directory cannot be read.
    """
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.name.startswith(".") or entry.name.endswith((".tmp", ".part")):
                continue
            try:
                found = entry.stat()
            except OSError:  # gone since
                continue
            if stat.S_ISREG(found.st_mode):
                number = (found.st_dev, found.st_ino)
                yield Seen(Path(entry.path), number, found.st_size, found.st_mtime_ns)
