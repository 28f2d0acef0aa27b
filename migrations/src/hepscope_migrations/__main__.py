"""``hepscope-migrate``: bring a database to this release's schema, and set who may log in.

Exit codes: 0 = done, also when nothing had to be; 1 = failed, in one line on standard error;
2 = wrong usage; 130 = interrupted. It may run as often as one likes, several at once too.
"""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from hepscope_common import __version__
from hepscope_common.runtime import StartupError
from hepscope_common.settings import Settings, load
from hepscope_common.store.settings import StoreSettings
from hepscope_migrations.migration_error import MigrationError

PROGRAM = "hepscope-migrate"
WAIT_SECONDS = 60.0
INTERRUPTED = 130
ROLES = "hepscope_writer,hepscope_maintainer,hepscope_reader"


class MigrateSettings(Settings):
    """Everything that it reads."""

    store: StoreSettings = StoreSettings()


def main(arguments: Sequence[str] | None = None) -> int:
    """Migrate; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if (options.user is None) != (options.password_file is None):
        parser.error("--user and --password-file belong together")
    try:
        # As the first process of a container it would not even notice that it is to end.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _end)
        # Alembic and SQLAlchemy take seconds to load, and images that never migrate lack them.
        from hepscope_migrations.migrating import migrate  # noqa: PLC0415

        settings = load(MigrateSettings, config=options.config)
        for line in asyncio.run(migrate(_dsn(settings), options)):
            sys.stdout.write(f"{line}\n")
    except ModuleNotFoundError as error:
        if error.name not in ("alembic", "sqlalchemy"):
            raise
        return _fail(
            "there is no Alembic here: use the image hepscope/storage-writer, or"
            " pip install 'hepscope-migrations[upgrade]'"
        )
    except (StartupError, MigrationError) as error:
        return _fail(str(error))
    return 0


def _end(*_: object) -> None:
    """End at once: the thread that migrates may wait for minutes, and cannot be stopped.

    What the database has not committed it takes back when the connection is gone.
    """
    os._exit(INTERRUPTED)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Brings the database of HEPSCOPE_STORE__DSN to the schema of this release.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings file (TOML)")
    parser.add_argument(
        "--wait",
        type=_seconds,
        default=WAIT_SECONDS,
        metavar="SECONDS",
        help="how long the database may take to answer (default: %(default)g)",
    )
    login = parser.add_argument_group("logins", "each may be set again, with another password too")
    login.add_argument("--user", metavar="NAME", help="user of the services, made if need be")
    login.add_argument("--password-file", type=Path, metavar="FILE", help="his password")
    login.add_argument(
        "--roles", default=ROLES, metavar="LIST", help="what he is given (default: %(default)s)"
    )
    login.add_argument(
        "--grafana-password-file",
        type=Path,
        metavar="FILE",
        help="lets grafanareader, who only reads, log in with this password",
    )
    return parser


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= 86_400:
        raise argparse.ArgumentTypeError("0 to 86400 seconds")
    return seconds


def _dsn(settings: MigrateSettings) -> str:
    secret = settings.store.dsn
    dsn = "" if secret is None else secret.get_secret_value()
    if not dsn:
        raise StartupError("setting store.dsn is missing (HEPSCOPE_STORE__DSN)")
    return dsn


def _fail(text: str) -> int:
    sys.stderr.write(f"{PROGRAM}: {text}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
