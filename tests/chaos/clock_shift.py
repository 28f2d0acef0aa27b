"""How a process gets a shifted wall clock: libfaketime, or a small library of our own.

Both are preloaded by the dynamic linker and leave monotonic clocks alone. libfaketime is taken
where it is installed (Debian's package faketime); elsewhere ``clock_shift.c`` is compiled, which
needs a C compiler.
"""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

SOURCE = Path(__file__).with_name("clock_shift.c")
COMPILERS = ("cc", "gcc", "clang")
COMPILE_SECONDS = 60

FAKETIME = tuple(
    Path(folder) / "libfaketime.so.1"
    for folder in (
        "/usr/lib/x86_64-linux-gnu/faketime",
        "/usr/lib/aarch64-linux-gnu/faketime",
        "/usr/lib64/faketime",
        "/usr/lib/faketime",
        "/usr/local/lib/faketime",
    )
)


class NoClockShiftError(RuntimeError):
    """Neither libfaketime nor a compiler is there."""


def prepare(folder: Path, *, installed: Sequence[Path] = FAKETIME) -> Path:
    """Return the library to preload; a compiled one is put into ``folder``.

    Raises NoClockShiftError.
    """
    for library in installed:
        if library.exists():
            return library
    folder.mkdir(exist_ok=True)
    library = folder / "clock_shift.so"
    for compiler in filter(None, map(shutil.which, COMPILERS)):
        command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"]
        done = subprocess.run(command, capture_output=True, check=False, timeout=COMPILE_SECONDS)
        if done.returncode == 0:
            return library
    raise NoClockShiftError("no libfaketime (Debian: faketime) and no C compiler")


def environment(library: Path, shift_seconds: int) -> dict[str, str]:
    """Return the variables that shift a process's clock by so many seconds."""
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME": f"{shift_seconds:+d}s",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "CHAOS_CLOCK_SHIFT": str(shift_seconds),
    }
