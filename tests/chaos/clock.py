"""The wall clock of a process, which can be set while it runs: libfaketime and a file.

The library is preloaded by the dynamic linker and reads the shift from the file again each second.
Monotonic time, by which event loops and locks wait, stays as it is. It is taken where it is
installed (Debian's package libfaketime), else fetched by apt-get into a cache, which needs no root.

One thing it cannot do up to 0.9.10: ``time.sleep`` of Python 3.11 and later fails under it with
EINVAL, because it takes an absolute monotonic time for a wall time. No service that a chaos run
shifts sleeps so; one that began to would end at once, and the run would say so.
"""

import fcntl
import shutil
import subprocess
import tempfile
from pathlib import Path

from support.kafka import CACHE

LIBRARY = "libfaketimeMT.so.1"
"""The variant for processes of several threads."""

PACKAGE = "libfaketime"
FETCH_SECONDS = 120
ROOTS = (Path("/usr"), Path("/usr/local"))
NOTICED_SECONDS = 1
"""After how long a process sees that its clock was set."""


class NoClockError(RuntimeError):
    """libfaketime is not there and could not be fetched; the message says why."""


def find_library(*, roots: tuple[Path, ...] = ROOTS, cache: Path = CACHE) -> Path:
    """Return the library, fetching it the first time. Raises NoClockError."""
    if found := _look(*roots):
        return found
    folder = cache / PACKAGE
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        # Two runs at once must not fetch the same.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _fetch(folder)
    if found := _look(folder / "usr"):
        return found
    raise NoClockError(f"no {LIBRARY} in the package {PACKAGE}")


def _look(*roots: Path) -> Path | None:
    for root in roots:
        for pattern in (f"lib*/faketime/{LIBRARY}", f"lib*/*/faketime/{LIBRARY}"):
            for found in root.glob(pattern):
                return found
    return None


def _fetch(folder: Path) -> None:
    programs = [shutil.which(name) for name in ("apt-get", "dpkg-deb")]
    if None in programs:
        raise NoClockError(f"{PACKAGE} is not installed, and no apt-get to fetch it with")
    apt_get, dpkg_deb = map(str, programs)
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        _run(apt_get, "-q", "download", PACKAGE, cwd=made)
        unpacked = Path(made, "unpacked")
        (archive,) = Path(made).glob("*.deb")
        _run(dpkg_deb, "--extract", str(archive), str(unpacked), cwd=made)
        unpacked.rename(folder)


def _run(*words: str, cwd: str) -> None:
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=FETCH_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoClockError(f"{PACKAGE}: {error}") from None
    if done.returncode != 0:
        raise NoClockError(f"{PACKAGE}: {done.stderr.strip()[-300:]}")


class Clock:
    """The clock of one process; ``file`` holds its shift."""

    def __init__(self, library: Path, file: Path) -> None:
        self._library = library
        self._file = file
        self.set(0)

    def set(self, shift_seconds: int) -> None:
        """Let it be so many seconds ahead of the true time, behind when negative."""
        # The library must never find half a file.
        new = self._file.with_suffix(".new")
        new.write_text(f"{shift_seconds:+d}s\n")
        new.replace(self._file)

    def environment(self) -> dict[str, str]:
        """Return the variables that a process must start with to have this clock."""
        return {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": str(NOTICED_SECONDS),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # Not needed by glibc of today, and makes threads wait for each other too long.
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
            # Times of files are the kernel's: a process that compares them with its clock must
            # see the difference, as it would on a machine whose clock is wrong.
            "NO_FAKE_STAT": "1",
        }
