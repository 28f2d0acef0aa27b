"""A small disk of its own for the database: a tmpfs, filled to the last byte and freed again."""

import contextlib
import os
import subprocess
from pathlib import Path

MOUNT_SECONDS = 60
MIB = 1024 * 1024
BASE_MIB = 320
"""An empty cluster, its write-ahead log at the largest size allowed, and some air."""

BYTES_PER_PACKET = 2000
"""Row, call record and indexes of one packet, and what vacuum has not yet cleaned."""

_BALLAST = "ballast"


def size_mib(packets: int) -> int:
    """Return the size of a disk that so many packets leave room on."""
    return BASE_MIB + packets * BYTES_PER_PACKET // MIB


class NoDiskError(RuntimeError):
    """No tmpfs could be mounted; the message says why."""


class SmallDisk:
    """A tmpfs mounted on a directory, which others may pass through."""

    def __init__(self, directory: Path, *, mib: int) -> None:
        self.directory = directory
        self._mib = mib
        self._is_mounted = False

    def mount(self) -> None:
        """Mount it. Raises NoDiskError, mostly because only root may."""
        command = ["mount", "-t", "tmpfs", "-o", f"size={self._mib}m,mode=0711", "chaos"]
        try:
            done = subprocess.run(
                [*command, str(self.directory)],
                capture_output=True,
                text=True,
                check=False,
                timeout=MOUNT_SECONDS,
            )
        except OSError as error:
            raise NoDiskError(f"mount: {error}") from None
        if done.returncode != 0:
            raise NoDiskError(f"mount: {done.stderr.strip()}")
        self._is_mounted = True

    def unmount(self) -> None:
        """Unmount it; one that is still in use goes when it is not any more."""
        if self._is_mounted:
            command = ["umount", "-l", str(self.directory)]
            subprocess.run(command, capture_output=True, check=False, timeout=MOUNT_SECONDS)
            self._is_mounted = False

    def fill(self) -> int:
        """Take every free byte; return how many."""
        taken = 0
        with (self.directory / _BALLAST).open("wb") as ballast:
            step = 16 * MIB
            while step >= 512:
                try:
                    os.posix_fallocate(ballast.fileno(), taken, step)
                    taken += step
                except OSError:
                    step //= 2
        return taken

    def free(self) -> None:
        """Give the bytes back."""
        with contextlib.suppress(FileNotFoundError):
            (self.directory / _BALLAST).unlink()
