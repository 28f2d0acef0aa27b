"""Table ``kpi_minute``: sums of attempts by minute, node, method and final status.

They change with the attempts, in the same transaction, by what the attempts change: what a row
gave is taken away, what its successor gives is added. Integers, so they are always exactly the sum.
Minutes are microseconds since the epoch; node "" is overall, status -1 stands for no final.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

import asyncpg

from hepscope_common.calls.measuring import MeasuredAttempt
from hepscope_common.calls.sessions import SESSION_US
from hepscope_common.store import copy

ROOT: Final = "kpi_minute"
MINUTE_US: Final = 60_000_000
DAY_US: Final = 86_400_000_000
NO_FINAL: Final = -1

DELAYS: Final = (
    "srd_successful",
    "srd_failed",
    "pdd",
    "rrd",
    "sdd_successful",
    "sdd_failed",
    "sdt_successful",
    "sdt_failed",
)
"""What is measured as a time: each has a count and a sum in microseconds."""

SUMS: Final = (
    "attempts",
    "follow_ups",
    "completed",
    "sessions_started",
    "sessions_ended",
    "sessions_carried",
    *(f"{name}_{part}" for name in DELAYS for part in ("count", "us")),
)
"""Columns that are added."""

_AT: Final = {name: position for position, name in enumerate(SUMS)}
_STAGING: Final = "new_kpi_minute"
_KEY: Final = ("minute", "node", "method", "status")

CREATE_STAGING: Final = (
    f"create temp table if not exists {_STAGING} (minute timestamptz, node text, method text,"
    f" status smallint, {', '.join(f'{name} bigint' for name in SUMS)}) on commit delete rows"
)

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
    method: str
    status: int


class MinuteSums:
    """Changes of rows, gathered from attempts that go and attempts that come."""

    def __init__(self) -> None:
        self._rows: dict[MinuteKey, list[int]] = {}

    def add(self, attempt: MeasuredAttempt, sign: int = 1) -> None:
        """Count an attempt in, or with sign -1 out; one that is not settled counts nowhere."""
        if not attempt.is_settled:
            return
        method = attempt.method
        status = NO_FINAL if attempt.status is None else attempt.status
        parts = [(attempt.started_us, tuple(_attempt_sums(attempt))), *_session_sums(attempt)]
        for node in scopes(attempt):
            for time_us, sums in parts:
                key = MinuteKey(time_us - time_us % MINUTE_US, node, method, status)
                row = self._rows.get(key)
                if row is None:
                    row = self._rows[key] = [0] * len(SUMS)
                for name, amount in sums:
                    row[_AT[name]] += sign * amount

    def changes(self) -> dict[MinuteKey, list[int]]:
        """Return the sums to be added, in the order of SUMS, without those that change nothing."""
        return {key: sums for key, sums in self._rows.items() if any(sums)}


def scopes(attempt: MeasuredAttempt) -> tuple[str, ...]:
    """Return under which nodes an attempt counts; "" is overall."""
    return ("", *attempt.nodes) if attempt.is_overall else attempt.nodes


def times(attempt: MeasuredAttempt) -> Iterator[int]:
    """Yield the times under which an attempt counts: its start, its session's begin and end."""
    yield attempt.started_us
    for time_us, _ in _session_sums(attempt):
        yield time_us


def delays(attempt: MeasuredAttempt) -> Iterator[tuple[str, int]]:
    """Yield the times of an attempt by their names in DELAYS."""
    if attempt.srd_us is not None:
        yield ("srd_successful" if attempt.is_answered else "srd_failed"), attempt.srd_us
    if attempt.pdd_us is not None:
        yield "pdd", attempt.pdd_us
    if attempt.rrd_us is not None:
        yield "rrd", attempt.rrd_us
    if attempt.sdd_us is not None:
        is_successful = attempt.bye_status is not None and 200 <= attempt.bye_status < 300
        yield ("sdd_successful" if is_successful else "sdd_failed"), attempt.sdd_us
    if attempt.duration_us is not None:
        name = "sdt_failed" if attempt.bye_status is None else "sdt_successful"
        yield name, attempt.duration_us


def _attempt_sums(attempt: MeasuredAttempt) -> Iterator[tuple[str, int]]:
    yield "attempts", 1
    yield "follow_ups", int(attempt.follows_redirection)
    yield "completed", int(attempt.is_completed)
    for name, time_us in delays(attempt):
        yield f"{name}_count", 1
        yield f"{name}_us", time_us


def _session_sums(
    attempt: MeasuredAttempt,
) -> Iterator[tuple[int, tuple[tuple[str, int], ...]]]:
    """Yield when the session of an attempt begins and ends, with what that changes."""
    answered_us = attempt.answered_us
    if answered_us is None:
        return
    over_us = answered_us + SESSION_US
    if attempt.ended_us is not None:
        over_us = max(min(attempt.ended_us, over_us), answered_us)
    is_carried = over_us // DAY_US > answered_us // DAY_US
    yield answered_us, (("sessions_started", 1),)
    yield over_us, (("sessions_ended", 1), ("sessions_carried", int(is_carried)))


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
            copy.text(key.node, copy.INDEXED_LIMIT),
            copy.text(key.method, copy.INDEXED_LIMIT),
            copy.int2(key.status),
            *map(copy.int8, sums),
        )
    )
