"""The closed directory of the server's socket.

``<data dir>/run`` where its name allows. A socket's path holds at most 107 bytes (sun_path of
unix(7) less its NUL), and a list of directories in PostgreSQL's settings has its own quoting;
for a long or unusual path a private directory elsewhere serves, named in ``<data dir>/run.path``
so that the next start removes it. Whoever comes here has settled an earlier server, so what it left
of socket and lock is removed: PostgreSQL would take a zombie's or a reused pid in it for a life.
"""

import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hepscope_standalone.postgres.account import Account
from hepscope_standalone.postgres.errors import refusal
from hepscope_standalone.postgres.server_settings import PORT

SOCKET_NAME = f".s.PGSQL.{PORT}"
MAX_SOCKET_PATH_BYTES = 107
PREFIX = "hepscope-"
RECORD_NAME = "run.path"

_PLAIN = re.compile(r"/[A-Za-z0-9_./+~-]*")


def fits(directory: Path) -> bool:
    """Return whether a socket in ``directory`` can be bound and written into the settings."""
    path = directory / SOCKET_NAME
    short = len(os.fsencode(path)) <= MAX_SOCKET_PATH_BYTES
    return short and _PLAIN.fullmatch(str(directory)) is not None


@contextmanager
def socket_dir(data_dir: Path, account: Account) -> Iterator[Path]:
    """Give the directory, 0700 and owned by the account; one outside the data is removed after.

    Raises StartupError when none can be made.
    """
    record = data_dir / RECORD_NAME
    try:
        _remove_recorded(record, account)
        directory = data_dir / "run"
        if fits(directory):
            directory.mkdir(mode=0o700, exist_ok=True)
        else:
            directory = _elsewhere(account)
            record.write_bytes(os.fsencode(directory))
        for left in (SOCKET_NAME, f"{SOCKET_NAME}.lock"):
            (directory / left).unlink(missing_ok=True)
        directory.chmod(0o700)
        os.chown(directory, account.uid, account.gid)
    except OSError as error:
        raise refusal("make a socket directory for", data_dir, error) from error
    try:
        yield directory
    finally:
        _remove_recorded(record, account)


def _elsewhere(account: Account) -> Path:
    runtime = Path(f"/run/user/{account.uid}")
    base = runtime if account.is_self and os.access(runtime, os.W_OK | os.X_OK) else Path("/tmp")  # noqa: S108 (mkdtemp below makes a private directory of a name nobody can guess)
    return Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))


def _remove_recorded(record: Path, account: Account) -> None:
    if not record.exists():
        return
    directory = Path(os.fsdecode(record.read_bytes()))
    # The name was reused or the record is damaged unless it is a directory of the account.
    if directory.name.startswith(PREFIX) and directory.is_absolute() and directory.exists():
        status = directory.lstat()
        if stat.S_ISDIR(status.st_mode) and status.st_uid == account.uid:
            shutil.rmtree(directory, ignore_errors=True)
    record.unlink()
