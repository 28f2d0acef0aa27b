"""hepscope-log-level: what it changes at a real ops port, what it says, how it ends."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Iterator

import pytest
from prometheus_client import CollectorRegistry

from hepscope_common.http import HttpServer
from hepscope_common.log_level import main
from hepscope_common.ops import make_ops_app
from hepscope_common.runtime import Supervisor
from hepscope_common.settings import Listen

LOGGER = logging.getLogger("hepscope.at_run_time")


@pytest.fixture
async def ops(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Listen]:
    """The ops port of a service, which the environment names."""
    app = make_ops_app(CollectorRegistry(), {})
    async with HttpServer("ops", app, Listen(host="127.0.0.1", port=0), Supervisor()) as server:
        monkeypatch.setenv("HEPSCOPE_OPS__LISTEN", str(server.address))
        yield server.address


@pytest.fixture(autouse=True)
def levels() -> Iterator[None]:
    """Levels as they were, afterwards."""
    found = [(logger, logger.level) for logger in (LOGGER, logging.getLogger("hepscope"))]
    yield
    for logger, level in found:
        logger.setLevel(level)


@pytest.mark.usefixtures("ops")
async def test_one_module(capsys: pytest.CaptureFixture[str]) -> None:
    """As the lines name it."""
    assert await asyncio.to_thread(main, ["at_run_time", "debug"]) == 0
    assert capsys.readouterr().out == "at_run_time: debug\n"
    assert LOGGER.level == logging.DEBUG


@pytest.mark.usefixtures("ops")
async def test_without_a_module_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    """One word is the level."""
    assert await asyncio.to_thread(main, ["error"]) == 0
    assert capsys.readouterr().out == "hepscope: error\n"
    assert logging.getLogger("hepscope").level == logging.ERROR


@pytest.mark.usefixtures("ops")
async def test_a_level_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    """The service says which there are."""
    assert await asyncio.to_thread(main, ["at_run_time", "loud"]) == 1
    assert capsys.readouterr().out.startswith("400: unknown log level 'loud'; one of ")


def test_nobody_answers(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it asked is said."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setenv("HEPSCOPE_OPS__LISTEN", where)
        assert main(["debug"]) == 1
    assert capsys.readouterr().out.startswith(f"no answer at {where}: ")


def test_an_address_that_names_no_port(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable is named."""
    monkeypatch.setenv("HEPSCOPE_OPS__LISTEN", "9100")
    assert main(["debug"]) == 2
    assert "HEPSCOPE_OPS__LISTEN" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code"), [(["--help"], 0), ([], 2), (["a", "b", "c"], 2), (["--all", "debug"], 2)]
)
def test_usage(words: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Asked for, or deserved."""
    assert main(words) == code
    assert capsys.readouterr().out.startswith("usage: hepscope-log-level [LOGGER] LEVEL\n")
