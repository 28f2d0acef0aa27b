"""The data directory: where it is by default, and what must hold before anything is put there.

Closed to everyone else: 0700 for a user's own; for root it stays root's, and the group of the
service account may pass through it (0710) to its cluster. Root's own files in it (lock, log)
thus cannot be swapped for links by the account that PostgreSQL runs as.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from hepscope_standalone.postgres.account import Account
from hepscope_standalone.postgres.errors import refusal, startup_error
from hepscope_standalone.postgres.lock import LOCK_NAME
from hepscope_standalone.postgres.reach import first_closed

ENVIRONMENT_NAME = "HEPSCOPE_DATA_DIR"
ROOT_DEFAULT = Path("/var/lib/hepscope")
ROOT_SYSTEM_DEFAULT = ROOT_DEFAULT / "system"


def default_data_dir(environ: Mapping[str, str], uid: int) -> Path:
    """Return $HEPSCOPE_DATA_DIR, else /var/lib/hepscope for root, else the user's share."""
    named = environ.get(ENVIRONMENT_NAME)
    if named:
        return Path(named).expanduser()
    if uid == 0:
        return ROOT_DEFAULT
    # The XDG base directory specification wants relative values ignored.
    share = environ.get("XDG_DATA_HOME", "")
    base = Path(share) if share.startswith("/") else Path.home() / ".local/share"
    return base / "hepscope"


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
