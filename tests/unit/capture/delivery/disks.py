"""Spools for tests, and a disk that takes no more."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hepscope_capture.delivery.batch import Batch, cut
from hepscope_capture.delivery.spool import Spool

ORIGIN = bytes(range(16))

MB = 1024 * 1024


@contextmanager
def opened(
    directory: Path, limit_bytes: int = 100 * MB, segment_bytes: int = 8 * MB
) -> Iterator[Spool]:
    """A spool that is open."""
    spool = Spool(directory, limit_bytes, lambda: 1, segment_bytes=segment_bytes)
    spool.open()
    try:
        yield spool
    finally:
        spool.close()


def batch_of(first_seq: int, count: int = 10, size: int = 100, origin: bytes = ORIGIN) -> Batch:
    """A batch whose packets tell their numbers."""
    packets = [b"%08d" % seq + bytes(size) for seq in range(first_seq, first_seq + count)]
    (batch,) = cut(packets, origin, first_seq, 0.0)
    return batch


@contextmanager
def full_disk(bytes_a_file: int) -> Iterator[None]:
    """No file grows beyond this: the system's own limit, which fails as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_a_file, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
