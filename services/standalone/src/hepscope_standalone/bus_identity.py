"""The name of a data directory's bus, and the offsets at which its logs begin.

Positions in the database are kept under this name. A bus in memory forgets its records with
the process, so it begins again at the offsets that the database wants next: the numbers of
records that were never stored are given once more, and none is ever stored twice.
"""

import uuid
from collections.abc import Mapping
from pathlib import Path

from hepscope_common.bus import TopicPartition
from hepscope_common.runtime import StartupError
from hepscope_common.store.positions import Position

FILE = "bus-id"


def bus_id_of(data_dir: Path) -> str:
    """Return the name in the directory, made at the first call; raises StartupError."""
    path = data_dir / FILE
    try:
        if not path.exists():
            fresh = path.with_suffix(".new")
            fresh.write_text(f"memory-{uuid.uuid4()}\n", encoding="ascii")
            fresh.replace(path)
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise StartupError(f"cannot keep the bus id in {path}: {error.strerror}") from error


def start_offsets(
    positions: Mapping[tuple[str, int], Position], partitions: int
) -> dict[TopicPartition, int]:
    """Return where each log begins.

    Raises StartupError when the directory was used with more partitions: their calls would
    change owners, and what they stored last could not be told.
    """
    used = max((number for _, number in positions), default=-1) + 1
    if used > partitions:
        raise StartupError(
            f"this data directory was begun with {used} bus partitions, the settings say"
            f" {partitions}: set HEPSCOPE_BUS__PARTITIONS={used}, or use a new data directory"
        )
    return {TopicPartition(*key): position.next_offset for key, position in positions.items()}
