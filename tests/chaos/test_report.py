"""The report fails whenever something is wrong, and its last line has one exact form."""

from collections import Counter
from dataclasses import replace

import pytest

from chaos.balance import Reading, Span
from chaos.numbers import PLAIN_LANES, LaneName, Number
from chaos.parts import Part
from chaos.plan import Fault, Kind
from chaos.report import Findings, Outcome
from chaos.verification import verify

NUMBERS = [Number(lane, n) for lane in LaneName for n in range(1, 11)]
PROMISED = frozenset(number for number in NUMBERS if number.lane not in PLAIN_LANES)
KILL = Outcome(Fault(Kind.KILL, parts=(Part.BROKER,), hold_seconds=1.5), 12.0, 4.25)
READING = Reading(1, 0, 0, 0, 0)


def findings() -> Findings:
    """Those of a run in which all is well."""
    counter = Counter(NUMBERS)
    verdict = verify(topic=counter, stored=counter, acknowledged=PROMISED, calls=counter)
    spans = [Span(lane, READING, replace(READING, sent=10, accepted=10)) for lane in PLAIN_LANES]
    return Findings(
        asked_packets=40,
        made=Counter(number.lane for number in NUMBERS),
        outcomes=[KILL],
        spans=spans,
        lag=0,
        verdict=verdict,
    )


def test_a_good_run() -> None:
    """Every check holds; the table shows the fault and its recovery."""
    found = findings()
    assert found.holds
    assert found.last_line() == "chaos: faults=1 accepted=40 stored=40 lost=0 doubled=0"
    assert "kill broker" in found.table()
    assert "4.2" in found.table()
    assert not any("BROKEN" in line for line in found.lines())


def test_a_fault_without_recovery_fails() -> None:
    """A part that stayed away."""
    found = findings()
    found.outcomes.append(replace(KILL, recovery_seconds=None, trouble="broker: no answer"))
    assert not found.holds
    assert "NEVER" in found.table()
    assert found.last_line().startswith("chaos: faults=2 ")


def test_a_lag_fails() -> None:
    """The writer never caught up, or nobody looked."""
    for lag in (3, None):
        found = findings()
        found.lag = lag
        assert not found.holds


def test_an_unbalanced_span_fails() -> None:
    """One packet nobody accounts for."""
    found = findings()
    found.spans.append(Span(LaneName.TCP, READING, replace(READING, sent=1)))
    assert not found.holds


def test_no_judged_span_fails() -> None:
    """A check that looked at nothing does not hold."""
    found = findings()
    found.spans = [Span(LaneName.UDP, READING, replace(READING, life=2))]
    assert not found.holds


def test_a_plain_lane_without_a_judged_span_fails() -> None:
    """The other one does not stand for it; nor does a span in which nothing was sent."""
    found = findings()
    found.spans = [found.spans[0], Span(LaneName.TCP, READING, READING)]
    assert not found.holds
    assert any("no span of tcp" in line for line in found.lines())


@pytest.mark.parametrize("lane", list(LaneName))
def test_a_dead_lane_fails(lane: LaneName) -> None:
    """Nothing of it reached the bus: nothing is lost, and nothing was proved."""
    found = findings()
    rest = Counter(number for number in NUMBERS if number.lane != lane)
    found.verdict = verify(topic=rest, stored=rest, acknowledged=PROMISED & rest.keys(), calls=rest)
    assert found.verdict.holds
    assert not found.holds
    assert any(f"only 0 of 10 came over {lane}" in line for line in found.lines())


def test_a_run_without_packets_fails() -> None:
    """Zero lost of zero accepted is no success."""
    found = findings()
    nothing = Counter[Number]()
    found.verdict = verify(topic=nothing, stored=nothing, acknowledged=frozenset(), calls=nothing)
    found.made = Counter()
    assert not found.holds


def test_acknowledged_lanes_without_an_acknowledgement_fail() -> None:
    """Check 2 would have nothing to look up."""
    found = findings()
    counter = Counter(NUMBERS)
    only_http = frozenset(number for number in PROMISED if number.lane == LaneName.HTTP)
    found.verdict = verify(topic=counter, stored=counter, acknowledged=only_http, calls=counter)
    assert not found.holds
    assert any("nothing was acknowledged over hep" in line for line in found.lines())


def test_fewer_packets_or_faults_than_asked_fail() -> None:
    """A run that was cut short says so."""
    assert not replace(findings(), asked_packets=41).holds
    assert not replace(findings(), outcomes=[]).holds


def test_a_lane_that_never_settled_fails() -> None:
    """Acknowledgements that did not come."""
    found = findings()
    found.late_lanes = ["hep"]
    assert not found.holds


def test_an_acknowledgement_of_the_future_fails() -> None:
    """Ingest promised what it never got."""
    found = findings()
    found.lies = [99]
    assert not found.holds


def test_lost_and_doubled_are_in_the_last_line() -> None:
    """Two lost (one on the bus, one only promised), one doubled."""
    found = findings()
    topic = Counter(NUMBERS)
    stored = Counter(NUMBERS[1:]) + Counter([NUMBERS[5]])
    promised = PROMISED | {Number("hep", 11)}
    found.verdict = verify(topic=topic, stored=stored, acknowledged=promised, calls=stored)
    assert not found.holds
    assert found.last_line() == "chaos: faults=1 accepted=41 stored=39 lost=2 doubled=1"


def test_a_run_that_broke_off_fails() -> None:
    """No verdict, no success."""
    assert not Findings().holds
    assert Findings().last_line() == "chaos: faults=0 accepted=0 stored=0 lost=0 doubled=0"


def test_a_target_whose_senders_look_alike_is_judged_without_a_balance() -> None:
    """Its report has no third check, rather than one that holds of nothing."""
    found = findings()
    found.is_balanced, found.spans = False, []
    assert found.holds
    assert not any("(3)" in name for name, _, _ in found.checks())
    found.is_balanced = True
    assert not found.holds
