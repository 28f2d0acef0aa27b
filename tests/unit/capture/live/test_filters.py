"""The filter in force: servers that move, settings that change meanwhile."""

import threading
from dataclasses import replace
from ipaddress import ip_address

from hepscope_capture.delivery.plan import parse_server
from hepscope_capture.live.filter import Server
from hepscope_capture.live.filters import Filters
from hepscope_capture.live.plan import LivePlan
from hepscope_capture.packets import Labels
from hepscope_capture.senders.target import Target
from support.service import until

PLAN = LivePlan(
    Labels(1),
    ("eth1",),
    servers=(parse_server("tcp://hep.example.org"),),
    ports=frozenset({5060, 9060}),
)
HERE, THERE = (Server(frozenset({ip_address(f"192.0.2.{last}")}), 9060) for last in (1, 2))


class Names:
    """Answers with one address, once it may."""

    def __init__(self) -> None:
        self.server: Server | None = HERE
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.answered = 0

    def look_up(self, target: Target) -> Server | None:
        """Return the address of now."""
        assert target.host == "hep.example.org"
        self.may_answer.wait(10)
        self.answered += 1
        return self.server


def test_a_server_that_moves_gets_another_filter() -> None:
    """What goes to it is not captured; one that has no address just now stays where it was."""
    names = Names()
    filters = Filters(PLAN, 0.0, names.look_up)
    here = filters.program
    names.server = None
    assert filters.follow(61.0) is None
    until(lambda: names.answered == 2, "an answer without an address")
    names.server = THERE
    until(lambda: filters.follow(122.0), "another filter")
    assert filters.program != here
    assert filters.program == Filters(PLAN, 0.0, names.look_up).program


def test_names_that_take_long_are_asked_for_once_at_a_time() -> None:
    """Threads must not pile up behind a name server that is away."""
    names = Names()
    filters = Filters(PLAN, 0.0, names.look_up)
    names.may_answer.clear()
    for now in (61.0, 122.0, 183.0):
        assert filters.follow(now) is None
    names.may_answer.set()
    until(lambda: filters.follow(184.0) is None and names.answered == 3, "the next question")


def test_settings_that_change_during_a_search_count() -> None:
    """Whatever it finds is put into the filter of now."""
    names = Names()
    filters = Filters(PLAN, 0.0, names.look_up)
    names.may_answer.clear()
    filters.follow(61.0)
    other = replace(PLAN, ports=frozenset({5080, 9060}))
    filters.adopt(other)
    names.server = THERE
    names.may_answer.set()
    until(lambda: filters.follow(62.0), "another filter")
    assert filters.program == Filters(other, 0.0, names.look_up).program
