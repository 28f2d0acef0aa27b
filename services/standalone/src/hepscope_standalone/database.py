"""Which PostgreSQL a process uses: one of its own, or the one that the settings name."""

import sys
from pathlib import Path
from typing import Protocol

from hepscope_common.logs import Format, get_logger
from hepscope_common.runtime import Component
from hepscope_standalone.external import ExternalPostgres
from hepscope_standalone.postgres.component import EmbeddedPostgres
from hepscope_standalone.settings import StandaloneSettings

_log = get_logger("database")


class Database(Component, Protocol):
    """What the rest of the process needs to know of it, once it is entered."""

    @property
    def dsn(self) -> str:
        """Where asyncpg and SQLAlchemy connect."""
        ...

    @property
    def data_dir(self) -> Path:
        """The locked directory, where the bus id lies."""
        ...

    @property
    def version(self) -> str:
        """Release of the server."""
        ...

    @property
    def kind(self) -> str:
        """Whose it is, in a word or two."""
        ...

    async def wait_failed(self) -> None:
        """Raise when the server ended by itself; never return otherwise."""
        ...


def make_database(settings: StandaloneSettings) -> Database:
    """Return the database of the settings, inert."""
    dsn = settings.store.dsn
    if dsn is not None:
        return ExternalPostgres(dsn.get_secret_value(), settings.data_dir)
    is_json = settings.log.format == Format.JSON
    return EmbeddedPostgres(settings.data_dir, announce=_log_line if is_json else _announce)


def _log_line(line: str) -> None:
    _log.info("%s", line)


def _announce(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
