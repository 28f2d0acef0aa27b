"""Where the rest of a log file is, once another has its name.

``kamailio.log`` becomes ``kamailio.log.1``, ``kamailio.log-20261130`` or
``kamailio-20261130.log``, by renaming or, with copytruncate, by copying. Compressed ones are
not looked into: logrotate compresses one rotation later (delaycompress) where it matters.
"""

import contextlib
import os
import re
import stat
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from hepscope_capture.inputs.positions import Mark

# ``app-2.log`` is the log of another instance; a date has eight digits.
_DATE = r"[.\-_]\d{4}[.\-_]?\d\d[.\-_]?\d\d[\d.\-_T]*"
_NUMBER = r"\.\d{1,3}"


def is_older(path: Path, other: Path) -> bool:
    """Say whether another path is, by its name, a rotated file of a path."""
    return path.parent == other.parent and _form_of(path).fullmatch(other.name) is not None


def without_older(names: Iterable[str]) -> list[str]:
    """Return paths without those that are, by their names, rotated files of others of them."""
    left = sorted(set(names))
    older: set[str] = set()
    # A rotated file has a longer name than the one it comes from.
    for name in sorted(left, key=len):
        path = Path(name)
        begin = str(path.with_name(path.stem))
        for other in islice(left, bisect_left(left, begin), None):
            if not other.startswith(begin):
                break
            if name not in older and is_older(path, Path(other)):
                older.add(other)
    return [name for name in left if name not in older]


def older_of(path: Path) -> list[Path]:
    """Return the rotated files of a path, the oldest first; those of one moment by name."""
    form = _form_of(path)
    found: list[tuple[int, str]] = []
    with contextlib.suppress(OSError), os.scandir(path.parent) as entries:
        for entry in entries:
            if form.fullmatch(entry.name):
                with contextlib.suppress(OSError):
                    found.append((entry.stat().st_mtime_ns, entry.name))
    # Of .1 and .2 of the same moment .2 is the older one.
    found.sort(key=lambda one: (one[0], [-int(part) for part in re.findall(r"\d+", one[1])]))
    return [path.with_name(name) for _, name in found]


def unread_of(path: Path, mark: Mark) -> list[tuple[Path, int]]:
    """Return the files, and from where, that follow a mark and come before the file of the name.

    The first is the one that the mark is in; empty when there is none any more.
    """
    older = older_of(path)
    for index, one in enumerate(older):
        with contextlib.suppress(OSError), opened(one) as descriptor:
            if mark.is_in(descriptor) and (mark.offset or _is_same(descriptor, mark)):
                return [(one, mark.offset), *((later, 0) for later in older[index + 1 :])]
    return []


def _form_of(path: Path) -> "re.Pattern[str]":
    stem, extension = re.escape(path.stem), re.escape(path.suffix)
    return re.compile(f"{stem}(?:{extension}(?:{_NUMBER}|{_DATE})|{_DATE}{extension})")


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """Give the descriptor of a regular file. Raises OSError, also when it is none."""
    descriptor = open_regular(path)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def open_regular(path: Path) -> int:
    """Return the descriptor of a regular file. Raises OSError, also when it is none."""
    # Not to wait for the writer of a pipe.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{path} is not a regular file")
    return descriptor


def _is_same(descriptor: int, mark: Mark) -> bool:
    """Say whether it is the very file; of one that nothing was read of, nothing else tells."""
    status = os.fstat(descriptor)
    return (status.st_dev, status.st_ino) == (mark.device, mark.inode)
