"""A program that becomes PostgreSQL and dies with the process that started it.

Run as a file by a bare interpreter (``python -I -S child.py PARENT UID GID NAME PROGRAM ARG...``),
so it imports the standard library only and is up in milliseconds. The order matters: a change of
credentials clears the death signal, so it is asked for afterwards; a parent that died before that
sends none, so its pid is compared last. The signal is SIGINT, PostgreSQL's fast shutdown.

The kernel sends it when the *thread* that forked ends: start this from a thread that lives as
long as the process, in practice the main one.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Drop to UID:GID (``-`` keeps the credentials), then replace this process by PROGRAM."""
    parent, uid, gid, name, *command = arguments
    if uid != "-":
        os.initgroups(name, int(gid))
        os.setgid(int(gid))
        os.setuid(int(uid))
    # Private files whatever the umask of the shell that started us.
    os.umask(0o077)
    # A shell that starts us in the background ignores SIGINT, which exec would pass on.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.platform == "linux":
        _die_with(int(parent))
    os.execv(command[0], command)  # noqa: S606 (no shell is the point)


def _die_with(parent: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        sys.exit(f"the parent {parent} is gone")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except OSError as failure:
        sys.exit(f"cannot start PostgreSQL: {failure}")
