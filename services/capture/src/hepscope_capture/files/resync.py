"""The way back into a capture behind damage: look for the next place where a record can start.

What a record can look like is the reader's knowledge (``plausible``); here is only the search,
a window at a time. It is bounded, because each byte costs a call: behind that bound the rest of
the file is stepped over and counted.
"""

from collections.abc import Callable

from hepscope_capture.files.window import Window

# Bytes examined per step, and in all (some seconds of work).
STEP_BYTES = 65_536
SEARCH_BYTES = 16 * 1024 * 1024


def resync(
    window: Window,
    plausible: Callable[[bytes, int, bool], bool],
    reach: int,
    *,
    search_bytes: int = SEARCH_BYTES,
) -> int:
    """Step over at least one byte, up to the next plausible record or the end; return how many.

    ``plausible(data, offset, is_end)`` says whether a record can start at that offset; it may look
    ``reach`` bytes ahead, and ``is_end`` tells that the capture ends where ``data`` ends.
    """
    skipped = window.skip(1)
    while skipped < search_bytes:
        ahead = window.peek(STEP_BYTES + reach)
        is_end = len(ahead) < STEP_BYTES + reach
        stop = len(ahead) if is_end else STEP_BYTES
        for offset in range(stop):
            if plausible(ahead, offset, is_end):
                return skipped + window.skip(offset)
        skipped += window.skip(stop)
        if is_end:
            return skipped
    return skipped + window.drain()
