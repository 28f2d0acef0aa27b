"""Where spools lie: one directory for each destination, and another for each process beyond one.

A directory's name is made of the servers, not of their options, so that what one process leaves is
found by the next although its certificates have changed.
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hepscope_capture.delivery.spool import Spool
from hepscope_capture.delivery.spool_claim import SpoolBusyError
from hepscope_capture.delivery.spool_segment import SUFFIX
from hepscope_common.logs import get_logger

DEFAULT_SPOOL_MB = 1024

_PROCESSES = 64
"""Processes that send to the same servers from one machine, at most."""

_log = get_logger("capture.spool")


@dataclass(frozen=True, slots=True)
class SpoolPlan:
    """The disk of one destination."""

    directory: Path
    limit_bytes: int = DEFAULT_SPOOL_MB * 1024 * 1024


def default_directory(environ: Mapping[str, str]) -> Path:
    """Return where spools are kept unless an option says otherwise.

    That is what systemd gives, else the system's place for root, else the user's own.
    """
    # systemd gives several, by colon, where a unit asks for several.
    if given := environ.get("STATE_DIRECTORY", "").partition(":")[0]:
        return Path(given) / "spool"
    if os.geteuid() == 0:
        return Path("/var/lib/hepscope-capture/spool")
    state = environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / "hepscope-capture" / "spool"


def directory_name(destination: str) -> str:
    """Return the name of a destination's directory: readable, and of no other destination."""
    readable = re.sub(r"[^A-Za-z0-9.-]+", "_", destination)[:80]
    return f"{readable}-{hashlib.sha256(destination.encode()).hexdigest()[:8]}"


def open_spool(plan: SpoolPlan, now_us: Callable[[], int]) -> Spool | None:
    """Open a spool in the plan's directory, or beside it where another process has that.

    What processes left in the directories beside it is taken over. None, and a warning, when there
    can be no spool: then packets wait in memory alone.
    """
    places = [plan.directory]
    places += [
        plan.directory.with_name(f"{plan.directory.name}.{number}")
        for number in range(2, _PROCESSES + 1)
    ]
    try:
        for place in places:
            spool = Spool(place, plan.limit_bytes, now_us)
            try:
                spool.open()
            except SpoolBusyError:
                continue
            _take_over(spool, places)
            return spool
    except OSError as error:
        why = error.strerror or str(error)
    else:
        why = f"{_PROCESSES} processes have one"
    _log.warning("no spool in %s: %s; packets wait in memory only", plan.directory, why)
    return None


def leftovers(directory: Path, destinations: Iterable[str]) -> list[tuple[str, int]]:
    """Return the spools that belong to no destination of now, and the bytes that wait there."""
    known = {directory_name(name) for name in destinations}
    found = []
    for place in sorted(directory.glob("*")) if directory.is_dir() else ():
        if re.sub(r"\.\d+$", "", place.name) in known:
            continue
        size = sum(path.stat().st_size for path in place.glob(f"*{SUFFIX}"))
        if size:
            found.append((place.name, size))
    return found


def _take_over(spool: Spool, places: list[Path]) -> None:
    for place in places:
        if place == spool.directory or not place.is_dir():
            continue
        other = Spool(place, spool.limit_bytes, lambda: 0)
        try:
            other.open()
        except SpoolBusyError:
            continue
        packets = other.packets
        spool.adopt(other)
        if packets:
            _log.warning("took over %d packets that were left in %s", packets, place)
