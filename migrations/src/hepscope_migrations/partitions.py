"""Filter that hides run-time leaves from Alembic's comparison.

Leaves are made by ``ensure_partition`` as time goes on; without the filter autogenerate proposes
to drop them. The catalogue is asked, not a name pattern; roots and their classes (relkind ``p``)
stay in the comparison.
"""

from collections.abc import Callable

from sqlalchemy import Connection, text

from hepscope_migrations.sessions import SCHEMA

_LEAVES = text(
    "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
    " where c.relispartition and c.relkind = 'r' and n.nspname = :schema"
)


def leaf_filter(connection: Connection) -> Callable[[str | None, str, object], bool]:
    """Return Alembic's ``include_name``: our schema only, without leaves present now."""
    leaves = set(connection.execute(_LEAVES, {"schema": SCHEMA}).scalars())
    connection.rollback()

    def include_name(name: str | None, kind: str, _parents: object) -> bool:
        if kind == "schema":
            return name == SCHEMA
        return not (kind == "table" and (name in leaves or name == "alembic_version"))

    return include_name
