"""What the database says about its partitions, and what the settings say to it."""

from typing import Final

import asyncpg

from hepscope_storage_writer.maintain_settings import RetentionSettings
from hepscope_storage_writer.retention import DetachedLeaf, Policy, StoredLeaf

# Of narrow partitions two are made ahead, and never less than this, so that a maintainer that is
# away for a while leaves none missing.
AHEAD_HOURS_MIN: Final = 6.0
CLOSED: Final = "closed"
"""Comment on a leaf that has had its last vacuum; it goes with the leaf."""
DROPPING: Final = "dropping"
"""Comment on a leaf that is about to be detached and dropped. Detached without it is a leaf that
an operator put aside, to archive it say, and keeps."""

_POLICIES: Final = """
select c.relname::text as root,
  (extract(epoch from p.width) * 1000000)::bigint as width_us,
  (extract(epoch from p.ahead) * 1000000)::bigint as ahead_us,
  (extract(epoch from p.keep) * 1000000)::bigint as keep_us,
  (extract(epoch from p.minimum_keep) * 1000000)::bigint as minimum_keep_us,
  p.drop_order, hepscope.unix_us(p.floor) as floor_us
from hepscope.partition_policy p join pg_class c on c.oid = p.root
order by p.drop_order, c.relname
"""

# A leaf that is dropped meanwhile has no size.
_LEAVES: Final = """
select r.relname::text as root, l.leaf as name,
  hepscope.unix_us(l.lower) as lower_us, hepscope.unix_us(l.upper) as upper_us, l.pending,
  coalesce(pg_total_relation_size(c.oid), 0) as size_bytes,
  coalesce(obj_description(c.oid, 'pg_class') = $1, false) as closed
from hepscope.partition_policy p
join pg_class r on r.oid = p.root
cross join lateral hepscope.leaves(p.root) l
join pg_class c on c.relname = l.leaf and c.relnamespace = 'hepscope'::regnamespace
where l.lower is not null and l.upper is not null
order by r.relname, l.lower
"""

# A leaf is made and attached in one transaction, so whatever has a leaf's name and is not attached
# was detached.
_DETACHED: Final = """
select r.relname::text as root, c.relname::text as name,
  pg_total_relation_size(c.oid) as size_bytes,
  coalesce(obj_description(c.oid, 'pg_class') = $1, false) as dropping
from hepscope.partition_policy p
join pg_class r on r.oid = p.root
join pg_class c on c.relnamespace = 'hepscope'::regnamespace and c.relkind = 'r'
  and not c.relispartition and c.relname ~ ('^' || r.relname || '_p[0-9]{8}_[0-9]{4}$')
order by r.relname, c.relname
"""

_APPLY: Final = """
update hepscope.partition_policy p
set keep = wanted.keep, width = wanted.width, ahead = wanted.ahead
from (
  select root, keep * interval '1 day', width * interval '1 hour', ahead * interval '1 hour'
  from unnest($1::text[], $2::float8[], $3::float8[], $4::float8[]) as u(root, keep, width, ahead)
) as wanted(root, keep, width, ahead)
where p.root = ('hepscope.' || quote_ident(wanted.root))::regclass
  and (p.keep, p.width, p.ahead) is distinct from (wanted.keep, wanted.width, wanted.ahead)
"""


async def read_policies(connection: asyncpg.Connection) -> list[Policy]:
    """Return the policy of every partitioned table, the first to give up first."""
    return [
        Policy(
            root=row["root"],
            width_us=row["width_us"],
            ahead_us=row["ahead_us"],
            keep_us=row["keep_us"],
            minimum_keep_us=row["minimum_keep_us"],
            drop_order=row["drop_order"],
            floor_us=row["floor_us"],
        )
        for row in await connection.fetch(_POLICIES)
    ]


async def read_leaves(connection: asyncpg.Connection) -> list[StoredLeaf]:
    """Return every partition, by root and age."""
    return [
        StoredLeaf(
            root=row["root"],
            name=row["name"],
            lower_us=row["lower_us"],
            upper_us=row["upper_us"],
            size_bytes=row["size_bytes"],
            pending=row["pending"],
            closed=row["closed"],
        )
        for row in await connection.fetch(_LEAVES, CLOSED)
    ]


async def read_detached(connection: asyncpg.Connection) -> list[DetachedLeaf]:
    """Return the tables that were partitions, and are no more but have not been dropped."""
    return [
        DetachedLeaf(row["root"], row["name"], row["size_bytes"] or 0, row["dropping"])
        for row in await connection.fetch(_DETACHED, DROPPING)
    ]


async def apply_settings(connection: asyncpg.Connection, settings: RetentionSettings) -> int:
    """Write the settings into the policies; return how many changed."""
    keeps = settings.keep_days()
    widths = {root: settings.width_hours(root) for root in keeps}
    aheads = [max(2 * widths[root], AHEAD_HOURS_MIN) for root in keeps]
    status = await connection.execute(
        _APPLY, list(keeps), list(keeps.values()), list(widths.values()), aheads
    )
    return int(status.rpartition(" ")[2])
