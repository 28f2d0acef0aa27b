"""Upgrade of a database to the newest schema, safe to call from many processes at once.

A session advisory lock lets one work while the others wait; each migration is a transaction of
its own. Table locks are waited for shortly and asked for again, because a migration that waits
makes every writer and reader behind it wait too.
"""

import threading
import time
from importlib import resources

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from hepscope_migrations.errors import LOCK_NOT_AVAILABLE, explain, sqlstate_of
from hepscope_migrations.migration_error import MigrationError
from hepscope_migrations.revisions import OLDEST, SCHEMA_OF, STATEMENT, serves
from hepscope_migrations.sessions import SCHEMA, run_on
from hepscope_migrations.statements import read_file, run_script

ADVISORY_LOCK = 0x48455053_4D494752  # "HEPSMIGR"; one number per database
# Longest wait for another process that migrates; a big index takes minutes.
WAIT_FOR_OTHERS = "15min"
# How long a migration waits for a table, and with it everybody who wants that table after it.
LOCK_TIMEOUT = "1s"
STATEMENT_TIMEOUT = "10min"
# Between two attempts everybody who waited behind us works on. The pause grows, since whoever
# holds a table for minutes (a backup) will not be done within the next second.
LOCK_PAUSE_SECONDS = 1.0
LOCK_PAUSE_MAX_SECONDS = 10.0
LOCK_ATTEMPTS = 60
OLDEST_SERVER = 150000

# Alembic keeps its running environment in module globals: one upgrade per process at a time.
_one_at_a_time = threading.Lock()


def config() -> Config:
    """Return Alembic's configuration; no file is needed."""
    package = resources.files("hepscope_migrations")
    settings = Config()
    settings.set_main_option("script_location", str(package).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    return settings


def current_of(connection: Connection) -> tuple[str | None, str | None]:
    """Return the revision of the database and its statement of who works on it.

    None and None when it has no schema of ours.
    """
    table = connection.execute(text(f"select to_regclass('{SCHEMA}.alembic_version')")).scalar()
    row = None if table is None else connection.execute(text(SCHEMA_OF)).first()
    return (None, None) if row is None else (row[0], row[1])


def upgrade(dsn: str) -> None:
    """Bring the database at ``dsn`` to ``head()``; returns at once when it is there.

    Raises MigrationError with one line for the operator.
    """
    with _one_at_a_time:
        try:
            run_on(dsn, upgrade_on)
        except (DBAPIError, asyncpg.PostgresError) as error:
            raise explain(error) from error
        except CommandError as error:
            raise MigrationError(
                f"the database's schema is newer than this release ({error})"
            ) from error


def upgrade_on(connection: Connection) -> None:
    """Upgrade the database of a connection; its session holds the advisory lock until it ends."""
    version = int(connection.execute(text("show server_version_num")).scalar_one())
    if version < OLDEST_SERVER:
        raise MigrationError(f"PostgreSQL {version // 10000} is too old: 15 or newer is needed")
    if serves(*current_of(connection)):
        return
    connection.rollback()
    lock(connection)
    # Whoever held the lock before us has done it, as a rule.
    found, statement = current_of(connection)
    if serves(found, statement):
        return
    if found is None:
        _run_alone(connection, "bootstrap.sql")
    _run_alone(connection, "prepare.sql")
    become_owner(connection)
    # Before anything is taken away, and again, since the first migration makes the table.
    if found is not None:
        _state_oldest(connection)
    migrate(connection, config())
    _state_oldest(connection)


def _state_oldest(connection: Connection) -> None:
    comment = f"comment on table {SCHEMA}.alembic_version is '{STATEMENT}{OLDEST}'"
    connection.execute(text(comment))
    connection.commit()


def lock(connection: Connection) -> None:
    """Take the advisory lock; it ends with the session."""
    _set(connection, lock_timeout=WAIT_FOR_OTHERS, statement_timeout="0")
    connection.execute(text("select pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
    _set(connection, lock_timeout=LOCK_TIMEOUT, statement_timeout=STATEMENT_TIMEOUT)
    connection.commit()


def _run_alone(connection: Connection, name: str) -> None:
    run_script(connection, read_file(name))
    connection.commit()


def become_owner(connection: Connection) -> None:
    """Act as the schema's owner, so that every object has the same one."""
    connection.execute(
        text(
            "select set_config('role', pg_get_userbyid(nspowner)::text, false)"
            " from pg_namespace where nspname = :schema and nspowner <> current_user::regrole"
        ),
        {"schema": SCHEMA},
    )
    connection.commit()


def migrate(connection: Connection, settings: Config) -> None:
    """Run the migrations that ``settings`` name, each as often as tables are in use.

    Raises what the last attempt raised.
    """
    settings.attributes["connection"] = connection
    pause = LOCK_PAUSE_SECONDS
    for attempt in range(LOCK_ATTEMPTS):
        try:
            command.upgrade(settings, "head")
        except (DBAPIError, asyncpg.PostgresError) as error:
            connection.rollback()
            if sqlstate_of(error) != LOCK_NOT_AVAILABLE or attempt == LOCK_ATTEMPTS - 1:
                raise
            time.sleep(pause)
            pause = min(pause * 1.5, LOCK_PAUSE_MAX_SECONDS)
        else:
            return


def _set(connection: Connection, **settings: str) -> None:
    for name, value in settings.items():
        connection.execute(
            text("select set_config(:name, :value, false)"), {"name": name, "value": value}
        )
