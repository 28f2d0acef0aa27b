"""The judgement of the hops: what is whole, what is broken, what nobody can tell."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hepscope_ingest import refusal
from hepscope_query_api.hops.advice import ADVICE, BY_CHOICE, advice
from hepscope_query_api.hops.facts import (
    Facts,
    IngestFacts,
    ListenerFacts,
    Look,
    Looks,
    NodeFacts,
)
from hepscope_query_api.hops.hop import HopName, HopState, Walk
from hepscope_query_api.hops.judging import judge

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
THERE = Looks(Look(True, "answers"))
INGEST = IngestFacts(
    instance="ams-1",
    is_living=True,
    started_at=NOW - timedelta(hours=1),
    reported_at=NOW - timedelta(seconds=3),
    stored_at=NOW - timedelta(seconds=3),
    report_age_s=3.0,
    listeners=[ListenerFacts("udp", "::", 9060, 5), ListenerFacts("tls", "fd00::1", 9061, 0)],
)
SILENT = replace(INGEST, is_living=False, report_age_s=300.0)
NODE = NodeFacts("node", "edge", 5, {}, 0.0, NOW - timedelta(seconds=9), NOW)


def facts(
    *nodes: NodeFacts, ingests: tuple[IngestFacts, ...] = (INGEST,), writers: int = 3
) -> Facts:
    """What a database tells in which something is stored."""
    return Facts(NOW, ingests, nodes, writers, NOW, NOW)


def states(walk: Walk) -> dict[str, str]:
    """Hops by name."""
    return {hop.name.value: hop.state.value for hop in walk.hops}


def hop(walk: Walk, name: HopName) -> str:
    """What is said of a hop, and what to do."""
    (found,) = (one for one in walk.hops if one.name is name)
    return f"{found.detail} | {found.do}"


def test_a_fresh_report_proves_the_way_it_came() -> None:
    """Each hop is whole, and says by what it is known."""
    walk = judge(facts(NODE), THERE)

    assert set(states(walk).values()) == {"ok"}
    assert walk.broken is None
    assert "ams-1: udp *:9060, tls [fd00::1]:9061" in hop(walk, HopName.LISTENER)
    assert "a report of ams-1 came through 3 s ago" in hop(walk, HopName.BUS)
    assert {one.state for one in walk.nodes[0].hops} == {HopState.OK}


def test_nothing_is_known_before_the_first_report() -> None:
    """Not ok, not broken."""
    nothing = Facts(NOW, [], [], 0, None, None)
    walk = judge(nothing, THERE)

    assert states(walk)["listener"] == states(walk)["newest"] == "unknown"
    assert walk.broken is HopName.BUS
    assert "no storage-writer is connected" in hop(walk, HopName.BUS)
    assert states(judge(replace(nothing, writers=1), THERE))["bus"] == "unknown"


def test_silence_alone_does_not_tell_ingest_from_bus() -> None:
    """With a look at ingest it does: what listens and is not heard of is lost on the way."""
    silent = facts(NODE, ingests=(SILENT,))

    walk = judge(silent, THERE)
    assert (states(walk)["listener"], states(walk)["bus"]) == ("unknown", "unknown")
    assert walk.broken is None
    assert "stored 5 min ago" in hop(walk, HopName.LISTENER)

    seen = replace(THERE, listener=Look(True, "bound"))
    assert judge(silent, seen).broken is HopName.BUS
    gone = replace(THERE, listener=Look(False, "nothing is bound", "Start it."))
    assert judge(silent, gone).broken is HopName.LISTENER
    assert judge(facts(NODE, ingests=(SILENT,), writers=0), THERE).broken is HopName.BUS


def test_a_report_that_took_long_is_a_warning() -> None:
    """The writer lags behind, or the clocks differ; both are said."""
    late = replace(INGEST, reported_at=INGEST.stored_at - timedelta(minutes=12))
    walk = judge(facts(NODE, ingests=(late,)), THERE)

    assert states(walk)["bus"] == "warning"
    assert "made 12 min before" in hop(walk, HopName.BUS)


def test_refusals_are_told_with_what_to_do() -> None:
    """All refused is broken, some are a warning while they go on; noise is no fault of a sender."""
    wrong = NodeFacts("node", "edge", 0, {"auth_key": 7}, 1.0, None, None)
    address = NodeFacts("address", "192.0.2.1", 0, {"auth_key": 7, "not_hep": 1}, 1.0, None, None)
    walk = judge(facts(wrong, address), THERE)
    assert walk.broken is HopName.ADMISSION
    assert hop(walk, HopName.ADMISSION).startswith(
        "all that came is refused: auth_key 7, not_hep 1"
    )
    assert "ingest.auth_keys" in hop(walk, HopName.ADMISSION)
    assert walk.nodes[0].hops[1].state is HopState.BROKEN

    some = replace(NODE, refused={"auth_key": 1})
    assert states(judge(facts(some), THERE))["admission"] == "hint"
    going_on = replace(some, refused_per_s=0.5)
    assert states(judge(facts(going_on), THERE))["admission"] == "warning"
    wished = replace(NODE, refused={"duplicate": 9}, refused_per_s=3.0)
    assert states(judge(facts(wished), THERE))["admission"] == "ok"
    scanner = NodeFacts("address", "192.0.2.9", 0, {"not_hep": 3}, 0.0, None, None)
    assert states(judge(facts(scanner), THERE))["admission"] == "warning"


def test_what_is_accepted_and_not_stored_is_missed_after_a_minute() -> None:
    """By the clock of the ingest alone, on both sides."""
    behind = replace(
        NODE,
        last_accepted=NOW - timedelta(minutes=2),
        last_stored=NOW - timedelta(minutes=9),
    )
    walk = judge(facts(behind), THERE)
    assert walk.broken is HopName.NEWEST
    assert "accepted at 2026-11-24 11:58:00 UTC" in hop(walk, HopName.NEWEST)
    assert walk.nodes[0].hops[-1].state is HopState.BROKEN

    just_now = replace(behind, last_accepted=NOW - timedelta(seconds=20))
    assert states(judge(facts(just_now), THERE))["newest"] == "ok"


def test_without_the_database_only_what_was_looked_at_is_known() -> None:
    """In one process ingest and writer are asked; of others nobody can say."""
    away = Looks(Look(False, "it does not answer", "Start it."))
    assert states(judge(None, away)) == {
        "listener": "unknown",
        "admission": "unknown",
        "bus": "unknown",
        "database": "broken",
        "newest": "unknown",
    }
    full = replace(away, listener=Look(True, "accepting"), bus=Look(False, "it is full", "Wait."))
    assert judge(None, full).broken is HopName.BUS


def test_there_is_advice_for_every_reason() -> None:
    """The table is complete, and of the reasons that exist only."""
    assert set(ADVICE) == set(refusal.REASONS)
    assert BY_CHOICE == refusal.BY_CHOICE
    assert advice({"not_hep": 1, "auth_key": 2}) == ADVICE["auth_key"]
    assert advice({}) == ""
    assert "docs/" in advice({"of_a_later_release": 1})
