"""Which database a command talks to: the one that is named, or the one that runs here."""

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from hepscope_common.data_dir import default_data_dir
from hepscope_common.runtime import StartupError
from hepscope_standalone.postgres.cluster import USER
from hepscope_standalone.postgres.component import DATABASE
from hepscope_standalone.postgres.server_settings import PORT
from hepscope_standalone.postgres.socket_dir import RECORD_NAME, SOCKET_NAME
from hepscope_standalone.settings import StandaloneSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--dsn`` and ``--data-dir``."""
    parser.add_argument("--dsn", help="the database (default: the setting store.dsn)")
    parser.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help="of a running hepscope, without --dsn and store.dsn (default: the setting data_dir)",
    )


def database_dsn(
    options: argparse.Namespace,
    settings: StandaloneSettings,
    environ: Mapping[str, str] = os.environ,
) -> str:
    """Return the address: --dsn, store.dsn, or the embedded server that runs in the data directory.

    Raises StartupError when there is none.
    """
    secret = settings.store.dsn
    dsn: str = options.dsn or (secret.get_secret_value() if secret is not None else "")
    if dsn:
        return dsn
    data_dir = options.data_dir or settings.data_dir or default_data_dir(environ, os.geteuid())
    sockets = running_sockets(data_dir)
    if sockets is None:
        raise StartupError(
            "no database named: give --dsn or the setting store.dsn"
            f" (and no embedded database runs in {data_dir})"
        )
    host = quote(str(sockets), safe="/")
    return f"postgresql://{USER}@/{DATABASE}?host={host}&port={PORT}"


def running_sockets(data_dir: Path) -> Path | None:
    """Return the directory of the embedded server's socket, None when there is no socket."""
    try:
        record = data_dir / RECORD_NAME
        directory = (
            Path(os.fsdecode(record.read_bytes())) if record.exists() else (data_dir / "run")
        )
        return directory.absolute() if (directory / SOCKET_NAME).exists() else None
    except OSError as error:
        raise StartupError(f"cannot look into {data_dir}: {error.strerror}") from error
