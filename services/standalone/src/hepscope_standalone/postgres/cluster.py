"""The cluster: ``<data dir>/postgres``, made once by initdb, owned by the service account.

It is made under another name and renamed when complete, so a crash halfway leaves only
``postgres.new``, which the next start throws away. A cluster of another major version cannot be
read and is never touched. Anyone who reaches the socket is trusted: the directory decides.
"""

import asyncio
import os
import shutil
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

from hepscope_standalone.postgres.account import Account
from hepscope_standalone.postgres.binaries import Binaries
from hepscope_standalone.postgres.errors import refusal, startup_error
from hepscope_standalone.postgres.server_log import reason_in
from hepscope_standalone.postgres.server_settings import LOCAL_NAME, MIB, free_disk_bytes, render
from hepscope_standalone.postgres.spawn import spawn

USER = "hepscope"
CLUSTER_NAME = "postgres"
INITDB_OPTIONS = ("-U", USER, "-E", "UTF8", "--auth-local=trust", "--auth-host=reject")
SETTINGS_NAME = "hepscope.conf"

# An empty cluster is 40 MB of tables and 16 to 32 MB of write-ahead log.
INITDB_BYTES = 128 * MIB

# Seconds on a slow disk; beyond this the disk hangs.
INITDB_TIMEOUT_SECONDS = 300


class Cluster:
    """The cluster of one data directory, for one account and one set of programs."""

    def __init__(self, data_dir: Path, account: Account, binaries: Binaries) -> None:
        self.path = data_dir / CLUSTER_NAME
        self._new = data_dir / f"{CLUSTER_NAME}.new"
        self._account = account
        self._binaries = binaries

    def check(self) -> bool:
        """Return whether the cluster exists; raises StartupError when it cannot be used as is."""
        try:
            if not self.path.exists() or not any(self.path.iterdir()):
                return False
            self._check_owner()
            if not (self.path / "PG_VERSION").exists():
                raise startup_error(
                    f"{self.path} is no PostgreSQL data directory (it has no PG_VERSION): "
                    "move it away, or choose another directory by --data-dir"
                )
            self._check_version((self.path / "PG_VERSION").read_text().strip())
            if not (self.path / "global/pg_control").exists():
                raise startup_error(
                    f"{self.path} is damaged (global/pg_control is missing): restore it from a "
                    "backup, or move it away to start with an empty database"
                )
        except OSError as error:
            raise refusal("read", self.path, error) from error
        return True

    async def make(self, announce: Callable[[str], None], *, durable: bool = True) -> None:
        """Make the cluster by initdb; raises StartupError with initdb's reason."""
        try:
            self._clear()
            if free_disk_bytes(self.path.parent) < INITDB_BYTES:
                raise startup_error(_disk_full(self.path.parent))
            announce(f"making the database in {self.path}")
            self._new.mkdir(mode=0o700)
            os.chown(self._new, self._account.uid, self._account.gid)
            await self._initdb(durable=durable)
            self._include_settings()
            self._new.rename(self.path)
            _sync(self.path.parent)
        except OSError as error:
            raise refusal("make", self.path, error) from error

    def write_settings(self, settings: Mapping[str, str]) -> None:
        """Replace the settings file, readable by the account; raises StartupError."""
        try:
            text = render(settings, local=(self.path / LOCAL_NAME).exists())
            _replace(self.path / SETTINGS_NAME, text, self._account)
        except OSError as error:
            raise refusal("write", self.path / SETTINGS_NAME, error) from error

    def _check_owner(self) -> None:
        owner = self.path.stat().st_uid
        if owner != self._account.uid:
            raise startup_error(
                f"{self.path} belongs to user id {owner}, but PostgreSQL would run as "
                f"{self._account.name} ({self._account.uid}): start hepscope as its owner, "
                "or choose another directory by --data-dir"
            )

    def _check_version(self, found: str) -> None:
        if found != str(self._binaries.major):
            raise startup_error(
                f"{self.path} was made by PostgreSQL {found or '?'}, this is "
                f"{self._binaries.version}: move it with pg_upgrade (or dump it with version "
                f"{found or '?'}), serve it by that version and set HEPSCOPE_STORE__DSN, "
                "or start empty with another --data-dir"
            )

    def _clear(self) -> None:
        """Remove an incomplete cluster of a start that was cut short, and an empty directory."""
        if self._new.exists():
            shutil.rmtree(self._new)
        if self.path.exists():
            self.path.rmdir()

    async def _initdb(self, *, durable: bool) -> None:
        options = [*INITDB_OPTIONS, *([] if durable else ["--no-sync"])]
        for locale in _locales(self._binaries.major):
            code, output = await self._run_initdb([*options, *locale])
            if code == 0:
                return
            if b"invalid locale" not in output:
                break
        raise startup_error(self._initdb_failure(output))

    async def _run_initdb(self, options: list[str]) -> tuple[int, bytes]:
        command: list[str | os.PathLike[str]] = [self._binaries.initdb, "-D", self._new, *options]
        child = await spawn(
            self._account, command, output=asyncio.subprocess.PIPE, working_dir=self._new
        )
        try:
            async with asyncio.timeout(INITDB_TIMEOUT_SECONDS):
                output, errors = await child.communicate()
        except TimeoutError:
            raise startup_error(
                f"initdb did not end within {INITDB_TIMEOUT_SECONDS} s in {self._new}"
            ) from None
        finally:
            if child.returncode is None:
                os.killpg(child.pid, signal.SIGKILL)
                await child.wait()
        return child.returncode or 0, output + errors

    def _initdb_failure(self, output: bytes) -> str:
        text = output.decode("utf-8", "replace")
        if "No space left on device" in text:
            return _disk_full(self.path.parent)
        return f"initdb failed in {self.path.parent}: {reason_in(text.splitlines())}"

    def _include_settings(self) -> None:
        # What initdb wrote belongs to the account, so no link in it is followed.
        flags = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        file = os.open(self._new / "postgresql.conf", flags)
        try:
            os.write(file, f"\ninclude '{SETTINGS_NAME}'\n".encode())
            os.fsync(file)
        finally:
            os.close(file)


def _locales(major: int) -> list[list[str]]:
    """Return the locale options to try; code point order, so no C library ever breaks an index."""
    if major >= 17:
        return [["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]]
    return [["--locale=C.UTF-8"], ["--locale=C"]]


def _disk_full(data_dir: Path) -> str:
    free = free_disk_bytes(data_dir) // MIB
    return (
        f"the disk of {data_dir} is full: {free} MB are free and a new database needs "
        f"{INITDB_BYTES // MIB} MB"
    )


def _replace(path: Path, text: str, account: Account) -> None:
    """Write a file by rename: an old one of that name, even a link, is replaced, not followed."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        os.fchown(file, account.uid, account.gid)
        os.write(file, text.encode())
        os.fsync(file)
    finally:
        os.close(file)
    temporary.replace(path)


def _sync(directory: Path) -> None:
    file = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
