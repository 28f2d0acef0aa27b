"""The C library's allocator, told what a capture does with memory.

Packets are made by the thread that captures and freed by those that deliver. glibc gives each
thread an arena of its own, so that a packet's place comes back to the one arena while the next
packet is made in the other's cold memory; of one arena it is at hand. Python lets one thread
allocate at a time anyway. What is sent at once, some hundred kilobytes, would be taken from the
kernel and given back each time; now some megabytes are kept for it.
"""

import ctypes

# malloc.h: of glibc, and of nobody else.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8

_KEPT_BYTES = 4 * 1024 * 1024
_LARGE_BYTES = 1024 * 1024


def settle() -> bool:
    """Set it, before threads are started; return whether there is anything to be set."""
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version"):
        return False
    wanted = ((_ARENA_MAX, 1), (_TRIM_THRESHOLD, _KEPT_BYTES), (_MMAP_THRESHOLD, _LARGE_BYTES))
    return all(library.mallopt(name, value) for name, value in wanted)
