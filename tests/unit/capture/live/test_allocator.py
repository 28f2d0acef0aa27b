"""One arena of memory for all threads, where the C library has them."""

import platform
import subprocess
import sys

import pytest

PROGRAM = """\
import ctypes, sys, threading
from hepscope_capture.live import allocator

settled = sys.argv[1] == "not" or allocator.settle()
kept = []
for _ in range(3):
    # Larger than what Python's own allocator hands out.
    thread = threading.Thread(target=lambda: kept.append([bytes(700) for _ in range(1000)]))
    thread.start()
    thread.join()
library = ctypes.CDLL(None)
out = ctypes.c_void_p.in_dll(library, "stdout")
library.malloc_info(0, out)
library.fflush(out)
sys.exit(not settled)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="arenas are glibc's")
def test_threads_share_an_arena() -> None:
    """Whatever they allocate; without that each has its own."""
    arenas = {}
    for how in ("settled", "not"):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, how], check=True, capture_output=True, text=True
        )
        arenas[how] = done.stdout.count("<heap nr=")
    assert arenas["settled"] == 1
    assert arenas["not"] > 1
