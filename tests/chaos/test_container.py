"""A container of a run: kept running, killed for good, stopped, and gone with what it had."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chaos import docker
from chaos.container import Container
from support.docker import BASE, inspect, need_image

PATIENCE_SECONDS = 60.0
PAUSE_SECONDS = 0.1
SLEEP = "import time; print('began', flush=True); time.sleep(600)"

pytestmark = pytest.mark.timeout(300)


@asynccontextmanager
async def running(folder: Path, program: str) -> AsyncIterator[Container]:
    """Run a program of Python in a container with a volume, and remove it."""
    need_image(BASE)
    made = Container(
        "test",
        BASE,
        {"NAME": "value"},
        folder / "log",
        options=["--volume", "/data"],
        arguments=["python3", "-c", program],
    )
    try:
        await made.start()
        yield made
    finally:
        await made.close()


async def until(is_true: Callable[[], bool]) -> None:
    """Return once something is true."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await asyncio.to_thread(is_true):
            await asyncio.sleep(PAUSE_SECONDS)


def status(container: Container) -> str:
    """Return what Docker calls its state."""
    return str(inspect(container.name)["State"]["Status"])


async def test_one_that_ends_by_itself_is_started_again(tmp_path: Path) -> None:
    """As systemd and Kubernetes do, and it is counted; its data outlast that."""
    program = (
        "from pathlib import Path; import time; mark = Path('/data/mark');"
        " seen = mark.exists(); mark.touch(); time.sleep(600 if seen else 0)"
    )
    async with running(tmp_path, program) as made:
        await until(lambda: made.starts == 2)
        assert made.own_ends == 1
        assert status(made) == "running"


async def test_one_that_is_killed_stays_so_until_it_is_started(tmp_path: Path) -> None:
    """A kill is no end of its own."""
    async with running(tmp_path, SLEEP) as made:
        await made.kill()
        assert status(made) == "exited"
        assert inspect(made.name)["State"]["ExitCode"] == 137
        await made.start()
        assert status(made) == "running"
        assert (made.starts, made.own_ends) == (2, 0)


async def test_one_that_is_stopped_goes_on(tmp_path: Path) -> None:
    """By the kernel's freezer, in the life it had."""
    async with running(tmp_path, SLEEP) as made:
        await made.pause()
        assert status(made) == "paused"
        await made.resume()
        assert status(made) == "running"
        assert made.starts == 1


async def test_nothing_but_the_log_is_left(tmp_path: Path) -> None:
    """Neither the container nor its volume."""
    async with running(tmp_path, SLEEP) as made:
        (volume,) = (one["Name"] for one in inspect(made.name)["Mounts"])
        await until(lambda: "began" in docker.run("logs", made.name))
    assert "began" in (tmp_path / "log").read_text()
    assert made.name not in docker.run("ps", "--all", "--format", "{{.Names}}").split()
    assert volume not in docker.run("volume", "ls", "--quiet").split()
