"""Who said the final of calls that failed alike: the trunk behind the first hop, not that hop.

A final is passed on hop by hop with the To tag that its maker gave it (RFC 3261 16.7). Its maker is
who sends it and was never sent it; of several such addresses with one To tag, as a proxy that has
one for each side, the one that was first.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from hepscope_query_api.messages.identity import Root
from hepscope_query_api.messages.tables import tables_of
from hepscope_query_api.query.bind import Bind
from hepscope_query_api.query.database import Session
from hepscope_query_api.query.period import Period
from hepscope_query_api.schemas import address_text
from hepscope_query_api.stats.bins import Bins
from hepscope_query_api.stats.grouping import Grouping
from hepscope_query_api.stats.overview.clusters import Cluster

SAMPLE: Final = 50
"""Calls of a cluster that are looked into."""

MOST_REPLIES: Final = 100
"""Finals of a call that are read; what scans uses one Call-ID for ever."""

LONGEST_US: Final = 300_000_000
"""From the start of a call to its final, that of a callee who lets it ring included."""


Sayer = tuple[str, int]
"""Its address and port."""


class Reply(NamedTuple):
    """A final as it went from one hop to the next; in the order of time."""

    call_id: str
    to_tag: str
    source: str
    port: int
    destination: str


def sayer(replies: Iterable[Reply]) -> Sayer | None:
    """Return who made the finals of more than half of the calls; None where nobody did."""
    forks: dict[tuple[str, str], list[Reply]] = {}
    for reply in replies:
        forks.setdefault((reply.call_id, reply.to_tag), []).append(reply)
    makers: set[tuple[str, str, int]] = set()
    for (call_id, _), sent in forks.items():
        receivers = {one.destination for one in sent}
        first = next((one for one in sent if one.source not in receivers), None)
        if first is not None:
            makers.add((call_id, first.source, first.port))
    counts = Counter((source, port) for _, source, port in makers)
    calls = len({call_id for call_id, _ in forks})
    for (source, port), count in counts.most_common(1):
        if source and count * 2 > calls:
            return source, port
    return None


async def read_sayer(session: Session, cluster: Cluster, bins: Bins, node: str) -> Sayer | None:
    """Return who made the finals of a cluster; None without any, and where no message is kept."""
    failing = cluster.failing
    if failing.status is None:
        return None
    period = Period(bins.time_us(cluster.first), bins.time_us(cluster.end))
    bind = Bind()
    source = Grouping(period, node=node or None).source(
        bind,
        "a.method = 'INVITE'",
        f"a.status = {bind(failing.status)}::int",
        f"a.destination = {bind(failing.address)}::text::inet",
        f"coalesce(a.destination_port, 0) = {bind(failing.port)}::int",
    )
    # Any of them, and the same each time.
    calls = await session.rows(
        f"select a.call_id {source} group by 1 order by md5(a.call_id) limit {SAMPLE}", bind.values
    )
    call_ids = [row["call_id"] for row in calls]
    return sayer(await read_replies(session, call_ids, failing.status, period))


async def read_replies(
    session: Session, call_ids: Sequence[str], status: int, period: Period
) -> list[Reply]:
    """Return the finals of calls that began in a period, some of each, in the order of time."""
    bind = Bind()
    until = Period(period.start_us, period.end_us + LONGEST_US)
    wanted = f"unnest({bind(call_ids)}::text[]) as wanted (call_id)"
    where = (
        f"call_id = wanted.call_id and time >= {bind(until.start)} and time < {bind(until.end)}"
        f" and status = {bind(status)}::int and cseq_method = 'INVITE'"
    )
    tables = " union all ".join(
        f"(select call_id, to_tag, source, source_port, destination, clock, id from {table}"
        f" where {where} limit {MOST_REPLIES})"
        for table in tables_of(Root.SIP, payload=False)
    )
    rows = await session.rows(
        f"select found.* from {wanted} cross join lateral ({tables}) found order by clock, id",
        bind.values,
    )
    return [
        Reply(
            row["call_id"],
            row["to_tag"] or "",
            address_text(row["source"]),
            row["source_port"] or 0,
            address_text(row["destination"]),
        )
        for row in rows
    ]
