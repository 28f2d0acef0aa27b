"""From an agent to the row when both ends are killed: what was delivered or on disk is one row.

Each message is told by its Call-ID, so that "once" is looked up, not counted.
"""

from pathlib import Path

import pytest

from support.kafka import free_port
from support.service import Service, data_directory, running_hepscope, until
from unit.capture.delivery.lives import live
from unit.capture.delivery.putter import call_id
from unit.capture.delivery.routing import routing

pytestmark = pytest.mark.database

MARK = "spooled"


def _nothing() -> None:
    return


def rows(service: Service) -> list[str]:
    """The Call-IDs of all messages stored."""
    return sorted(one["call_id"] for one in service.every("messages", call_id=f"{MARK}-*"))


def test_what_was_safe_when_both_ends_were_killed_is_stored_once(tmp_path: Path) -> None:
    """Three agents, one after the other, are killed; so is the server, under the second."""
    url = f"tcp://127.0.0.1:{free_port()}"
    settings = {"HEPSCOPE_INGEST__TCP": url.removeprefix("tcp://")}
    safe: set[int] = set()
    with data_directory() as folder, running_hepscope(folder, settings=settings) as service:
        first = 0
        for halfway in (_nothing, service.kill, _nothing):
            upto, given = live(url, tmp_path, first, 150, mark=MARK, halfway=halfway)
            safe |= set(range(first, upto))
            first = given
        service.start()
        with routing(url, spool=tmp_path) as router:
            destination = router.destinations[0]
            until(lambda: bool(destination.connected_to), "it is connected")
            until(lambda: destination.counts().kept == 0, "all is acknowledged")
            assert destination.counts().recovered > 1000
        # Acknowledged is committed: nothing need be waited for.
        stored = rows(service)
    assert len(stored) == len(set(stored))
    assert {call_id(MARK, number) for number in safe} <= set(stored)
    assert len(safe) > 3000
