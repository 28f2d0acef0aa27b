"""Table ``media_minute``: sums of media reports by minute, node, way, codec and context of the MOS.

They change with the rows of ``media``, in the same transaction, by what the rows change: what a
row gave is taken away, what it gives now is added. Integers, so they are always exactly the sum:
MOS in thousandths, R in hundredths, loss in millionths, times in microseconds. Minutes are
microseconds since the epoch.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import asyncpg

from hepscope_common.store import copy

ROOT: Final = "media_minute"
MINUTE_US: Final = 60_000_000

SUMS: Final = (
    "reports",
    "mos_count",
    "mos_milli",
    "r_count",
    "r_centi",
    "loss_count",
    "loss_ppm",
    "jitter_count",
    "jitter_us",
    "round_trip_count",
    "round_trip_us",
)
"""Columns that are added."""

_KEY: Final = ("minute", "node", "way", "codec", "context")
_STAGING: Final = "new_media_minute"

CREATE_STAGING: Final = (
    f"create temp table if not exists {_STAGING} (minute timestamptz, node text, way text,"
    f" codec text, context text, {', '.join(f'{name} bigint' for name in SUMS)})"
    " on commit delete rows"
)

# In one order, so that two writers wait for each other and never both ways.
_ADD: Final = (
    f"insert into hepscope.{ROOT} as stored ({', '.join(_KEY + SUMS)})\n"
    f"select {', '.join(_KEY + SUMS)} from pg_temp.{_STAGING} order by {', '.join(_KEY)}\n"
    f"on conflict ({', '.join(_KEY)}) do update set\n  "
    + ",\n  ".join(f"{name} = stored.{name} + excluded.{name}" for name in SUMS)
)


class MinuteKey(NamedTuple):
    """What a row is about."""

    minute_us: int
    node: str
    way: str
    codec: str
    context: str


@dataclass(frozen=True, slots=True)
class Figures:
    """What one report gives; None where it says nothing. Loss is a share, times are in ms."""

    mos: float | None
    r: float | None
    loss: float | None
    jitter_ms: float | None
    round_trip_ms: float | None


class MinuteSums:
    """Changes of rows, gathered from reports that come and reports that change."""

    def __init__(self) -> None:
        self._rows: dict[MinuteKey, list[int]] = {}

    def add(self, key: MinuteKey, figures: Figures, sign: int = 1) -> None:
        """Count a report in, or with sign -1 out."""
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = [0] * len(SUMS)
        row[0] += sign
        scaled = (
            (figures.mos, 1000),
            (figures.r, 100),
            (figures.loss, 1_000_000),
            (figures.jitter_ms, 1000),
            (figures.round_trip_ms, 1000),
        )
        for place, (value, scale) in enumerate(scaled):
            if value is not None:
                row[2 * place + 1] += sign
                row[2 * place + 2] += sign * round(value * scale)

    def changes(self) -> dict[MinuteKey, list[int]]:
        """Return the sums to be added, in the order of SUMS, without those that change nothing."""
        return {key: sums for key, sums in self._rows.items() if any(sums)}


def minute_of(time_us: int) -> int:
    """Return the minute that holds a time."""
    return time_us - time_us % MINUTE_US


async def add(connection: asyncpg.Connection, changes: Mapping[MinuteKey, Iterable[int]]) -> None:
    """Add changes to the stored sums, in the caller's transaction; leaves must be there.

    The session has run CREATE_STAGING.
    """
    if not changes:
        return
    rows = b"".join(_row(key, sums) for key, sums in changes.items())
    await copy.copy_rows(connection, _STAGING, (*_KEY, *SUMS), rows)
    await connection.execute(_ADD)


def _row(key: MinuteKey, sums: Iterable[int]) -> bytes:
    return b"".join(
        (
            copy.row(len(_KEY) + len(SUMS)),
            copy.timestamptz(key.minute_us),
            *(copy.text(name, copy.INDEXED_LIMIT) for name in key[1:]),
            *map(copy.int8, sums),
        )
    )
