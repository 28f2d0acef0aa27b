"""Reads the reports of a call: its streams, and points of each, bounded.

A stream is told apart by SSRC, ends, node, kind of report, way and window of the loss; these make
its key. Where there are more than MAX_POINTS reports, those of a stream are cut into as many runs
as it may have points, and the worst of each run is shown: real reports, from begin to end.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

import asyncpg

from hepscope_query_api.query.bind import Bind
from hepscope_query_api.query.database import Session
from hepscope_query_api.query.period import ALWAYS, Period

MAX_STREAMS: Final = 200
MAX_POINTS: Final = 5000

_MOS_SAID: Final = "coalesce(mos_cq_said, mos_lq_said)"

# A receiver reports of what comes to it.
_STREAM: Final = """
  case when way = 'received' then destination else source end as stream_source,
  case when way = 'received' then destination_port else source_port end as stream_source_port,
  case when way = 'received' then source else destination end as stream_destination,
  case when way = 'received' then source_port else destination_port end as stream_destination_port,
  concat_ws('|', coalesce(ssrc, -1), coalesce(host(source), ''), coalesce(source_port, 0),
    coalesce(host(destination), ''), coalesce(destination_port, 0), kind, way, loss_window,
    coalesce(node, '')) as key
"""

_COLUMNS: Final = (
    "time, id, number, ssrc, source, source_port, destination, destination_port, kind, way,"
    " loss_window, node, medium, codec, codec_from, joined_by, reporter, loss, discarded,"
    " packets_lost, packets, jitter_ms, round_trip_ms, is_round_trip_said, one_way_ms, mos, r,"
    " context, mos_lq_said, mos_cq_said, r_lq_said, r_cq_said, is_final"
)

_RANGES: Final = ", ".join(
    f"avg({expression})::float8 as {name}_mean, {worst}({expression})::float8 as {name}_worst"
    for name, expression, worst in (
        ("loss", "loss", "max"),
        ("jitter_ms", "jitter_ms", "max"),
        ("round_trip_ms", "round_trip_ms", "max"),
        ("mos", "mos", "min"),
        ("r", "r", "min"),
        ("mos_said", _MOS_SAID, "min"),
    )
)

_NEWEST: Final = ", ".join(
    f"(array_agg({name} order by time desc, id desc) filter (where {name} is not null))[1]"
    f" as {name}"
    for name in ("medium", "codec", "codec_from", "reporter")
)


class Found(NamedTuple):
    """Streams by their key with the rows of their points, and how much there is in all."""

    streams: list[asyncpg.Record]
    points: Mapping[str, list[asyncpg.Record]]
    is_thinned: bool
    streams_left_out: int


class MediaRepository:
    """Reports in the database, read by one request."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def has_reports(self, call_id: str) -> bool:
        """Return whether there is a report of a call, of which nothing else need be stored."""
        bind = Bind()
        rows = await self._session.rows(
            f"select from ({_reports(bind, call_id, ALWAYS)}) found limit 1", bind.values
        )
        return bool(rows)

    async def media(self, call_id: str, period: Period) -> Found:
        """Return the streams of a call within a period."""
        streams = await self._streams(call_id, period)
        reports = sum(stream["reports"] for stream in streams)
        streams_left_out = streams[0]["streams_found"] - len(streams) if streams else 0
        is_thinned = reports > MAX_POINTS
        runs = MAX_POINTS // len(streams) if is_thinned else MAX_POINTS
        points: dict[str, list[asyncpg.Record]] = {stream["key"]: [] for stream in streams}
        if streams:
            for row in await self._points(call_id, period, list(points), runs):
                points[row["key"]].append(row)
        streams.sort(key=lambda stream: (stream["first"], stream["key"]))
        return Found(streams, points, is_thinned, streams_left_out)

    async def _streams(self, call_id: str, period: Period) -> list[asyncpg.Record]:
        bind = Bind()
        same = (
            "ssrc, stream_source, stream_source_port, stream_destination,"
            " stream_destination_port, node, kind, way, loss_window"
        )
        return await self._session.rows(
            f"select *, count(*) over () as streams_found from (select key, {same},"
            f" count(*) as reports, min(time) as first, max(time) as last, {_RANGES},"
            f" max(packets_lost) as packets_lost, min(joined_by) as joined_by, {_NEWEST}"
            f" from ({_reports(bind, call_id, period)}) report group by key, {same}) stream"
            f" order by reports desc, first, key limit {MAX_STREAMS}",
            bind.values,
        )

    async def _points(
        self, call_id: str, period: Period, keys: list[str], runs: int
    ) -> list[asyncpg.Record]:
        bind = Bind()
        reports = _reports(bind, call_id, period)
        return await self._session.rows(
            "select * from (select *, row_number() over (partition by key, run"
            f" order by coalesce(mos, {_MOS_SAID}), loss desc nulls last, time, id, number)"
            " as place"
            f" from (select *, ntile({bind(runs)}::int) over (partition by key"
            f" order by time, id, number) as run from ({reports}) report"
            f" where key = any({bind(keys)}::text[])) report) report where place = 1"
            " order by time, id, number",
            bind.values,
        )


def _reports(bind: Bind, call_id: str, period: Period) -> str:
    """Return the SQL of a call's reports; one whose call came without SDP is found by chunk 17."""
    wanted = bind(call_id)
    within = ""
    if period != ALWAYS:
        within = f" and time >= {bind(period.start)} and time < {bind(period.end)}"
    parts = [
        f"select {_COLUMNS}, {_STREAM} from hepscope.media where {where}{within}"
        for where in (
            f"call_id = {wanted}",
            f"call_id = '' and correlation_id = {wanted}",
        )
    ]
    return " union all ".join(parts)
