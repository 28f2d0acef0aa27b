"""Starting and stopping the embedded PostgreSQL."""

import os
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from hepscope_standalone.postgres import EmbeddedPostgres
from hepscope_standalone.postgres.account import find_account
from integration.standalone.postgres_support import (
    open_directory,
    postgres,
    proc_file,
    query,
    start_and_stop,
)

pytestmark = pytest.mark.database

MADE = "select system_identifier from pg_control_system()"


@pytest.fixture(scope="module")
def base() -> Iterator[Path]:
    """A directory for the data directories of this module."""
    with open_directory() as directory:
        yield directory


async def test_first_start_gives_a_private_empty_database(base: Path) -> None:
    """A data directory that does not exist becomes a UTF-8 database behind a private socket."""
    async with postgres(base / "data") as component:
        dsn = component.dsn
        assert await query(dsn, "select current_database()") == "hepscope"
        assert await query(dsn, "show server_encoding") == "UTF8"
        assert await query(dsn, "show listen_addresses") == ""
        assert await query(dsn, "select lower('ÄÖ')") == "äö"
        assert component.version == str(await query(dsn, "show server_version")).split()[0]
        for private in (base / "data/run", base / "data/postgres"):
            assert private.stat().st_mode & 0o777 == 0o700
        assert (base / "data").stat().st_mode & 0o027 == 0

    assert "shut down" in (base / "data/postgres.log").read_text()
    assert not (base / "data/postgres/postmaster.pid").exists()


async def test_second_start_makes_nothing_anew_and_keeps_the_data(base: Path) -> None:
    """What was committed is there again, in the cluster that was made first."""
    async with postgres(base / "data") as component:
        await query(component.dsn, "create table if not exists kept as select 42 as value")
        made = await query(component.dsn, MADE)

    async with postgres(base / "data") as component:
        assert await query(component.dsn, "select value from kept") == 42
        assert await query(component.dsn, MADE) == made


async def test_sqlalchemy_reads_the_same_address(base: Path) -> None:
    """The address works with SQLAlchemy's asyncpg driver, only the scheme is longer."""
    async with postgres(base / "data") as component:
        address = component.dsn.replace("postgresql://", "postgresql+asyncpg://", 1)
        engine = create_async_engine(address)
        async with engine.connect() as connection:
            assert (await connection.execute(text("select 7"))).scalar() == 7
        await engine.dispose()


async def test_environment_of_the_shell_changes_nothing(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables that steer PostgreSQL's tools reach neither the server nor the address."""
    for name in ("PGDATA", "PGHOST", "PGPORT", "PGUSER", "PGDATABASE"):
        monkeypatch.setenv(name, "1")

    await start_and_stop(postgres(base / "data"))


async def test_local_settings_are_read(base: Path) -> None:
    """A file local.conf in the cluster has the last word."""
    local = base / "data/postgres/local.conf"
    local.write_text("work_mem = '5MB'\n")
    local.chmod(0o644)
    try:
        async with postgres(base / "data") as component:
            assert await query(component.dsn, "show work_mem") == "5MB"
    finally:
        local.unlink()


async def test_server_runs_as_an_unprivileged_account(base: Path) -> None:
    """Root's server runs as its own user without root's groups; a user's as the user."""
    async with postgres(base / "data") as component:
        status = proc_file(component.pid, "status")
    fields = dict(line.split(":", 1) for line in status.splitlines())
    uids = {int(word) for word in fields["Uid"].split()}
    groups = {int(word) for word in fields["Groups"].split()}

    if os.geteuid() != 0:
        assert uids == {os.geteuid()}
    else:
        owner = (base / "data/postgres").stat().st_uid
        assert uids == {owner}
        assert 0 not in uids | groups


async def test_server_is_in_a_session_of_its_own(base: Path) -> None:
    """Ctrl-C on the terminal goes to hepscope's process group, not to the server's."""
    async with postgres(base / "data") as component:
        assert os.getsid(component.pid) == component.pid
        assert os.getpgid(component.pid) != os.getpgrp()


async def test_data_directory_may_have_a_long_and_odd_name(base: Path) -> None:
    """A path too long for a socket, with blanks and quotes, works all the same."""
    data_dir = base / ('it\'s a "long" näme, ' + "x" * 100)

    async with postgres(data_dir) as component:
        elsewhere = data_dir / (data_dir / "run.path").read_text()
        assert elsewhere.stat().st_mode & 0o777 == 0o700
        assert await query(component.dsn, "select 1") == 1

    assert not elsewhere.exists()


async def test_cluster_goes_on_under_its_owner(base: Path) -> None:
    """Root's choice of account is that of the first start, whatever users appear later."""
    nobody = find_account("nobody")
    if os.geteuid() != 0 or nobody is None:
        pytest.skip("only root chooses an account")
    data_dir = base / "nobodys"
    (data_dir / "postgres").mkdir(parents=True)
    os.chown(data_dir / "postgres", nobody.uid, nobody.gid)

    await start_and_stop(postgres(data_dir))
    await start_and_stop(postgres(data_dir))

    assert (data_dir / "postgres").stat().st_uid == nobody.uid


def test_component_is_inert_until_entered() -> None:
    """Building it touches nothing; what needs a server says so."""
    component = EmbeddedPostgres(Path("/nonexistent/data"))

    assert (component.name, component.drain_seconds > 0) == ("postgres", True)
    with pytest.raises(RuntimeError, match="not running"):
        _ = component.dsn
    assert not Path("/nonexistent").exists()


async def test_address_is_gone_after_the_stop(base: Path) -> None:
    """Once exited the socket takes no connection and the component has no address."""
    component = postgres(base / "data")
    async with component:
        dsn = component.dsn

    with pytest.raises(RuntimeError, match="not running"):
        _ = component.dsn
    with pytest.raises((OSError, asyncpg.PostgresError)):
        await asyncpg.connect(dsn)
