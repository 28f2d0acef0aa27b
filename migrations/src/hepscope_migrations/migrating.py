"""What ``hepscope-migrate`` does: wait for the database, upgrade it, set logins."""

import argparse
from pathlib import Path

import asyncpg

from hepscope_migrations import complete, current, head, upgrade
from hepscope_migrations.logins import GRAFANA, Login, set_logins
from hepscope_migrations.migration_error import MigrationError, first_line
from hepscope_migrations.reaching import reach

MAX_PASSWORD_BYTES = 4096


async def migrate(dsn: str, options: argparse.Namespace) -> list[str]:
    """Do it all; returns what was done, one line each. Raises MigrationError."""
    # Before anything is changed: a file that is missing is missing then, too.
    logins = _logins(options)
    connection = await reach(dsn, wait_seconds=options.wait)
    try:
        before = await current(dsn)
        await upgrade(dsn)
        notes = await complete(dsn)
        changed = await set_logins(connection, logins)
    except (OSError, asyncpg.InterfaceError, asyncpg.PostgresError) as error:
        raise MigrationError(
            f"the database does not answer any more: {first_line(error)}"
        ) from error
    finally:
        connection.terminate()
    schema = f"schema {head()}" if before == head() else f"schema {before or 'none'} -> {head()}"
    return [schema, *changed, *(f"note: {note}" for note in notes)]


def _logins(options: argparse.Namespace) -> list[Login]:
    logins = []
    if options.user is not None:
        roles = tuple(role.strip() for role in options.roles.split(",") if role.strip())
        logins.append(Login(options.user, read_password(options.password_file), roles))
    if options.grafana_password_file is not None:
        password = read_password(options.grafana_password_file)
        logins.append(Login(GRAFANA, password, may_create=False))
    return logins


def read_password(path: Path) -> str:
    """Return what a file holds, without the end of its line; raises MigrationError."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_PASSWORD_BYTES + 1)
        password = content.decode().rstrip("\r\n")
    except OSError as error:
        raise MigrationError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise MigrationError(f"{path}: it is not UTF-8 (byte {error.start})") from error
    if not password or len(content) > MAX_PASSWORD_BYTES:
        raise MigrationError(f"{path}: a password has 1 to {MAX_PASSWORD_BYTES} bytes")
    if "\0" in password or "\n" in password:
        raise MigrationError(f"{path}: a password is one line of text")
    return password
