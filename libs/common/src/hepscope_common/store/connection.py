"""Connections to PostgreSQL: who we are there, what we see, how long we wait.

A session connects as the user of the DSN and then becomes the group role of its work, if roles
guard the database and the user may (``hepscope.roles_in_force``); else it stays that user, who
owns everything. Time-outs are session settings, so that they hold for any user.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import asyncpg

CONNECT_SECONDS: Final = 10.0
WRITER_NAME: Final = "hepscope writer"
"""How the application names of storing sessions begin."""
# A peer that vanished without a word is noticed after 10 + 3 * 5 s.
_KEEPALIVE: Final = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
# A server that is well ends a statement by its own time-out; one that is frozen, or gone without a
# word, is given up so much later.
ANSWER_SECONDS: Final = 5.0
# How soon the server notices that who asked has gone, while a statement waits for a lock, say: it
# ends then, instead of holding what it locked itself.
_CLIENT_CHECK: Final = "2s"
# Of a pool: connections left unused for so long are closed.
IDLE_SECONDS: Final = 300.0


class Access(StrEnum):
    """The work of a session, which is also the name of its role."""

    WRITER = "hepscope_writer"
    READER = "hepscope_reader"
    MAINTAINER = "hepscope_maintainer"


ACCESS_SETTINGS: Final[Mapping[Access, Mapping[str, str]]] = {
    # A frozen writer keeps row locks of positions: 15 s is the longest it blocks a take-over, but
    # amid a COPY, where its successor ends it (``frozen``).
    Access.WRITER: {
        "lock_timeout": "30s",
        "statement_timeout": "120s",
        "idle_in_transaction_session_timeout": "15s",
    },
    # Generic plans cannot prune partitions while planning. The statement timeout bounds how long
    # a detach of a partition waits for readers.
    Access.READER: {
        "default_transaction_read_only": "on",
        "statement_timeout": "15s",
        "idle_in_transaction_session_timeout": "30s",
        "plan_cache_mode": "force_custom_plan",
        "jit": "off",
    },
    Access.MAINTAINER: {
        "lock_timeout": "2s",
        "statement_timeout": "60s",
        "idle_in_transaction_session_timeout": "15s",
    },
}

# Roles guard a database whose schema belongs to hepscope_owner. From 16 on a member may lack the
# right to set the role.
_BECOME: Final = """
select set_config('role', $1::text, false)
from pg_namespace
where nspname = 'hepscope' and nspowner = to_regrole('hepscope_owner')
  and pg_has_role(
    session_user, to_regrole($1::text),
    case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end)
"""


_DURATION: Final = re.compile(r"(\d+)(ms|s)")


def command_seconds(settings: Mapping[str, str]) -> float:
    """Return how long a session of these settings waits for the answer to one statement.

    Their ``statement_timeout`` is in ms or s, as everywhere here.
    """
    found = _DURATION.fullmatch(settings["statement_timeout"])
    if found is None:
        raise ValueError(f"a statement timeout of {settings['statement_timeout']}")
    seconds = int(found[1]) / (1000 if found[2] == "ms" else 1)
    return seconds + ANSWER_SECONDS


def session_settings(access: Access, application_name: str) -> dict[str, str]:
    """Return the settings that a session of this access starts with."""
    return {
        "application_name": application_name,
        "search_path": "hepscope",
        "timezone": "UTC",
        "client_connection_check_interval": _CLIENT_CHECK,
        **_KEEPALIVE,
        **ACCESS_SETTINGS[access],
    }


async def become(connection: asyncpg.Connection, access: Access) -> bool:
    """Take the role of ``access``; return False when this database or user goes without."""
    return await connection.fetchval(_BECOME, access.value) is not None


async def connect(
    dsn: str, access: Access, *, application_name: str, timeout_seconds: float = CONNECT_SECONDS
) -> asyncpg.Connection:
    """Return a new session; the caller closes it.

    Raises OSError (TimeoutError too) or asyncpg.PostgresError; ``verdict_of`` judges them. A
    statement without an answer raises TimeoutError ANSWER_SECONDS after its time; give one that
    may take longer than the access allows a ``timeout`` of its own.
    """
    settings = session_settings(access, application_name)
    connection = await asyncpg.connect(
        dsn,
        timeout=timeout_seconds,
        command_timeout=command_seconds(settings),
        server_settings=settings,
    )
    try:
        await become(connection, access)
    except BaseException:
        connection.terminate()
        raise
    return connection


def make_pool(
    dsn: str,
    access: Access,
    *,
    application_name: str,
    size: int,
    min_size: int = 0,
    settings: Mapping[str, str] | None = None,
) -> asyncpg.Pool:
    """Return a pool that connects once entered; with ``min_size`` 0 only when it is used.

    ``settings`` go over those of the access. The role outlives asyncpg's reset between two users
    of a connection: RESET ALL leaves it.
    """

    async def prepare(connection: asyncpg.Connection) -> None:
        await become(connection, access)

    own = {**session_settings(access, application_name), **(settings or {})}
    return asyncpg.create_pool(
        dsn,
        min_size=min_size,
        max_size=size,
        timeout=CONNECT_SECONDS,
        max_inactive_connection_lifetime=IDLE_SECONDS,
        command_timeout=command_seconds(own),
        server_settings=own,
        init=prepare,
    )
