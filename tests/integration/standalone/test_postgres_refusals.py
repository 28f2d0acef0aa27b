"""Why the embedded PostgreSQL does not start: always one line that says what to do."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hepscope_standalone.postgres import StartupError
from hepscope_standalone.postgres.account import account_of_owner, own_account
from hepscope_standalone.postgres.spawn import child_command
from integration.standalone.postgres_support import (
    child,
    ended,
    first_failure,
    host,
    open_directory,
    postgres,
    proc_file,
    query,
    start_and_stop,
    watched,
)

pytestmark = pytest.mark.database

NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def base() -> Iterator[Path]:
    """A directory for one test."""
    with open_directory() as directory:
        yield directory


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A data directory with a cluster, which the tests here only read or mend again."""
    with open_directory() as directory:
        asyncio.run(start_and_stop(postgres(directory / "data")))
        yield directory / "data"


async def refusal(data_dir: Path) -> str:
    """The line of a start that must fail."""
    with pytest.raises(StartupError) as refused:
        await start_and_stop(postgres(data_dir))
    assert "\n" not in str(refused.value)
    return str(refused.value)


async def test_second_instance_is_refused(made: Path) -> None:
    """The line names the pid of the first and the directory; the first goes on."""
    with host(made) as running:
        line = await refusal(made)
        assert await query(running.dsn, "select 1") == 1

    assert f"(pid {running.process.pid})" in line
    assert str(made) in line


async def test_other_major_version_is_refused_with_the_way_out(made: Path) -> None:
    """The line names both versions and what can be done; nothing is changed."""
    version = made / "postgres/PG_VERSION"
    kept = version.read_text()
    version.write_text("16\n")
    try:
        line = await refusal(made)
    finally:
        version.write_text(kept)

    assert "was made by PostgreSQL 16, this is" in line
    assert "pg_upgrade" in line
    assert "--data-dir" in line
    await start_and_stop(postgres(made))


async def test_interrupted_initdb_is_done_again(base: Path) -> None:
    """What a crash left of a half-made cluster is thrown away, an empty directory is filled."""
    half = base / "data/postgres.new/base"
    half.mkdir(parents=True)
    (base / "data/postgres.new/PG_VERSION").write_text("18\n")
    (base / "data/postgres").mkdir()
    # Under root an existing cluster names its account by its owner; root's own is no choice.
    await start_and_stop(postgres(base / "data"))

    assert not (base / "data/postgres.new").exists()


async def test_directory_without_a_version_is_refused_and_left(base: Path) -> None:
    """Files that are no cluster are never overwritten."""
    strange = base / "data/postgres/letters"
    strange.parent.mkdir(parents=True)
    strange.touch()
    if os.geteuid() == 0:
        shutil.chown(strange.parent, "nobody")

    assert "no PostgreSQL data directory" in await refusal(base / "data")
    assert strange.exists()


async def test_damaged_cluster_is_refused(made: Path) -> None:
    """Without its control file a cluster is called damaged, before PostgreSQL tries."""
    control = made / "postgres/global/pg_control"
    control.rename(made / "pg_control")
    try:
        assert "damaged" in await refusal(made)
    finally:
        (made / "pg_control").rename(control)


async def test_server_that_cannot_start_gives_its_reason(made: Path) -> None:
    """The server's own complaint is in the line, and where to read more."""
    local = made / "postgres/local.conf"
    local.write_text("shared_buffers = 'a lot'\n")
    local.chmod(0o644)
    try:
        line = await refusal(made)
    finally:
        local.unlink()

    assert "shared_buffers" in line or "configuration file" in line
    assert "postgres.log" in line


async def test_foreign_server_on_the_cluster_is_not_stopped(made: Path) -> None:
    """A server that someone started by hand is named and left running."""
    cluster = made / "postgres"
    async with postgres(made) as component:
        program = proc_file(component.pid, "cmdline").partition("\0")[0]
    account = account_of_owner(cluster.stat().st_uid) if os.geteuid() == 0 else own_account()
    assert account is not None
    command = child_command(account, [program, "-D", cluster, "-c", "unix_socket_directories="])
    with child(command, cwd=cluster) as foreign:
        while not (cluster / "postmaster.pid").exists():
            assert foreign.poll() is None
        assert f"did not start (pid {foreign.pid})" in await refusal(made)
        assert foreign.poll() is None


async def test_file_as_data_directory_is_refused(base: Path) -> None:
    """A file is no data directory."""
    (base / "file").touch()

    assert "is not a directory" in await refusal(base / "file")


@NEEDS_ROOT
async def test_closed_parent_is_named(base: Path) -> None:
    """Under root the account must reach the data; no permission is changed for it."""
    (base / "closed").mkdir(mode=0o700)

    line = await refusal(base / "closed/data")

    assert f"may not enter {base / 'closed'}" in line
    assert (base / "closed").stat().st_mode & 0o777 == 0o700


@contextmanager
def small_disk(directory: Path, size: str) -> Iterator[Path]:
    """A file system in memory of that size."""
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0755", "tmpfs", str(directory)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        yield directory
    finally:
        subprocess.run(["umount", str(directory)], check=True)


@NEEDS_ROOT
async def test_disk_too_small_for_a_database_is_said_before_it_fills(base: Path) -> None:
    """The line names the disk and what is needed."""
    with small_disk(base / "disk", "32m") as disk:
        line = await refusal(disk / "data")

    assert f"the disk of {base / 'disk/data'} is full" in line
    assert "128 MB" in line


@NEEDS_ROOT
async def test_disk_that_fills_ends_the_server_with_a_clear_line(base: Path) -> None:
    """A full disk is called that; with space again, everything committed is there."""
    with small_disk(base / "disk", "200m") as disk:
        async with postgres(disk / "data") as component:
            await query(component.dsn, "create table kept as select 3 as value")
            await query(component.dsn, "checkpoint")
            _fill(disk / "ballast")
            with watched(component.pid) as server:
                failure = await _write_until_dead(component.dsn, server)
            assert failure
            assert "is full" in str(await first_failure(component))
        assert "is full" in await refusal(disk / "data")
        (disk / "ballast").unlink()
        async with postgres(disk / "data") as component:
            assert await query(component.dsn, "select value from kept") == 3


def _fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 65536) == 65536:
                pass
        except OSError:
            return


async def _write_until_dead(dsn: str, server: int) -> bool:
    """Log new rows until the write-ahead log finds no room."""
    for _ in range(200):
        try:
            await query(
                dsn,
                "do $$ begin perform pg_logical_emit_message(true, 'x', repeat('x', 1000000)); "
                "end $$",
            )
        except Exception:  # noqa: BLE001 (whatever a dying server says)
            return ended(server)
    return False
