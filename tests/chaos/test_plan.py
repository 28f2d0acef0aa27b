"""The plan: deterministic, complete, and restricted as asked."""

import pytest

from chaos.__main__ import parse, plan_of
from chaos.compose_faults import CORE
from chaos.compose_places import PLACES
from chaos.injector import breaks_span
from chaos.options import TargetName
from chaos.parts import PARTS, SENDER_LINKS, SERVICES, Link, Part
from chaos.plan import (
    CLOCK_KINDS,
    FAULTS_PER_CYCLE,
    LONG_PAUSE_SECONDS,
    PAUSE_SECONDS,
    Fault,
    Kind,
    make_plan,
    touches_broker,
)

CYCLE = 8 + 28 + 8 + 1 + 1 + 9 + 9 + 6
"""Kills, pairs, pauses, long pause, full disk, cuts, stalls, wrong clocks."""


def test_same_seed_gives_same_plan() -> None:
    """Two plans of one seed are equal, those of two seeds are not."""
    assert make_plan(60, seed=5) == make_plan(60, seed=5)
    assert make_plan(60, seed=5) != make_plan(60, seed=6)


def test_shorter_plan_is_the_start_of_a_longer_one() -> None:
    """More faults go on where fewer end."""
    assert make_plan(50, seed=1)[:10] == make_plan(10, seed=1)


@pytest.mark.parametrize("seed", range(5))
def test_a_cycle_holds_every_fault(seed: int) -> None:
    """Each part is killed, each pair, each stopped, each connection cut and stalled."""
    plan = make_plan(CYCLE, seed=seed)
    killed = [fault.parts for fault in plan if fault.kind is Kind.KILL]
    assert {parts for parts in killed if len(parts) == 1} == {(part,) for part in PARTS}
    assert len({frozenset(parts) for parts in killed if len(parts) == 2}) == 28
    assert len(killed) == 8 + 28
    paused = [fault for fault in plan if fault.kind is Kind.PAUSE]
    assert {fault.parts for fault in paused} == {(part,) for part in PARTS}
    assert {fault.hold_seconds for fault in paused} == {PAUSE_SECONDS}
    (long,) = (fault for fault in plan if fault.kind is Kind.LONG_PAUSE)
    assert long.hold_seconds == LONG_PAUSE_SECONDS == 180
    assert [fault.kind for fault in plan].count(Kind.DISK) == 1
    for kind in (Kind.CUT, Kind.STALL):
        links = [fault.links for fault in plan if fault.kind is kind]
        assert {link for some in links for link in some} == set(Link)
        assert SENDER_LINKS in links
    clocks = [fault for fault in plan if fault.kind in CLOCK_KINDS]
    assert sorted(fault.parts[0] for fault in clocks) == sorted(SERVICES)
    assert all(abs(fault.shift_seconds) >= 7200 for fault in clocks)
    assert [fault.kind for fault in clocks].count(Kind.JUMP) == 3
    assert len(plan) == len(set(plan))


def test_the_default_plan_is_a_whole_cycle() -> None:
    """Nothing that the run knows is left to chance."""
    assert FAULTS_PER_CYCLE == CYCLE
    assert len(plan_of(parse(["--seed", "3"]))) == CYCLE


@pytest.mark.parametrize("seed", range(20))
def test_a_short_plan_has_every_kind(seed: int) -> None:
    """Kinds take turns, so nine faults show all of them."""
    assert {fault.kind for fault in make_plan(9, seed=seed)} == set(Kind)


def test_only_keeps_what_is_named() -> None:
    """A kind, a part or a link chooses the faults that have it."""
    assert {fault.kind for fault in make_plan(9, seed=1, only=["cut"])} == {Kind.CUT}
    assert all(Part.BROKER in fault.parts for fault in make_plan(9, seed=1, only=["broker"]))
    chosen = make_plan(4, seed=1, only=[Link.WRITER_DATABASE])
    assert all(Link.WRITER_DATABASE in fault.links for fault in chosen)


def test_without_leaves_out() -> None:
    """Kinds that are left out never come."""
    plan = make_plan(100, seed=2, without=[Kind.LONG_PAUSE, Kind.DISK])
    assert not {Kind.LONG_PAUSE, Kind.DISK} & {fault.kind for fault in plan}


def test_unknown_name_is_refused() -> None:
    """A typing error does not give an empty run."""
    with pytest.raises(ValueError, match="no kind, part or link: brocker"):
        make_plan(1, seed=1, only=["brocker"])
    with pytest.raises(ValueError, match="no fault"):
        make_plan(1, seed=1, only=["cut"], without=[Kind.CUT])


