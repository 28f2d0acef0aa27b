"""The data directory: what must hold before anything is put there.

Closed to everyone else: 0700 for a user's own; for root it stays root's, and the group of the
service account may pass through it (0710) to its cluster. Root's own files in it (lock, log)
thus cannot be swapped for links by the account that PostgreSQL runs as.
"""

import os
from pathlib import Path

from hepscope_common.data_dir import ROOT_DEFAULT
from hepscope_standalone.postgres.account import Account
from hepscope_standalone.postgres.errors import refusal, startup_error
from hepscope_standalone.postgres.lock import LOCK_NAME
from hepscope_standalone.postgres.reach import first_closed

ROOT_SYSTEM_DEFAULT = ROOT_DEFAULT / "system"


def prepare_data_dir(path: Path, account: Account) -> Path:
    """Return the absolute path of the directory, made and closed to others when it was missing.

    An existing one is left as it is, unless the account cannot enter it and it is empty or was
    ours before. Raises StartupError when it cannot be used.
    """
    path = path.absolute()
    try:
        if not path.exists():
            _make(path, account)
        elif not path.is_dir():
            raise startup_error(f"the data directory {path} is not a directory")
        elif first_closed(path, account) == Path(os.path.realpath(path)) and _is_ours(path):
            _close(path, account)
        closed = first_closed(path, account)
    except OSError as error:
        raise refusal("use the data directory", path, error) from error
    if closed:
        raise startup_error(
            f"the data directory {path} cannot be used: user {account.name}, which PostgreSQL "
            f"runs as, may not enter {closed}; choose another by --data-dir"
        )
    return path


def _make(path: Path, account: Account) -> None:
    missing = [parent for parent in path.parents if not parent.exists()]
    for parent in reversed(missing):
        parent.mkdir(exist_ok=True)
        if not account.is_self:
            # A strict umask of root must not close the way to what we make below.
            parent.chmod(0o755)
    path.mkdir(mode=0o700)
    _close(path, account)


def _close(path: Path, account: Account) -> None:
    if account.is_self:
        path.chmod(0o700)
        return
    os.chown(path, os.geteuid(), account.gid)
    path.chmod(0o710)


def _is_ours(path: Path) -> bool:
    names = {entry.name for entry in path.iterdir()}
    return path.stat().st_uid == os.geteuid() and (not names or LOCK_NAME in names)
