"""What a database needs for readers beside the API, as far as an administrator gave it.

The schema ``homer`` (views in HOMER 7's shape) and the role ``grafanareader`` are made by the
connecting user before the migrations, if he may. Where he may not, migrations go on without, and
``complete`` makes up for it once somebody has.
"""

from typing import Final

import asyncpg
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from hepscope_migrations.errors import explain
from hepscope_migrations.sessions import run_on
from hepscope_migrations.statements import read_file, run_script
from hepscope_migrations.upgrading import become_owner, lock

VIEWS: Final = "0003_homer.sql"
"""The newest definition of the views; a later migration that changes them names its own file."""

HAS_HOMER: Final = (
    "select coalesce((select has_schema_privilege(oid, 'create') from pg_namespace"
    " where nspname = 'homer'), false)"
)
_HAS_VIEWS: Final = "select to_regclass('homer.hep_proto_1_call') is not null"
_NOTES: Final = text("""
select current_database()::text as database, pg_get_userbyid(nspowner)::text as owner,
  hepscope.roles_in_force() as in_force,
  to_regrole('grafanareader') is not null as has_reader
from pg_namespace where nspname = 'hepscope'
""")


def complete(dsn: str) -> list[str]:
    """Make what is still missing in a migrated database; return what an administrator must run.

    One line each. Raises MigrationError, OSError or asyncpg's errors.
    """
    try:
        return run_on(dsn, complete_on)
    except (DBAPIError, asyncpg.PostgresError) as error:
        raise explain(error) from error


def complete_on(connection: Connection) -> list[str]:
    """Do the work of ``complete`` on a connection."""
    lock(connection)
    run_script(connection, read_file("prepare.sql"))
    connection.commit()
    become_owner(connection)
    has_views = connection.exec_driver_sql(_HAS_VIEWS).scalar()
    if not has_views and connection.exec_driver_sql(HAS_HOMER).scalar():
        run_script(connection, read_file(VIEWS))
        has_views = True
    connection.exec_driver_sql("select hepscope.grant_grafanareader()")
    connection.commit()
    found = connection.execute(_NOTES).one()
    return _notes(
        database=found.database,
        owner=found.owner,
        in_force=found.in_force,
        has_reader=found.has_reader,
        has_views=bool(has_views),
    )


def _notes(
    *, database: str, owner: str, in_force: bool, has_reader: bool, has_views: bool
) -> list[str]:
    notes = []
    if not in_force:
        notes.append(
            f"no roles guard this database: its user {owner} owns everything and every service"
            " works as that user (docs/operations/database.md says how to change it)"
        )
    if not has_reader:
        notes.append(
            "the role grafanareader is missing: let an administrator run"
            " `create role grafanareader nologin` and run `hepscope migrate` again"
        )
    if not has_views:
        notes.append(
            "the views in HOMER's shape are missing: let an administrator run"
            f' `create schema homer authorization "{owner}"` in database {database}'
            " and run `hepscope migrate` again"
        )
    return notes
