"""Reads what the database tells of the way: reports of ingest, nodes, newest rows, writers."""

import json
from typing import Final, Protocol

import asyncpg

from hepscope_common.store.connection import WRITER_NAME
from hepscope_query_api.hops.facts import Facts, IngestFacts, ListenerFacts, NodeFacts
from hepscope_query_api.nodes.reports import LEAST_SILENCE_SECONDS, REPORTS

MOST_INGESTS: Final = 100
MOST_NODES: Final = 200
"""Walked one by one, those heard or refused last."""


class Reader(Protocol):
    """What reads: a session of the API, or a connection of a command."""

    async def rows(self, statement: str) -> list[asyncpg.Record]:
        """Return the rows of a statement without parameters."""
        ...


_INGESTS: Final = f"""
select instance, started_at, reported_at, stored_at, listeners::text as listeners,
  extract(epoch from now() - stored_at)::float8 as report_age_s,
  now() - stored_at < greatest(interval '{LEAST_SILENCE_SECONDS} s',
    3 * period_ms * interval '1 ms') as is_living
from hepscope.node_report where slot = 0
order by stored_at desc, instance limit {MOST_INGESTS}
"""

_NODES: Final = f"""
with told as (
  select kind, name, sum(packets)::bigint as accepted, sum(refused_per_s) as refused_per_s,
    max(last_seen) as last_accepted, max(last_refused) as last_refused,
    jsonb_agg(refused)::text as refused
  from ({REPORTS}) report where is_living and (packets > 0 or refused <> '{{}}')
  group by kind, name
)
select kind, name, coalesce(accepted, 0) as accepted, coalesce(refused_per_s, 0) as refused_per_s,
  last_accepted, coalesce(refused, '[]') as refused, stored.last_seen as last_stored
from told full join (select 'node' as kind, name, last_seen from hepscope.node) stored
  using (kind, name)
order by greatest(last_accepted, last_refused, stored.last_seen) desc nulls last, kind, name
limit {MOST_NODES}
"""

_NEWEST: Final = f"""
select now() as now, (select max(last_seen) from hepscope.node) as newest_packet,
  (select started_at from hepscope.call order by started_at desc limit 1) as newest_call,
  (select count(*)::int from pg_stat_activity where datname = current_database()
    and starts_with(application_name, '{WRITER_NAME}')) as writers
"""


async def read_facts(reader: Reader) -> Facts:
    """Return what the database tells; raises what the reader raises."""
    (newest,) = await reader.rows(_NEWEST)
    return Facts(
        now=newest["now"],
        ingests=[_ingest(row) for row in await reader.rows(_INGESTS)],
        nodes=[_node(row) for row in await reader.rows(_NODES)],
        writers=newest["writers"],
        newest_packet=newest["newest_packet"],
        newest_call=newest["newest_call"],
    )


def _ingest(row: asyncpg.Record) -> IngestFacts:
    told = row["listeners"]
    listeners = None if told is None else [ListenerFacts(**one) for one in json.loads(told)]
    return IngestFacts(**{**row, "listeners": listeners})


def _node(row: asyncpg.Record) -> NodeFacts:
    refused: dict[str, int] = {}
    for counts in json.loads(row["refused"]):
        for reason, count in counts.items():
            refused[reason] = refused.get(reason, 0) + count
    return NodeFacts(**{**row, "refused": refused})
