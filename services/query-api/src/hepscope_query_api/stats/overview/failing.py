"""Reads which calls failed when, by status and target: what clusters are found in."""

from typing import Final

from hepscope_common.calls.kpi import NER_STATUSES, NO_FAILURE
from hepscope_query_api.query.bind import Bind
from hepscope_query_api.query.database import Session
from hepscope_query_api.schemas import address_text
from hepscope_query_api.stats.grouping import Grouping
from hepscope_query_api.stats.overview.clusters import Failing
from hepscope_query_api.stats.overview.spans import Spans

MOST_ROWS: Final = 20_000
"""Of the most frequent; a flood to random targets makes one row of each call."""

_NO_FAULT: Final = sorted(NER_STATUSES | NO_FAILURE)
"""What users decide, and demands for credentials."""


async def read_failing(session: Session, spans: Spans) -> list[Failing]:
    """Return the failures of a range that network or servers cause."""
    bins, bind = spans.bins, Bind()
    number = f"((hepscope.unix_us(a.started_at) - {bind(bins.start_us)}::bigint)"
    number += f" / {bind(bins.step_us)}::bigint)::int"
    source = Grouping(spans.period, node=spans.node or None).source(
        bind,
        "a.method = 'INVITE'",
        "a.destination is not null",
        f"a.status is null or a.status >= 400 and a.status <> all({bind(_NO_FAULT)}::int[])",
    )
    rows = await session.rows(
        f"select {number} as bin, a.status, a.destination, coalesce(a.destination_port, 0) as port,"
        f" count(*)::int as count {source} group by 1, 2, 3, 4 order by count desc"
        f" limit {MOST_ROWS}",
        bind.values,
    )
    counts: dict[tuple[int | None, str, int], dict[int, int]] = {}
    for row in rows:
        key = row["status"], address_text(row["destination"]), row["port"]
        counts.setdefault(key, {})[row["bin"]] = row["count"]
    return [Failing(*key, found) for key, found in counts.items()]
