"""How PostgreSQL's programs are started: through the child program, in a session of their own.

A session of its own keeps the terminal's Ctrl-C away from the server, which must outlive our
drain. The environment is ours alone: PGDATA, PGOPTIONS or a locale of the shell change nothing.
"""

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import Sequence
from pathlib import Path

from hepscope_standalone.postgres import child
from hepscope_standalone.postgres.account import Account

ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def child_command(account: Account, command: Sequence[str | os.PathLike[str]]) -> list[str]:
    """Return the argument list that runs ``command`` as the account, bound to this process."""
    uid, gid = ("-", "-") if account.is_self else (str(account.uid), str(account.gid))
    interpreter = [sys.executable, "-I", "-S", os.fspath(child.__file__)]
    own = [str(os.getpid()), uid, gid, account.name]
    return [*interpreter, *own, *(os.fspath(word) for word in command)]


async def spawn(
    account: Account,
    command: Sequence[str | os.PathLike[str]],
    *,
    output: int,
    working_dir: Path,
) -> Process:
    """Start ``command`` with standard output and error to ``output``; call from the main thread.

    Raises OSError when the interpreter cannot be started.
    """
    return await asyncio.create_subprocess_exec(
        *child_command(account, command),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        cwd=working_dir,
        env=ENVIRONMENT,
        start_new_session=True,
    )
