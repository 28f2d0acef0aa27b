"""Logins of the database: a user of the services, and that of dashboards, with their passwords.

Every step may be repeated: what is already so is left alone. Whoever runs it must be allowed to
create roles and to grant those that are named.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import asyncpg

from hepscope_migrations import scram
from hepscope_migrations.migration_error import MigrationError, first_line
from hepscope_migrations.upgrading import ADVISORY_LOCK

GRAFANA = "grafanareader"
MAX_NAME_BYTES = 63
"""PostgreSQL cuts longer names in silence, and two users could become one."""

# Where the user may: no verifier in the server's log or statistics, whatever those hold of others.
_QUIET = (
    "set local log_statement = 'none'",
    "set local log_min_duration_statement = -1",
    "set local log_min_error_statement = 'panic'",
    "set local pg_stat_statements.track_utility = off",
)


@dataclass(frozen=True, slots=True)
class Login:
    """A user who shall be able to log in, and whose groups' rights he has."""

    user: str
    password: str = field(repr=False)
    roles: tuple[str, ...] = ()
    may_create: bool = True
    """Whether a user who is not there is made; the one of dashboards comes with the schema."""


async def set_logins(connection: asyncpg.Connection, logins: Sequence[Login]) -> list[str]:
    """Set all or none; return one line for each that was changed. Raises MigrationError."""
    try:
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock($1)", ADVISORY_LOCK)
            await _be_quiet(connection)
            return [line for login in logins for line in await _set(connection, login)]
    except asyncpg.InsufficientPrivilegeError as error:
        raise MigrationError(
            f"{first_line(error)}: logins are set by a superuser, or by who created the roles"
        ) from error
    except asyncpg.PostgresError as error:
        raise MigrationError(f"logins could not be set: {first_line(error)}") from error


def quote_name(name: str) -> str:
    """Return a name as SQL takes it; raises MigrationError for one that is none."""
    if not name or "\0" in name or len(name.encode()) > MAX_NAME_BYTES:
        raise MigrationError(f"{name!r} is no name of a role: 1 to {MAX_NAME_BYTES} bytes")
    return '"' + name.replace('"', '""') + '"'


async def _be_quiet(connection: asyncpg.Connection) -> None:
    for statement in _QUIET:
        # Superusers only; for others the verifier may be logged, the password never.
        with suppress(asyncpg.InsufficientPrivilegeError):
            async with connection.transaction():
                await connection.execute(statement)


async def _set(connection: asyncpg.Connection, login: Login) -> list[str]:
    name = quote_name(login.user)
    changed = []
    if not await _exists(connection, login.user):
        if not login.may_create:
            raise MigrationError(
                f"the role {login.user} is missing: an administrator has to create it"
                f" (create role {name} nologin)"
            )
        await connection.execute(f"create role {name}")
        changed.append(f"user {login.user} made")
    if not await _can_log_in(connection, login):
        secret = scram.verifier(login.password)
        await connection.execute(f"alter role {name} login password '{secret}'")
        changed.append(f"password of {login.user} set")
    for role in login.roles:
        if not await _exists(connection, role):
            raise MigrationError(f"there is no role {role} to grant to {login.user}")
        if not await connection.fetchval(_IS_MEMBER, login.user, role):
            await connection.execute(f"grant {quote_name(role)} to {name}")
            changed.append(f"{role} granted to {login.user}")
    return changed


_IS_MEMBER = """
select exists (select from pg_auth_members where
  member = (select oid from pg_roles where rolname = $1) and
  roleid = (select oid from pg_roles where rolname = $2))
"""


async def _exists(connection: asyncpg.Connection, role: str) -> bool:
    query = "select exists (select from pg_roles where rolname = $1)"
    return bool(await connection.fetchval(query, role))


async def _can_log_in(connection: asyncpg.Connection, login: Login) -> bool:
    """Whether nothing has to be done; only a superuser can see that, for others it is no."""
    with suppress(asyncpg.InsufficientPrivilegeError):
        async with connection.transaction():
            kept = await connection.fetchval(
                "select rolpassword from pg_authid where rolname = $1 and rolcanlogin", login.user
            )
            return kept is not None and scram.matches(kept, login.password)
    return False