def test_hold_scale_shortens() -> None:
    """A quarter of 20 s is 5 s."""
    plan = make_plan(40, seed=1, only=["pause"], hold_scale=0.25)
    assert {fault.hold_seconds for fault in plan} == {5.0}


def test_titles_tell_what_and_whom() -> None:
    """The report names senders as one network and shows the sign of a shift."""
    titles = {fault.title for fault in make_plan(CYCLE, seed=1)}
    assert "cut senders-ingest" in titles
    assert "disk-full database" in titles
    assert any(title.startswith("clock ") and title.endswith(" s") for title in titles)
    assert "kill ingest + database" in titles


def test_balances_outlast_what_does_not_end_ingest() -> None:
    """Only kills and new starts of the first ingest, and a cut of TCP's own connection, end one."""
    plan = make_plan(CYCLE, seed=1)
    udp = {fault.title for fault in plan if breaks_span(fault, over_tcp=False)}
    tcp = {fault.title for fault in plan if breaks_span(fault, over_tcp=True)}
    killed = {
        fault.title for fault in plan if fault.kind is Kind.KILL and Part.INGEST in fault.parts
    }
    assert len(killed) == 8
    assert killed <= udp
    assert {title.split()[0] for title in udp - killed} <= {"clock"}
    assert tcp - udp == {"cut senders-ingest"}
    assert not breaks_span(Fault(Kind.LONG_PAUSE, parts=(Part.INGEST,)), over_tcp=True)
    assert not breaks_span(Fault(Kind.JUMP, parts=(Part.INGEST,)), over_tcp=True)


def test_the_broker_is_touched_by_the_ways_to_it() -> None:
    """One that is somebody else's is spared, which leaves 51 faults, the long pause included."""
    plan = make_plan(CYCLE, seed=1)
    assert all(("broker" in fault.title) == touches_broker(fault) for fault in plan)
    left = make_plan(None, seed=1, spares_broker=True)
    assert not any("broker" in fault.title for fault in left)
    assert {fault.kind for fault in left} == set(Kind)
    assert len(left) == CYCLE - 8 - 1 - 5 - 5


def test_without_a_count_each_fault_comes_once() -> None:
    """Of those that are wanted."""
    plan = make_plan(None, seed=1, only=["kill"])
    assert len(plan) == len({fault.parts for fault in plan}) == 8 + 28


def test_a_target_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than breaking something else than was asked for."""
    monkeypatch.setenv("TARGET", "kubernetes")
    with pytest.raises(SystemExit):
        parse([])
    monkeypatch.setenv("TARGET", "")
    assert parse([]).target is TargetName.PROCESSES


def test_containers_have_all_faults_but_wrong_clocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their broker is a container, whatever other one there is."""
    monkeypatch.setenv("TARGET", "containers")
    monkeypatch.setenv("KAFKA_BOOTSTRAP", "192.0.2.1:9092")
    plan = plan_of(parse(["--seed", "1"]))
    assert {one.kind for one in plan} == set(Kind) - set(CLOCK_KINDS)
    assert len(plan) == CYCLE - len(SERVICES)
    with pytest.raises(SystemExit):
        parse(["--broker", "jars"])


@pytest.mark.parametrize("option", ["--broker=jars", "--no-spool"])
def test_a_stack_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch, option: str) -> None:
    """Its broker and its spools are those of its files."""
    monkeypatch.setenv("TARGET", "compose")
    assert parse([]).target is TargetName.COMPOSE
    with pytest.raises(SystemExit):
        parse([option])


def test_a_plan_of_a_stack_breaks_every_container(monkeypatch: pytest.MonkeyPatch) -> None:
    """All twelve are killed; those with packets are stopped and cut off, and killed in pairs."""
    monkeypatch.setenv("TARGET", "compose")
    # Somebody's broker is none of a stack's business.
    monkeypatch.setenv("KAFKA_BOOTSTRAP", "192.0.2.1:9092")
    plan = plan_of(parse(["--seed", "1"]))

    def of(kind: Kind, count: int) -> set[tuple[Part, ...]]:
        return {one.parts for one in plan if one.kind is kind and len(one.parts) == count}

    core = {(part,) for part in CORE}
    assert len(core) == 9
    assert of(Kind.KILL, 1) == {(part,) for part in PLACES} >= core
    assert len(of(Kind.KILL, 2)) == 9 * 8 // 2
    assert of(Kind.PAUSE, 1) == of(Kind.CUT, 1) == core
    assert [one.links for one in plan if one.kind is Kind.CUT and not one.parts] == [SENDER_LINKS]
    assert {one.kind for one in plan} == {Kind.KILL, Kind.PAUSE, Kind.LONG_PAUSE, Kind.CUT}
