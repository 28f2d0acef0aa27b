"""Calls to be measured: which messages belong together, and what they give.

All messages of a Call-ID within the time of its record are measured together. Records of one
Call-ID (it was used again after a long silence) whose times overlap, as late data may make them,
are one. Of a call that began on a day whose messages are dropped, what was measured of that day
stays. Times are microseconds since 1970.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

import asyncpg

from hepscope_common.calls.measuring import Filed, Measurement, measure
from hepscope_common.store.attempts import Span
from hepscope_storage_writer.measure_messages import MAX_MESSAGES, read_messages
from hepscope_storage_writer.measure_metrics import MeasurerCounts
from hepscope_storage_writer.measure_queue import TouchedCall
from hepscope_storage_writer.times import DAY_US

LOOK_BACK_US: Final = 2 * DAY_US
"""How far from the touched record others are looked for that overlap with it."""

TURN_MESSAGES: Final = 500
"""Messages measured before other tasks get their turn; some 20 ms."""

# Where the messages that are kept begin; null for all of time.
_FLOOR: Final = """
select hepscope.unix_us(floor) from hepscope.partition_policy
where root = 'hepscope.sip_call'::regclass
"""

# Bounds are parameters, so that the planner sees them and skips the leaves outside.
_RECORDS: Final = """
select call_id, hepscope.unix_us(started_at) as first_us, hepscope.unix_us(last_at) as last_us
from hepscope.call
where call_id = any($1::text[])
  and key_time >= timestamptz 'epoch' + $2::bigint * interval '1 microsecond'
  and key_time <= timestamptz 'epoch' + $3::bigint * interval '1 microsecond'
order by call_id, started_at
"""


async def measure_calls(
    connection: asyncpg.Connection,
    touched: Sequence[TouchedCall],
    now_us: int,
    counts: MeasurerCounts,
) -> dict[Span, Measurement]:
    """Return the attempts of touched calls, by the span that they replace.

    A call whose record or messages are gone has no span: what was measured of it stays. Raises
    TooMuchError.
    """
    if not touched:
        return {}
    records = await connection.fetch(
        _RECORDS,
        list({call.call_id for call in touched}),
        min(call.time_us for call in touched) - LOOK_BACK_US,
        max(call.time_us for call in touched) + LOOK_BACK_US,
    )
    floor_us = await connection.fetchval(_FLOOR) or 0
    spans = _kept(_touched_spans(_spans(records), touched), floor_us)
    messages = await read_messages(connection, spans)
    counts.cut_short += cut_short(messages)
    return await measured(zip(spans, messages, strict=True), now_us)


def cut_short(messages: Iterable[Sequence[Filed]]) -> int:
    """Return of how many spans not all messages were read."""
    return sum(len(filed) >= MAX_MESSAGES for filed in messages)


async def measured(
    messages: Iterable[tuple[Span, Sequence[Filed]]], now_us: int
) -> dict[Span, Measurement]:
    """Return the attempts of spans that have messages; others get their turn in between."""
    found: dict[Span, Measurement] = {}
    in_turn = 0
    for span, filed in messages:
        if filed:
            found[span] = measure(filed, now_us)
        in_turn += len(filed)
        if in_turn >= TURN_MESSAGES:
            in_turn = 0
            await asyncio.sleep(0)
    return found


def _spans(records: Iterable[asyncpg.Record]) -> list[Span]:
    """Return the spans of records, which come in order; overlapping ones are one."""
    spans: list[Span] = []
    for call_id, first_us, last_us in records:
        if spans and spans[-1].call_id == call_id and first_us <= spans[-1].last_us:
            spans[-1] = spans[-1]._replace(last_us=max(spans[-1].last_us, last_us))
        else:
            spans.append(Span(call_id, first_us, last_us))
    return spans


def _kept(spans: Iterable[Span], floor_us: int) -> list[Span]:
    """Return spans without what lies before a time, messages that disk budget dropped, say."""
    return [
        span._replace(first_us=max(span.first_us, floor_us))
        for span in spans
        if span.last_us >= floor_us
    ]


def _touched_spans(spans: Iterable[Span], touched: Iterable[TouchedCall]) -> list[Span]:
    of_call: dict[str, list[Span]] = {}
    for span in spans:
        of_call.setdefault(span.call_id, []).append(span)
    found = {
        span: None
        for call_id, time_us in touched
        for span in of_call.get(call_id, ())
        if span.first_us <= time_us <= span.last_us
    }
    return list(found)
