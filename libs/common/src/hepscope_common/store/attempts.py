"""Table ``attempt``: what was measured of calls and registrations, replaced as a whole.

The attempts of a span (a Call-ID, a kind, a range of times) are what its messages give at present.
Those stored are compared with those measured; a span that differs is deleted and put anew, and the
sums by the minute follow in the same transaction. One process at a time measures (``LEASE``).
Times are microseconds since the epoch, addresses are packed.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import asyncpg

from hepscope_common.calls.measuring import MeasuredAttempt, Measurement
from hepscope_common.store import copy, kpi_minutes
from hepscope_common.store.kpi_minutes import MinuteSums
from hepscope_common.store.partitions import LeafCache

ROOT: Final = "attempt"
LEASE: Final = 0x48455053_4D454153  # "HEPSMEAS"; one number per database

COLUMNS: Final = (
    "call_id",
    "method",
    "started_at",
    "answered_at",
    "ended_at",
    "source",
    "source_port",
    "destination",
    "destination_port",
    "user_agent",
    "status",
    "bye_status",
    "is_settled",
    "is_completed",
    "is_ended",
    "follows_redirection",
    "srd_us",
    "pdd_us",
    "rrd_us",
    "sdd_us",
    "duration_us",
    "is_overall",
    "nodes",
    "due_at",
)
"""The fields of MeasuredAttempt in their order, and when to measure again."""

_TIMES: Final = ("started_at", "answered_at", "ended_at", "due_at")
_ADDRESSES: Final = ("source", "destination")


def _selected(column: str) -> str:
    if column in _TIMES:
        return f"hepscope.unix_us(a.{column})"
    # Without its head of four bytes the wire form is the packed address.
    return f"substr(inet_send(a.{column}), 5)" if column in _ADDRESSES else f"a.{column}"


_NEAR: Final = """
a.call_id = any($1::text[])
  and a.started_at >= timestamptz 'epoch' + $2::bigint * interval '1 microsecond'
  and a.started_at <= timestamptz 'epoch' + $3::bigint * interval '1 microsecond'
"""
"""Attempts that may belong to spans; the bounds of all of them skip the leaves outside."""

_READ: Final = f"select {', '.join(map(_selected, COLUMNS))} from hepscope.attempt a where {_NEAR}"

_DELETE: Final = f"""
delete from hepscope.attempt a where {_NEAR} and exists (
  select from unnest($1::text[], $4::bigint[], $5::bigint[], $6::boolean[])
    as span (call_id, first_us, last_us, is_registration)
  where span.call_id = a.call_id and span.is_registration = (a.method = 'REGISTER')
    and a.started_at >= timestamptz 'epoch' + span.first_us * interval '1 microsecond'
    and a.started_at <= timestamptz 'epoch' + span.last_us * interval '1 microsecond')
