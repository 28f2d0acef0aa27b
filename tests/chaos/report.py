"""What a chaos run found: a table of faults, the checks, and one last line for machines."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from chaos.balance import Span
from chaos.numbers import PLAIN_LANES, LaneName
from chaos.plan import Fault
from chaos.verification import Verdict, stretches

LEAST_ARRIVED = 0.5
"""Share of each lane's numbers that must reach the bus: plain lanes lose what comes while ingest
is dead, but a lane that lost more was not a steady load."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A fault and how the installation came back from it."""

    fault: Fault
    at_seconds: float
    """Since the load began."""
    recovery_seconds: float | None
    """From its end until every part was ready and every lane's new packets were stored; None
    when that did not happen in time."""
    own_ends: Sequence[str] = ()
    """Parts that ended by themselves meanwhile and were started again."""
    trouble: str = ""
    """What was not ready at the end of patience."""

    def row(self) -> tuple[str, ...]:
        """Return the cells of its line."""
        recovery = "NEVER" if self.recovery_seconds is None else f"{self.recovery_seconds:.1f}"
        notes = [*(f"{name} ended by itself" for name in self.own_ends), self.trouble]
        return (
            f"{self.at_seconds:.0f}",
            self.fault.title,
            f"{self.fault.hold_seconds:.1f}",
            recovery,
            "; ".join(note for note in notes if note),
        )


@dataclass(slots=True)
class Findings:
    """Everything that a run found out."""

    asked_packets: int = 0
    """How many numbers the run had to make."""
    made: Counter[str] = field(default_factory=Counter)
    """Numbers made by each lane."""
    outcomes: list[Outcome] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    """Faults that this machine cannot do, and why."""
    is_balanced: bool = True
    """Whether the senders of plain lanes could be told apart, so that there are spans."""
    spans: list[Span] = field(default_factory=list)
    late_lanes: list[str] = field(default_factory=list)
    lies: list[int] = field(default_factory=list)
    lag: int | None = None
    """Records not stored at the end of patience; 0 when everything is."""
    verdict: Verdict | None = None

    def checks(self) -> list[tuple[str, bool, str]]:
        """Return what was checked, whether it holds, and details."""
        verdict = self.verdict
        if verdict is None:
            return [("the run came to its end", False, "")]
        never = [one.fault.title for one in self.outcomes if one.recovery_seconds is None]
        judged = [span for span in self.spans if not span.is_void and span.sent]
        wrong = [str(span) for span in judged if not span.holds]
        unjudged = [str(name) for name in PLAIN_LANES if name not in {one.lane for one in judged}]
        balance = (
            f"(3) sent = accepted + refused + dropped, {len(judged)} spans of plain lanes",
            not unjudged and not wrong,
            "; ".join(wrong + [f"no span of {name} could be judged" for name in unjudged]),
        )
        return [
            ("enough was done to tell", *self._enough(verdict)),
            (
                "every part recovered from every fault",
                not never and not self.late_lanes,
                ", ".join(never + [f"lane {name} never settled" for name in self.late_lanes]),
            ),
            ("the writer caught up (lag 0)", self.lag == 0, f"lag {self.lag}" if self.lag else ""),
            (
                "(1) every number on the bus is in the database",
                not verdict.not_stored,
                stretches(verdict.not_stored),
            ),
            ("(1) none is there twice", not verdict.doubled, stretches(verdict.doubled)),
            (
                "(1) each call record counts its messages once",
                not verdict.miscounted,
                stretches(verdict.miscounted),
            ),
            (
                "(1) nothing is stored that is not on the bus, nothing garbled",
                not verdict.unexplained and not verdict.garbled,
                stretches(verdict.unexplained),
            ),
            (
                "(2) every number that ingest acknowledged is on the bus",
                not verdict.broken_promises and not self.lies,
                stretches(verdict.broken_promises)
                + (f" acknowledged but never sent: {self.lies}" if self.lies else ""),
            ),
            *([balance] if self.is_balanced else []),
        ]

    def _enough(self, verdict: Verdict) -> tuple[bool, str]:
        """Return whether so much happened that the proof means something, and what did not."""
        on_bus = Counter(lane for lane, _ in verdict.accepted - verdict.broken_promises)
        promised = Counter(lane for lane, _ in verdict.acknowledged)
        missing = [] if self.outcomes else ["no fault was done"]
        if self.made.total() < max(1, self.asked_packets):
            missing.append(f"{self.made.total()} of {self.asked_packets} packets were made")
        for name in LaneName:
            least = self.made[name] * LEAST_ARRIVED
            if not on_bus[name] or on_bus[name] < least:
                missing.append(f"only {on_bus[name]} of {self.made[name]} came over {name}")
            if name not in PLAIN_LANES and not promised[name]:
                missing.append(f"nothing was acknowledged over {name}")
        return not missing, "; ".join(missing)

    @property
    def holds(self) -> bool:
        """Whether every check holds."""
        return all(is_held for _, is_held, _ in self.checks())

    def table(self) -> str:
        """Return the faults as a table."""
        rows: list[tuple[str, ...]] = [("at s", "fault", "held s", "recovered s", "")]
        rows += [outcome.row() for outcome in self.outcomes]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        return "\n".join(_line(row, widths) for row in rows)

    def lines(self) -> list[str]:
        """Return everything there is to say before the last line."""
        said = [self.table(), ""]
        said += [f"left out: {text}" for text in self.left_out]
        said += [f"span {span}" for span in self.spans]
        for name, is_held, detail in self.checks():
            said.append(f"{'holds ' if is_held else 'BROKEN'} {name}{_behind(detail)}")
        return said

    def last_line(self) -> str:
        """Return the one line that sums it up."""
        verdict = self.verdict
        accepted, stored, lost, doubled = (
            (len(verdict.accepted), len(verdict.stored), len(verdict.lost), len(verdict.doubled))
            if verdict is not None
            else (0, 0, 0, 0)
        )
        return (
            f"chaos: faults={len(self.outcomes)} accepted={accepted} stored={stored}"
            f" lost={lost} doubled={doubled}"
        )


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    at, title, held, recovered, notes = row
    cells = [
        at.rjust(widths[0]),
        title.ljust(widths[1]),
        held.rjust(widths[2]),
        recovered.rjust(widths[3]),
        notes,
    ]
    return "  ".join(cells).rstrip()


def _behind(detail: str) -> str:
    return f": {detail}" if detail else ""
