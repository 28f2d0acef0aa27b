"""The account that PostgreSQL runs as: the user's own, or as root one of ours.

PostgreSQL refuses to run as root. Root therefore gets the system user ``hepscope``, made by
``useradd`` or ``adduser`` when it is missing. An account that other programs share is used only
where none can be made (a read-only /etc, an image without these tools), and never in silence.
"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hepscope_standalone.postgres.errors import startup_error

OWN_NAME = "hepscope"

# Whom to borrow, best first: neither owns files of importance on a usual system.
BORROWED_NAMES = ("postgres", "nobody")

# useradd waits for the lock of /etc/passwd for as long as another holds it.
CREATE_TIMEOUT_SECONDS = 30

# In order: shadow-utils (most distributions), Debian's adduser, the adduser of busybox (Alpine).
CREATE_COMMANDS: tuple[tuple[str, ...], ...] = (
    ("useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
     "--shell", "/usr/sbin/nologin", OWN_NAME),
    ("adduser", "--system", "--group", "--no-create-home", "--home", "/nonexistent", OWN_NAME),
    ("adduser", "-S", "-D", "-H", "-h", "/nonexistent", "-s", "/sbin/nologin", OWN_NAME),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Account:
    """A user that exists; ``is_self`` when the process needs no change of credentials."""

    name: str
    uid: int
    gid: int
    is_self: bool = False

    @property
    def groups(self) -> frozenset[int]:
        """The group ids of the account, its primary one included."""
        return frozenset(os.getgrouplist(self.name, self.gid))


FindAccount = Callable[[str], Account | None]


def find_account(name: str) -> Account | None:
    """Return the account of that name, None when there is none."""
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def own_account() -> Account:
    """Return the account of this process; raises StartupError for a uid without a name."""
    uid = os.geteuid()
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise startup_error(
            f"user id {uid} has no entry in /etc/passwd, which PostgreSQL's initdb needs: "
            "add one, or give an external database by HEPSCOPE_STORE__DSN"
        ) from None
    return Account(entry.pw_name, uid, os.getegid(), is_self=True)


def account_of_owner(uid: int) -> Account | None:
    """Return the unprivileged account with that uid; a cluster goes on under its owner."""
    if uid == 0:
        return None
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return None
    return Account(entry.pw_name, uid, entry.pw_gid)


def service_account(
    announce: Callable[[str], None],
    *,
    find: FindAccount = find_account,
    create: Callable[[], str] | None = None,
) -> Account:
    """Return the account for PostgreSQL under root: our own, made if need be, or a borrowed one.

    ``create`` makes our own and returns "" or why it could not. Raises StartupError when no
    unprivileged account can be had.
    """
    own = find(OWN_NAME)
    if own:
        return own
    reason = (create or create_own)()
    own = find(OWN_NAME)
    if own:
        announce(f"made the system user {OWN_NAME}, which PostgreSQL runs as")
        return own
    for name in BORROWED_NAMES:
        borrowed = find(name)
        if borrowed and borrowed.uid != 0:
            announce(f"PostgreSQL runs as {name}: the user {OWN_NAME} cannot be made ({reason})")
            return borrowed
    raise startup_error(
        f"PostgreSQL refuses to run as root and the user {OWN_NAME} cannot be made ({reason}): "
        f"create it, start hepscope as a normal user, or set HEPSCOPE_STORE__DSN"
    )


def create_own() -> str:
    """Make the system user; return "" when a command said it did, else the last reason."""
    reason = "neither useradd nor adduser is installed"
    for command in _installed(CREATE_COMMANDS):
        try:
            done = subprocess.run(  # noqa: S603 (constant arguments, program found on our path)
                command,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=CREATE_TIMEOUT_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            reason = str(error)
            continue
        if done.returncode == 0:
            return ""
        reason = (done.stderr.strip().splitlines() or [f"{command[0]} failed"])[-1]
    return reason


def _installed(commands: tuple[tuple[str, ...], ...]) -> Iterator[tuple[str, ...]]:
    # /usr/sbin is missing from the path of some root shells (su without a dash).
    path = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"
    for name, *arguments in commands:
        program = shutil.which(name, path=path)
        if program:
            yield (program, *arguments)