"""

_BOOLEANS: Final = (bytes((0, 0, 0, 1, 0)), bytes((0, 0, 0, 1, 1)))


class Span(NamedTuple):
    """Where attempts belong: a Call-ID, its registrations or its calls, both ends included."""

    call_id: str
    first_us: int
    last_us: int
    is_registration: bool = False


class Replaced(NamedTuple):
    """What a replacement did."""

    spans: int = 0  # that differed
    written: int = 0
    expired: int = 0  # not written, because their day is dropped


Stored = tuple[MeasuredAttempt, int | None]
"""An attempt, and when its span is to be measured again."""


async def read(connection: asyncpg.Connection, spans: Sequence[Span]) -> dict[Span, set[Stored]]:
    """Return what is stored of each span."""
    found: dict[Span, set[Stored]] = {span: set() for span in spans}
    of_call: dict[tuple[str, bool], list[Span]] = {}
    for span in spans:
        of_call.setdefault((span.call_id, span.is_registration), []).append(span)
    for row in await connection.fetch(_READ, *_near(spans)):
        stored = _stored(row)
        attempt = stored[0]
        for span in of_call.get((attempt.call_id, attempt.method == "REGISTER"), ()):
            if span.first_us <= attempt.started_us <= span.last_us:
                found[span].add(stored)
    return found


async def ensure_leaves(
    connection: asyncpg.Connection,
    found: Iterable[MeasuredAttempt],
    leaves: LeafCache,
    *,
    now_us: int,
) -> None:
    """Make the leaves of attempts and of what they sum up to, and note which are gone.

    Of those stored as well as of those measured; before the transaction, in autocommit.
    """
    for attempt in found:
        await leaves.ensure(connection, ROOT, attempt.started_us, now_us=now_us)
        for time_us in kpi_minutes.times(attempt):
            await leaves.ensure(connection, kpi_minutes.ROOT, time_us, now_us=now_us)


async def replace(
    connection: asyncpg.Connection,
    measured: Mapping[Span, Measurement],
    stored: Mapping[Span, set[Stored]],
    leaves: LeafCache,
) -> Replaced:
    """Make what is ``stored`` of spans what was measured; call it in a transaction.

    What has no leaf is left out: retention dropped its day. The session has run
    ``kpi_minutes.CREATE_STAGING``. Spans do not overlap.
    """
    sums = MinuteSums()
    changed: list[Span] = []
    rows: list[bytes] = []
    expired = 0
    for span, measurement in measured.items():
        due_us = measurement.due_us
        wanted = {
            (attempt, due_us)
            for attempt in measurement.attempts
            if _has_leaf(leaves, ROOT, attempt.started_us)
        }
        expired += len(measurement.attempts) - len(wanted)
        if wanted == stored[span]:
            continue
        changed.append(span)
        for attempt, _ in stored[span]:
            sums.add(attempt, -1)
        for attempt, _ in wanted:
            sums.add(attempt)
            rows.append(_row(attempt, due_us))
    if changed:
        await connection.execute(_DELETE, *_near(changed), *_ends(changed))
        await copy.copy_rows(connection, ROOT, COLUMNS, b"".join(rows))
        changes = {
            key: added
            for key, added in sums.changes().items()
            if _has_leaf(leaves, kpi_minutes.ROOT, key.minute_us)
        }
        await kpi_minutes.add(connection, changes)
    return Replaced(len(changed), len(rows), expired)


def _has_leaf(leaves: LeafCache, root: str, time_us: int) -> bool:
    leaf = leaves.find(root, time_us)
    return leaf is not None and leaf.name is not None


def _near(spans: Sequence[Span]) -> tuple[object, ...]:
    return (
        [span.call_id for span in spans],
        min(span.first_us for span in spans),
        max(span.last_us for span in spans),
    )


def _ends(spans: Sequence[Span]) -> tuple[object, ...]:
    return (
        [span.first_us for span in spans],
        [span.last_us for span in spans],
        [span.is_registration for span in spans],
    )


def _stored(row: asyncpg.Record) -> Stored:
    *fields, due_us = row
    attempt = MeasuredAttempt(*fields)
    return attempt._replace(
        source=attempt.source or b"",
        destination=attempt.destination or b"",
        user_agent=attempt.user_agent or "",
        nodes=tuple(attempt.nodes),
    ), due_us


def _row(attempt: MeasuredAttempt, due_us: int | None) -> bytes:
    return b"".join(
        (
            copy.row(len(COLUMNS)),
            copy.text(attempt.call_id),
            copy.text(attempt.method),
            copy.timestamptz(attempt.started_us),
            copy.timestamptz(attempt.answered_us),
            copy.timestamptz(attempt.ended_us),
            copy.inet(attempt.source),
            copy.int4(attempt.source_port),
            copy.inet(attempt.destination),
            copy.int4(attempt.destination_port),
            copy.text(attempt.user_agent or None),
            copy.int2(attempt.status),
            copy.int2(attempt.bye_status),
            _BOOLEANS[attempt.is_settled],
            _BOOLEANS[attempt.is_completed],
            _BOOLEANS[attempt.is_ended],
            _BOOLEANS[attempt.follows_redirection],
            copy.int8(attempt.srd_us),
            copy.int8(attempt.pdd_us),
            copy.int8(attempt.rrd_us),
            copy.int8(attempt.sdd_us),
            copy.int8(attempt.duration_us),
            _BOOLEANS[attempt.is_overall],
            copy.text_array(attempt.nodes),
            copy.timestamptz(due_us),
        )
    )
