"""Whose a spool's directory is, and what one process tells the next beside the packets.

The file ``lock`` is locked by the owner, ``position`` tells up to where everything is delivered,
and ``acknowledging`` has a line for each server that acknowledges: one of them that is just busy
when the next process greets it must not be taken for another.
"""

import fcntl
import os
import zlib
from pathlib import Path
from struct import Struct

LOCK_NAME, POSITION_NAME, SERVERS_NAME = "lock", "position", "acknowledging"
_POSITION = Struct("!QQ")
_CRC_BYTES = 4


class SpoolBusyError(OSError):
    """Another process has the directory."""


class Claim:
    """The right to a directory, until it is closed or the process dies."""

    def __init__(self, directory: Path) -> None:
        """Take the directory, which is made if need be. Raises OSError, SpoolBusyError of them."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._lock = os.open(directory / LOCK_NAME, flags, 0o600)
        self._position = -1
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._position = os.open(directory / POSITION_NAME, flags, 0o600)
        except OSError as error:
            self.close()
            if isinstance(error, BlockingIOError):
                raise SpoolBusyError(f"{directory} belongs to another process") from None
            raise
        self._written = self.position()
        self._servers = directory / SERVERS_NAME
        self.acknowledging = self._known()
        """Servers that acknowledge, as far as is known."""

    def position(self) -> tuple[int, int]:
        """Return file and offset up to where everything is delivered; zeros when nobody knows."""
        data = os.pread(self._position, _POSITION.size + _CRC_BYTES, 0)
        body, crc = data[: _POSITION.size], data[_POSITION.size :]
        if crc != zlib.crc32(body).to_bytes(_CRC_BYTES, "big"):
            return 0, 0
        number, offset = _POSITION.unpack(body)
        return number, offset

    def note_position(self, position: tuple[int, int]) -> None:
        """Write it down, if it has changed. Raises OSError."""
        if position != self._written:
            body = _POSITION.pack(*position)
            crc = zlib.crc32(body).to_bytes(_CRC_BYTES, "big")
            os.pwrite(self._position, body + crc, 0)
            self._written = position

    def note_server(self, name: str, *, is_acknowledging: bool) -> None:
        """Write down what a server does, if that is news. Raises OSError."""
        if is_acknowledging == (name in self.acknowledging):
            return
        self.acknowledging ^= {name}
        beside = self._servers.with_suffix(".new")
        beside.write_text("".join(f"{one}\n" for one in sorted(self.acknowledging)))
        beside.replace(self._servers)

    def _known(self) -> frozenset[str]:
        try:
            return frozenset(self._servers.read_text().split("\n")) - {""}
        except (OSError, UnicodeDecodeError):
            # None yet, or damaged: then they are asked as if for the first time.
            return frozenset()

    def close(self) -> None:
        """Leave the directory to others."""
        for descriptor in (self._position, self._lock):
            if descriptor >= 0:
                os.close(descriptor)
        self._position = self._lock = -1
