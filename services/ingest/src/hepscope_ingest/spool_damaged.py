"""Files of a spool that damage was found in: kept aside, so that somebody can look at them.

They count as bytes of the spool, and the oldest of them go first when it needs the room.
"""

from pathlib import Path

from hepscope_common.logs import get_logger
from hepscope_ingest.spool_segment import DAMAGED_SUFFIX

_log = get_logger("ingest.spool")


class DamagedFiles:
    """The files kept aside in one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._sizes: dict[Path, int] = {}

    @property
    def size_bytes(self) -> int:
        """Bytes that they have."""
        return sum(tuple(self._sizes.values()))

    def look(self) -> None:
        """Find those that there are; what cannot be looked at takes no room."""
        try:
            found = sorted(self._directory.glob(f"*{DAMAGED_SUFFIX}"))
            self._sizes = {path: path.stat().st_size for path in found}
        except OSError:
            self._sizes = {}

    def make_room(self, wanted_bytes: int) -> int:
        """Delete the oldest until so many bytes are free, or none is left; returns how many."""
        freed = 0
        for path in list(self._sizes):
            if freed >= wanted_bytes:
                break
            try:
                path.unlink(missing_ok=True)
            except OSError:
                continue
            freed += self._sizes.pop(path)
            _log.warning("%s, kept aside for its damage, was deleted to make room", path)
        return freed
