"""The small disk: filled to the last byte, freed, gone afterwards. Only root can mount one."""

import errno
import os
from pathlib import Path

import pytest

from chaos.disk import NoDiskError, SmallDisk, size_mib


def test_a_full_disk_takes_nothing_and_a_freed_one_does(tmp_path: Path) -> None:
    """Writing fails with ENOSPC while it is full."""
    disk = SmallDisk(tmp_path, mib=8)
    try:
        disk.mount()
    except NoDiskError as error:
        # In CI a test that cannot run has failed.
        (pytest.fail if os.environ.get("REQUIRE_SERVICES") == "1" else pytest.skip)(str(error))
    try:
        assert disk.fill() > 7 * 1024 * 1024
        with pytest.raises(OSError, match="No space") as caught:
            (tmp_path / "file").write_bytes(b"x" * 8192)
        assert caught.value.errno == errno.ENOSPC
        disk.free()
        (tmp_path / "file").write_bytes(b"x" * 8192)
        disk.free()
    finally:
        disk.unmount()
    assert list(tmp_path.iterdir()) == []


def test_more_packets_need_a_larger_disk() -> None:
    """A run of any length has room for what it stores."""
    assert size_mib(1_000_000) - size_mib(0) > 1500
