"""Joining: which call a report belongs to, and which description tells its codec.

In this order: the Call-ID that the report itself says; the correlation id (chunk 17) where it is
the Call-ID of a call that is known; the addresses of the report among those that calls offered for
their media. Of several calls that offered an address the one wins that offered both ends, then the
one whose offer is the newest before the report: so a port that is used again is told apart by
time. A call that is over keeps its addresses for LINGER, for the last reports.

Only what is committed is seen. Whoever stores a report or an offer queues what is left to join
(``media_queue``), and the joiner looks again: of two transactions the later one finds the other.
"""

import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import asyncpg

from hepscope_storage_writer.media_rating import AUDIO, SAID, rate
from hepscope_storage_writer.media_row import MediaRow
from hepscope_storage_writer.times import DAY_US, SECOND_US

SLACK_US: Final = 2 * SECOND_US
"""How far the clocks of two nodes may differ: a report may seem older than the offer."""

VALID_US: Final = DAY_US
"""How long an offer counts, if the call does not end before."""

LINGER_US: Final = 300 * SECOND_US
"""How long after the end of a call reports still are of it."""

NEWEST: Final = 8
"""Offers of one address looked at; forwarded and repeated ones are the same call's."""

DESCRIPTIONS: Final = 64
"""Media sections of one call looked at."""

Endpoint = tuple[str, int]
"""Address as text, and port."""

AT: Final = "(timestamptz 'epoch' + ({})::bigint * interval '1 microsecond')"

# Two branches, each in the order of the index: an address may have been offered all day.
_BY_ENDPOINT: Final = f"""
select k.n, a.call_id, hepscope.unix_us(a.valid_from)
from unnest($1::text[], $2::int[], $3::bigint[]) with ordinality k (address, port, time_us, n)
cross join lateral (
  (select call_id, valid_from from hepscope.media_address
   where address = k.address::inet and port = k.port
     and valid_from >= {AT.format("k.time_us - " + str(VALID_US))}
     and valid_from <= {AT.format("k.time_us + " + str(SLACK_US))}
     and valid_from >= {AT.format("$4")} and valid_from <= {AT.format("$5")}
   order by valid_from desc limit {NEWEST})
  union all
  (select call_id, valid_from from hepscope.media_address
   where address = k.address::inet and port = k.port - 1 and rtcp_port = k.port
     and valid_from >= {AT.format("k.time_us - " + str(VALID_US))}
     and valid_from <= {AT.format("k.time_us + " + str(SLACK_US))}
     and valid_from >= {AT.format("$4")} and valid_from <= {AT.format("$5")}
   order by valid_from desc limit {NEWEST})
) a
"""

_CALLS: Final = f"""
select call_id, hepscope.unix_us(last_at), bye_at is not null or coalesce(status >= 300, false)
from hepscope.call
where call_id = any($1::text[])
  and key_time >= {AT.format("$2")} and key_time <= {AT.format("$3")}
"""

_DESCRIPTIONS: Final = f"""
select k.call_id, hepscope.unix_us(a.valid_from), host(a.address), a.port, a.rtcp_port, a.medium,
  a.codecs
from unnest($1::text[]) k (call_id)
cross join lateral (
  select * from hepscope.media_address where call_id = k.call_id
    and valid_from >= {AT.format("$2")} and valid_from <= {AT.format("$3")}
  order by valid_from desc limit {DESCRIPTIONS}
) a
"""


class _Call(NamedTuple):
    last_us: int
    is_over: bool


class Description(NamedTuple):
    """A media section of a call."""

    valid_from_us: int
    address: str
    port: int
    rtcp_port: int
    medium: str
    codecs: str

    def has(self, endpoint: Endpoint | None) -> bool:
        """Whether an end of a report is the one described."""
        return endpoint is not None and (
            self.address == endpoint[0] and endpoint[1] in (self.port, self.rtcp_port)
        )


@dataclass(slots=True)
class _Candidate:
    ends: set[int] = field(default_factory=set)
    newest_us: int = 0


async def join(connection: asyncpg.Connection, rows: Sequence[MediaRow]) -> list[MediaRow]:
    """Find the call of each row and rate it; returns those whose call or description is missing."""
    if not rows:
        return []
    times = [row.time for row in rows]
    span_us = min(times), max(times)
    open_rows = [row for row in rows if not row.call_id]
    candidates = await _by_endpoint(connection, open_rows, span_us)
    asked = {call_id for found in candidates.values() for call_id in found}
    asked |= {row.correlation_id for row in open_rows if row.correlation_id}
    calls = await _calls(connection, asked, span_us)
    described_ids = asked | {row.call_id for row in rows if row.call_id}
    descriptions = await _descriptions(connection, described_ids, span_us)
    for number, row in enumerate(open_rows):
        correlation = row.correlation_id
        if correlation and (correlation in calls or correlation in descriptions):
            row.call_id, row.joined_by = correlation, "correlation"
            continue
        found = _best(candidates.get(number, {}), row.time, calls)
        if found is not None:
            row.call_id, row.joined_by = found, "address"
    missing = []
    for row in rows:
        described = _description(row, descriptions.get(row.call_id, ()))
        if described is not None:
            row.medium = described.medium
        rate(row, None if described is None else described.codecs)
        if described is None and (not row.call_id or row.codec_from != SAID):
            missing.append(row)
    return missing


