"""How much a destination keeps, and where."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one destination."""

    memory_bytes: int = 64 * 1024 * 1024  # of what is not in flight; beyond, the oldest goes
    spill_bytes: int = 8 * 1024 * 1024  # more in memory goes to disk
    spill_seconds: float = 1.0  # what is older goes to disk
    flight_bytes: int = 8 * 1024 * 1024  # handed over at most before the server has any of it
