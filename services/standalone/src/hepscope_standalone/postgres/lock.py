"""The lock on a data directory: one hepscope at a time.

``<data dir>/hepscope.lock`` holds the pid of its owner as text and an exclusive ``flock``. The
kernel releases the lock when the owner dies, however it dies, so there is no stale lock to judge;
the file itself stays, since removing it would let two processes lock two files of one name.
"""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from hepscope_standalone.postgres.errors import StartupError, refusal, startup_error

LOCK_NAME = "hepscope.lock"

# A pid has at most 7 digits on Linux; a longer file is not ours to print.
PID_DIGITS = 20


class DirectoryLock:
    """A context manager that holds the lock; entering raises StartupError when another does."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._path = data_dir / LOCK_NAME
        self._file = -1

    def __enter__(self) -> Self:
        try:
            # No link is followed: in a shared directory it could lead root to any file.
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            self._file = os.open(self._path, flags, 0o600)
            self._acquire(self._file)
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, b"%d\n" % os.getpid(), 0)
        except OSError as error:
            self._close()
            raise refusal("lock", self._path, error) from error
        except StartupError:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def refuse_if_held(self) -> None:
        """Raise StartupError when another process holds the lock; makes and keeps nothing."""
        try:
            file = os.open(self._path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return
        try:
            self._acquire(file)
        finally:
            os.close(file)

    def _acquire(self, file: int) -> None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.pread(file, PID_DIGITS, 0).decode("ascii", "replace").strip()
            owner = f"pid {pid}" if pid.isdigit() else "another process"
            raise startup_error(
                f"hepscope runs already on {self._data_dir} ({owner}): "
                "stop it, or choose another directory by --data-dir"
            ) from None

    def _close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
