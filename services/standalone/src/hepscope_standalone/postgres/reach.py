"""What an account can reach in the file system, judged by mode bits before it tries.

Root sees everything, so a directory that the service account cannot enter would only show as a
puzzling failure of initdb. Access lists are not read: where only they open a path, it counts as
closed, which costs a copy of the binaries or a clear refusal, never a wrong permission.
"""

import os
from pathlib import Path

from hepscope_standalone.postgres.account import Account

READ, WRITE, ENTER = 4, 2, 1


def allows(path: Path, account: Account, wanted: int) -> bool:
    """Return whether the mode of ``path`` gives the account all the ``wanted`` bits."""
    status = path.stat()
    if status.st_uid == account.uid:
        shift = 6
    elif status.st_gid in account.groups:
        shift = 3
    else:
        shift = 0
    return (status.st_mode >> shift) & wanted == wanted


def first_closed(path: Path, account: Account) -> Path | None:
    """Return the topmost directory on the way to and including ``path`` closed to the account.

    None when all are open, and always for the account of this process: the kernel will tell.
    Raises OSError when a part does not exist.
    """
    if account.is_self:
        return None
    real = Path(os.path.realpath(path))
    for directory in (*reversed(real.parents), real):
        if not allows(directory, account, ENTER):
            return directory
    return None
