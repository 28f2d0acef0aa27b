"""A capture file by name: opened, recognised by its first bytes, undone if it is gzip, read.

``-`` is standard input. A name may also be a pipe; then it can be opened only once, which is
why only regular files are checked before a replay starts.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from hepscope_capture.files.errors import NOT_YET, Gap, GapKind, NotACaptureError
from hepscope_capture.files.gzipped import MAGIC as GZIP_MAGIC
from hepscope_capture.files.gzipped import GzipReader
from hepscope_capture.files.pcap import is_pcap, read_pcap
from hepscope_capture.files.pcapng import is_pcapng, read_pcapng
from hepscope_capture.files.window import Window
from hepscope_capture.frame import Frame

STDIN = "-"

# As much as is_pcapng wants to see.
_START_BYTES = 12

_FORMATS = ((is_pcap, read_pcap), (is_pcapng, read_pcapng))

# What people pass by mistake, by how it starts.
_HINTS = {
    b"\x28\xb5\x2f\xfd": "zstd is not read; unpack the file first",
    b"\xfd7zXZ": "xz is not read; unpack the file first",
    b"BZh": "bzip2 is not read; unpack the file first",
    b"\x04\x22\x4d\x18": "lz4 is not read; unpack the file first",
    b"PK\x03\x04": "zip is not read; unpack the file first",
    b"snoop\x00": "snoop files are not read; convert the file with editcap -F pcap",
    b"HEP3": "raw HEP, not a capture of it",
}


def _nothing() -> None:
    return


@contextmanager
def open_capture(
    name: str, before_read: Callable[[], None] = _nothing
) -> Iterator[Iterator[Frame | Gap]]:
    """Open a capture file and give its frames and gaps in order.

    ``before_read`` is called whenever reading may have to wait, as for a pipe from a capture
    that is still running. Raises OSError when the file cannot be opened or read, and
    NotACaptureError when it is no capture, which may show only while the frames are read.
    """
    if name == STDIN:
        yield frames(_announced(partial(os.read, sys.stdin.fileno()), before_read))
        return
    with Path(name).open("rb", buffering=0) as file:
        yield frames(_announced(file.read, before_read))


def _announced(
    read: Callable[[int], bytes], before_read: Callable[[], None]
) -> Callable[[int], bytes]:
    def announced(size: int) -> bytes:
        before_read()
        return read(size)

    return announced


def check(name: str) -> None:
    """Raise what opening the file for reading would raise, if that can be told without harm."""
    path = Path(name)
    if name == STDIN or (path.exists() and not path.is_file() and not path.is_dir()):
        return
    with open_capture(name):
        pass


def frames(read: Callable[[int], bytes]) -> Iterator[Frame | Gap]:
    """Recognise a capture by its start and return its frames and gaps, in order.

    ``read`` gives at most the bytes asked for and ``b""`` at the end. Raises NotACaptureError
    at once, not at the first frame.
    """
    return recognise(read)[1]


def recognise(
    read: Callable[[int], bytes | None],
) -> tuple[Window, Iterator[Frame | Gap]]:
    """Recognise a capture as ``frames`` does; return its window, inflated, and its items.

    ``read`` may give None for "nothing more yet"; then the items are NOT_YET until there is more,
    and what is no capture may show as late as that.
    """
    window = Window(read)
    if window.peek(len(GZIP_MAGIC)) != GZIP_MAGIC:
        return window, _items(window)
    inflated = GzipReader(window.take_ready)
    inner = Window(inflated.read)
    return inner, _explained(_items(inner), inflated)


def _items(window: Window) -> Iterator[Frame | Gap]:
    """Return the items of what is no gzip; raises NotACaptureError at once if it can."""
    if len(window.peek(_START_BYTES)) < _START_BYTES and window.is_waiting:
        return _once_begun(window)
    return _reader(window)(window)


def _once_begun(window: Window) -> Iterator[Frame | Gap]:
    while len(window.peek(_START_BYTES)) < _START_BYTES and window.is_waiting:
        yield NOT_YET
    yield from _reader(window)(window)


def _reader(window: Window) -> Callable[[Window], Iterator[Frame | Gap]]:
    start = window.peek(_START_BYTES)
    for recognises, reader in _FORMATS:
        if recognises(start):
            return reader
    raise NotACaptureError(_explain(start))


def _explain(start: bytes) -> str:
    if not start:
        return "the file is empty"
    for magic, hint in _HINTS.items():
        if start.startswith(magic):
            return f"not a capture file ({hint})"
    return "not a capture file (neither pcap nor pcapng, plain or gzip)"


def _explained(items: Iterator[Frame | Gap], inflated: GzipReader) -> Iterator[Frame | Gap]:
    """Give the items; where the gzip stream broke off, say so instead of a cut record."""
    for item in items:
        if isinstance(item, Gap) and item.kind is GapKind.CUT and inflated.gap:
            yield Gap(inflated.gap, item.lost_bytes)
            return
        yield item
    if inflated.gap:
        yield Gap(inflated.gap, 0)
