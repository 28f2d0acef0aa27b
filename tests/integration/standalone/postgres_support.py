"""What the tests of the embedded PostgreSQL share: directories, a host process, and its end."""

import asyncio
import os
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from hepscope_standalone.postgres import EmbeddedPostgres

HOST = Path(__file__).with_name("postgres_host.py")
END_SECONDS = 60.0


@contextmanager
def open_directory() -> Iterator[Path]:
    """A directory that the service account can reach, unlike pytest's own under root."""
    directory = Path(tempfile.mkdtemp(prefix="hepscope-test-", dir="/tmp"))
    directory.chmod(0o755)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def postgres(data_dir: Path, *, bin_dir: Path | None = None) -> EmbeddedPostgres:
    """The component on a data directory, without syncing, its copies beside the data."""
    return EmbeddedPostgres(
        data_dir, system_dir=data_dir.parent / "system", bin_dir=bin_dir, durable=False
    )


async def start_and_stop(component: EmbeddedPostgres) -> None:
    """One start, which must work, and its stop."""
    async with component:
        assert await query(component.dsn, "select 1") == 1


async def query(dsn: str, statement: str) -> object:
    """The first value that the statement gives."""
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


@dataclass(frozen=True, slots=True)
class Host:
    """A process that runs the component until it is told to end."""

    process: subprocess.Popen[str]
    dsn: str
    server_pid: int

    def end(self, number: int) -> int:
        """Signal the host, return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(END_SECONDS)


@contextmanager
def host(
    data_dir: Path,
    *,
    command: Sequence[str] = (sys.executable,),
    environ: Mapping[str, str] | None = None,
) -> Iterator[Host]:
    """Run the component in a process of its own; it is killed at the end of the block."""
    process = subprocess.Popen(
        [*command, str(HOST), str(data_dir)],
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
        env={**os.environ, **(environ or {})},
    )
    assert process.stdout is not None
    try:
        first = process.stdout.readline().split()
        assert first, f"the host ended with {process.wait()}"
        yield Host(process, first[0], int(first[1]))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextmanager
def child(
    command: Sequence[str], *, cwd: str | Path = "/", user: int | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """Any other program, silent, terminated at the end of the block."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=cwd,
        user=user,
    )
    with process:
        try:
            yield process
        finally:
            process.terminate()


def proc_file(pid: int, name: str) -> str:
    """The text of a file of a process under /proc."""
    return Path(f"/proc/{pid}/{name}").read_text()


def owner_of(path: Path) -> int:
    """The user id that owns a file or process."""
    return path.stat().st_uid


@contextmanager
def watched(pid: int) -> Iterator[int]:
    """A file descriptor that becomes readable when the process ends, even if it is no child."""
    file = os.pidfd_open(pid)
    try:
        yield file
    finally:
        os.close(file)


def ended(pidfd: int, seconds: float = END_SECONDS) -> bool:
    """Wait for the end of a watched process; False when it lives on."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


async def first_failure(component: EmbeddedPostgres) -> BaseException:
    """What wait_failed raises, within a minute."""
    outcome = await asyncio.gather(
        asyncio.wait_for(component.wait_failed(), END_SECONDS), return_exceptions=True
    )
    assert isinstance(outcome[0], BaseException)
    return outcome[0]
