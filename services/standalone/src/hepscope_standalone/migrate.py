"""``hepscope migrate``: bring the database of ``store.dsn`` to the schema of this release."""

import argparse
import asyncio

import asyncpg

from hepscope_common.runtime import StartupError
from hepscope_migrations import MigrationError, complete, current, head, upgrade
from hepscope_standalone import config_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``migrate``."""
    config_file.add_arguments(parser)
    parser.add_argument("--dsn", help="the database (default: the setting store.dsn)")


def run(options: argparse.Namespace) -> int:
    """Upgrade, say from where to where and what an administrator has left to run; returns 0."""
    settings = config_file.load_settings(options)
    secret = settings.store.dsn
    dsn = options.dsn or (secret.get_secret_value() if secret is not None else "")
    if not dsn:
        raise StartupError(
            "no database named: give --dsn or the setting store.dsn"
            " (the embedded database is migrated whenever it starts)"
        )
    try:
        before, after, notes = asyncio.run(_upgrade(dsn))
    except MigrationError as error:
        raise StartupError(str(error)) from error
    except (OSError, asyncpg.PostgresError) as error:
        raise StartupError(f"the database does not answer: {error}") from error
    print(f"schema {after}" if before == after else f"schema {before or 'none'} -> {after}")
    for note in notes:
        print(f"note: {note}")
    return 0


async def _upgrade(dsn: str) -> tuple[str | None, str, list[str]]:
    before = await current(dsn)
    await upgrade(dsn)
    return before, head(), await complete(dsn)
