"""Killed without warning, again and again: what was delivered or on disk is stored once."""

import random
from pathlib import Path

import pytest

from hepscope_capture.clock import SystemClock
from hepscope_capture.delivery.plan import parse_server
from hepscope_capture.delivery.router import make_router
from support.service import until
from unit.capture.delivery.hep_server import HepServer, hep
from unit.capture.delivery.lives import live
from unit.capture.delivery.routing import routing

_LIVES = 6


@pytest.mark.parametrize("seed", range(2))
def test_lives_that_end_by_a_kill(tmp_path: Path, seed: int) -> None:
    """With a server that is there, away, silent, or cut off in the middle."""
    chance = random.Random(seed)
    must_be_there: set[int] = set()
    first = 0
    with HepServer() as server:
        url = f"tcp://127.0.0.1:{server.port}"
        for _ in range(_LIVES):
            state = chance.choice(("there", "away", "silent"))
            if state == "away":
                server.kill()
            elif state == "silent":
                server.is_stalled.set()
            safe, given = live(url, tmp_path, first, chance.randint(20, 80))
            must_be_there |= set(range(first, safe))
            first = given
            server.is_stalled.clear()
            if state == "away":
                server.start()
        with routing(url, spool=tmp_path) as router:
            destination = router.destinations[0]
            until(lambda: bool(destination.connected_to), "it is connected")
            until(lambda: destination.counts().kept == 0, "all is acknowledged")
        assert len(must_be_there) > 500
        assert must_be_there <= set(server.stored)
        assert server.stored == sorted(set(server.stored))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_mistake_of_ours_leaves_all_on_disk(tmp_path: Path) -> None:
    """A thread that ends by an error writes down what it had; the next process sends it."""

    class MistakeError(Exception):
        """No error that is expected."""

    def tell(_line: str) -> None:
        raise MistakeError

    with HepServer() as server:
        server.kill()
        plan = parse_server(f"tcp://127.0.0.1:{server.port}")
        clock = SystemClock()
        router = make_router([plan], clock, spool_directory=tmp_path, tell=tell)
        router.put([hep(number) for number in range(100)], 1)
        router.start()
        until(lambda: router.has_failed, "its thread ends")
        assert not router.end(0)
        server.start()
        with routing(str(plan.targets[0]), spool=tmp_path) as router:
            assert router.end(60)
        assert server.stored == list(range(100))
