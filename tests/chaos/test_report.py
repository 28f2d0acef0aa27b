"""The report fails whenever something is wrong, and its last line has one exact form."""

from collections import Counter
from dataclasses import replace

from chaos.balance import Reading, Span
from chaos.numbers import LaneName, Number
from chaos.parts import Part
from chaos.plan import Fault, Kind
from chaos.report import Findings, Outcome
from chaos.verification import verify

NUMBERS = [Number("udp", n) for n in range(1, 11)]
KILL = Outcome(Fault(Kind.KILL, parts=(Part.BROKER,), hold_seconds=1.5), 12.0, 4.25)
READING = Reading(1, 0, 0, 0, 0)


def findings() -> Findings:
    """Those of a run in which all is well."""
    counter = Counter(NUMBERS)
    verdict = verify(topic=counter, stored=counter, acknowledged=frozenset(), calls=counter)
    span = Span(LaneName.UDP, READING, replace(READING, sent=10, accepted=10))
    return Findings(outcomes=[KILL], spans=[span], lag=0, verdict=verdict)


def test_a_good_run() -> None:
    """Every check holds; the table shows the fault and its recovery."""
    found = findings()
    assert found.holds
    assert found.last_line() == "chaos: faults=1 accepted=10 stored=10 lost=0 doubled=0"
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
    promised = frozenset({Number("hep", 1)})
    found.verdict = verify(topic=topic, stored=stored, acknowledged=promised, calls=stored)
    assert not found.holds
    assert found.last_line() == "chaos: faults=1 accepted=11 stored=9 lost=2 doubled=1"


def test_a_run_that_broke_off_fails() -> None:
    """No verdict, no success."""
    assert not Findings().holds
    assert Findings().last_line() == "chaos: faults=0 accepted=0 stored=0 lost=0 doubled=0"
