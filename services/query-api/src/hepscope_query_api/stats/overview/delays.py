"""Delays of the range with exact percentiles, and the post-dial delay of the week before."""

from dataclasses import dataclass

from hepscope_query_api.query.bind import Bind
from hepscope_query_api.query.database import Session
from hepscope_query_api.stats.grouping import Grouping
from hepscope_query_api.stats.kpi_repository import DELAY_COLUMNS, delays_of
from hepscope_query_api.stats.kpi_schemas import DelayValue
from hepscope_query_api.stats.overview.spans import Spans


@dataclass(frozen=True, slots=True)
class SpanDelays:
    """By the names of their fields; ``before_pdd_p95_ms`` is None without any call then."""

    delays: dict[str, DelayValue]
    before_pdd_p95_ms: float | None


async def read_delays(session: Session, spans: Spans) -> SpanDelays:
    """Return the delays of a range."""
    bind, node = Bind(), spans.node or None
    before = Grouping(spans.before, node=node).source(bind, "a.pdd_us is not null")
    source = Grouping(spans.period, node=node).source(bind)
    row = await session.row(
        f"select {DELAY_COLUMNS}, (select percentile_disc(0.95) within group (order by a.pdd_us)"
        f" {before}) as before {source}",
        bind.values,
    )
    before_us = None if row is None else row["before"]
    return SpanDelays(delays_of(row), None if before_us is None else before_us / 1000)