def endpoints(row: MediaRow) -> tuple[Endpoint | None, Endpoint | None]:
    """Return the two ends of a report, as far as they are known."""
    return (
        _endpoint(row.source, row.source_port),
        _endpoint(row.destination, row.destination_port),
    )


def _endpoint(address: bytes | None, port: int | None) -> Endpoint | None:
    text = address_text(address)
    return (text, port) if text and port and 0 < port < 65536 else None


def address_text(address: bytes | None) -> str | None:
    """Return a packed address as text, None for what is none."""
    if not address or len(address) not in (4, 16):
        return None
    return socket.inet_ntop(socket.AF_INET if len(address) == 4 else socket.AF_INET6, address)


async def _by_endpoint(
    connection: asyncpg.Connection, rows: Sequence[MediaRow], span_us: tuple[int, int]
) -> dict[int, dict[str, _Candidate]]:
    """Return the calls that offered an end of a row, by the row's place."""
    asked: list[tuple[int, int, Endpoint]] = []
    for number, row in enumerate(rows):
        for end, endpoint in enumerate(endpoints(row)):
            if endpoint is not None:
                asked.append((number, end, endpoint))
    if not asked:
        return {}
    found = await connection.fetch(
        _BY_ENDPOINT,
        [endpoint[0] for _, _, endpoint in asked],
        [endpoint[1] for _, _, endpoint in asked],
        [rows[number].time for number, _, _ in asked],
        span_us[0] - VALID_US,
        span_us[1] + SLACK_US,
    )
    candidates: dict[int, dict[str, _Candidate]] = {}
    for place, call_id, valid_from_us in found:
        number, end, _ = asked[place - 1]
        candidate = candidates.setdefault(number, {}).setdefault(call_id, _Candidate())
        candidate.ends.add(end)
        candidate.newest_us = max(candidate.newest_us, valid_from_us)
    return candidates


async def _calls(
    connection: asyncpg.Connection, call_ids: Iterable[str], span_us: tuple[int, int]
) -> dict[str, _Call]:
    """Return the calls that have a record, by Call-ID: when last heard, and whether over."""
    asked = list(call_ids)
    if not asked:
        return {}
    found = await connection.fetch(_CALLS, asked, span_us[0] - 2 * VALID_US, span_us[1] + VALID_US)
    calls: dict[str, _Call] = {}
    for call_id, last_us, is_over in found:
        known = calls.get(call_id)
        if known is None or known.last_us < last_us:
            calls[call_id] = _Call(last_us, is_over)
    return calls


async def _descriptions(
    connection: asyncpg.Connection, call_ids: Iterable[str], span_us: tuple[int, int]
) -> dict[str, list[Description]]:
    asked = list(call_ids)
    if not asked:
        return {}
    found = await connection.fetch(
        _DESCRIPTIONS, asked, span_us[0] - VALID_US, span_us[1] + SLACK_US
    )
    descriptions: dict[str, list[Description]] = {}
    for call_id, *described in found:
        descriptions.setdefault(call_id, []).append(Description(*described))
    return descriptions


def _best(
    candidates: Mapping[str, _Candidate], time_us: int, calls: Mapping[str, _Call]
) -> str | None:
    def rank(call_id: str) -> tuple[int, bool, int]:
        candidate = candidates[call_id]
        return len(candidate.ends), candidate.newest_us <= time_us, candidate.newest_us

    def is_alive(call_id: str) -> bool:
        call = calls.get(call_id)
        return call is None or not call.is_over or time_us <= call.last_us + LINGER_US

    return max(filter(is_alive, candidates), key=rank, default=None)


def _description(row: MediaRow, described: Iterable[Description]) -> Description | None:
    """Return the newest description of the row's stream: of the medium that its ends belong to.

    None where the call has not told of any media by then.
    """
    known = [one for one in described if one.valid_from_us <= row.time + SLACK_US]
    if not known:
        return None
    known.sort(key=lambda one: one.valid_from_us, reverse=True)
    ends = endpoints(row)
    own = next((one for one in known if one.has(ends[0]) or one.has(ends[1])), None)
    media = {one.medium for one in known}
    medium = own.medium if own is not None else AUDIO if AUDIO in media else known[0].medium
    return next(one for one in known if one.medium == medium)
