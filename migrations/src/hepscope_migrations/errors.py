"""Why a schema could not be brought up to date, in one line that names the way out."""

import re

import asyncpg
from sqlalchemy.exc import DBAPIError

from hepscope_migrations.migration_error import MigrationError

INSUFFICIENT_PRIVILEGE = "42501"
LOCK_NOT_AVAILABLE = "55P03"
# Missing packages show as "feature not supported" (18), or as "undefined file" (15 to 17).
MISSING_EXTENSION = frozenset({"0A000", "58P01"})


# Statements fail through SQLAlchemy, or below it when they are scripts.
DatabaseError = DBAPIError | asyncpg.PostgresError


def sqlstate_of(error: DatabaseError) -> str:
    """Return the SQLSTATE of a driver error, "" when it has none."""
    state = getattr(_driver_error(error), "sqlstate", None)
    return state if isinstance(state, str) else ""


def explain(error: DatabaseError) -> MigrationError:
    """Return the one line for a failed statement."""
    state, said = sqlstate_of(error), _said(error)
    if state in MISSING_EXTENSION and "pg_trgm" in said:
        return MigrationError(
            "PostgreSQL has no extension pg_trgm: install its contrib package"
            " (postgresql-contrib) and start again"
        )
    if state == INSUFFICIENT_PRIVILEGE:
        return MigrationError(
            f"{said}: the database's user needs the right to create in it"
            " (grant create on database ... to ...; create extension pg_trgm)"
        )
    if state == LOCK_NOT_AVAILABLE:
        return MigrationError(
            "something held a table all the time (a backup, a long query, another migration?);"
            " nothing is lost: run it again once that has ended"
        )
    return MigrationError(f"migration failed: {said} (SQLSTATE {state or 'unknown'})")


def _driver_error(error: DatabaseError) -> object:
    return error.orig if isinstance(error, DBAPIError) else error


def _said(error: DatabaseError) -> str:
    """Return the server's first line, without SQLAlchemy's class name before it."""
    lines = str(_driver_error(error)).splitlines() or [type(error).__name__]
    return re.sub(r"^<class '[^']*'>: ", "", lines[0])
