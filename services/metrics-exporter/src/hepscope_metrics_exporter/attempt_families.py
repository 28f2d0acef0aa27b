"""The metrics of attempts and sessions, once for each way of looking at them.

There are three views, each with names of its own, so that a plain sum over a name never counts an
attempt twice: all nodes as one capture, each node by itself, and each named address (as the source
and as the destination of the hop that was seen first).
"""

from collections.abc import Sequence
from typing import Final

from hepscope_common.calls.attempt import Attempt
from hepscope_common.calls.folding import Event, EventKind
from hepscope_common.metrics import CounterFamily, Family, HistogramFamily
from hepscope_metrics_exporter.ratios import CLAUSES, KPIS, shares
from hepscope_metrics_exporter.statuses import status_label

METHODS: Final = ("INVITE", "REGISTER")
RESULTS: Final = ("successful", "failed")

ANSWER_SECONDS: Final = (
    0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 3, 4, 6, 8, 12, 20, 32, 60, 180,
)  # fmt: skip
"""Up to Timer C: setting up a session takes milliseconds to minutes."""

TRANSACTION_SECONDS: Final = (
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32,
)  # fmt: skip
"""Up to Timer F."""

TALK_SECONDS: Final = (
    1, 3, 6, 10, 30, 60, 120, 180, 300, 600, 1200, 1800, 3600, 7200, 14400,
)  # fmt: skip

SERIES_OF_A_KEY: Final = 40
"""Finals by method that a node or a named address is expected to show."""

USUAL_FINALS: Final[dict[str, tuple[int | None, ...]]] = {
    "INVITE": (
        200, 302, 401, 403, 404, 407, 408, 410, 480, 481, 484, 486, 487, 488, 500, 502, 503, 504,
        600, 603, None,
    ),
    "REGISTER": (200, 401, 403, 404, 407, 408, 423, 500, 503, None),
}  # fmt: skip
"""Those visible at zero from the start: the growth of a counter that appears with its first event
is not seen, and the first 503 is the one to be told of."""

MAX_HISTOGRAMS: Final = 64
"""Nodes or named addresses with distributions of their own; each has some 160 series. Further ones
have their counters, and share the distributions of ``other``."""

Key = tuple[str, ...]


class AttemptFamilies:
    """Counters and histograms of one view; ``labels`` tell what its keys are."""

    def __init__(self, prefix: str, view: str, labels: Sequence[str], *, max_keys: int) -> None:
        self._labels = tuple(labels)
        self._prefix, self._view = prefix, view
        self._is_whole = not labels
        self._max_keys = max_keys
        self.opened = self._counter(
            "attempts_opened_total",
            "Attempts begun, by method: one per Call-ID and From tag, whatever was sent again,"
            " challenged or seen at several points",
            ("method",),
            known=[(method,) for method in METHODS],
            series=len(METHODS),
            clause="RFC 6076 3",
        )
        self.settled = self._counter(
            "attempts_settled_total",
            "Attempts whose final is certain, by method, outcome and final status (none: never"
            " answered)",
            ("method", "outcome", "status"),
            known=_usual_settlements(),
            series=SERIES_OF_A_KEY,
            clause="RFC 6076 4",
        )
        self.sessions_started = self._counter(
            "sessions_started_total",
            "INVITE attempts that were answered by a 2xx",
            (),
            series=1,
            clause="RFC 6076 4.5",
        )
        self.sessions_ended = self._counter(
            "sessions_ended_total",
            "Sessions whose BYE was seen: completed when it has a 2xx",
            ("outcome",),
            known=[("completed",), ("failed",)],
            series=2,
            clause="RFC 6076 4.9",
        )
        self.numerator = self._counter(
            "kpi_numerator_total",
            "Attempts that count as success (SER, SEER, SCR, ASR, NER, ABR) or failure (ISA, IRA)",
            ("kpi",),
            known=[(kpi,) for kpi in KPIS],
            series=len(KPIS),
            clause=CLAUSES,
        )
        self.denominator = self._counter(
            "kpi_denominator_total",
            "Attempts that the ratio is of",
            ("kpi",),
            known=[(kpi,) for kpi in KPIS],
            series=len(KPIS),
            clause=CLAUSES,
        )
        self.rrd = self._histogram(
            "rrd_seconds", "Registration request delay: REGISTER to its 2xx, challenge inside",
            TRANSACTION_SECONDS, "RFC 6076 4.1",
        )  # fmt: skip
        self.srd = self._histogram(
            "srd_seconds", "Session request delay: INVITE to the first provisional but 100, else"
            " to the final", ANSWER_SECONDS, "RFC 6076 4.3", by_result=True,
        )  # fmt: skip
        self.sdd = self._histogram(
            "sdd_seconds", "Session disconnect delay: BYE to its 2xx (successful), to another"
            " final or to Timer F (failed)", TRANSACTION_SECONDS, "RFC 6076 4.4", by_result=True,
        )  # fmt: skip
        self.sdt = self._histogram(
            "sdt_seconds", "Session duration time: 2xx to the BYE (successful), or to the Timer F"
            " of a BYE that nobody answered (failed)", TALK_SECONDS, "RFC 6076 4.5",
            by_result=True,
        )  # fmt: skip
        self.pdd = self._histogram(
            "pdd_seconds", "Post-dial delay: INVITE to the first 180, 183 with SDP, or 2xx",
            ANSWER_SECONDS, "RFC 6076 5.3, E.721",
        )  # fmt: skip
        self.acd = self._histogram(
            "acd_seconds", "Durations of the sessions whose BYE was seen; their mean is the ACD",
            TALK_SECONDS, "E.411 family",
        )  # fmt: skip

    @property
    def families(self) -> list[Family]:
        """Everything that is exposed."""
        return [
            self.opened, self.settled, self.sessions_started, self.sessions_ended,
            self.numerator, self.denominator,
            self.rrd, self.srd, self.sdd, self.sdt, self.pdd, self.acd,
        ]  # fmt: skip

    def count(self, event: Event, key: Key = ()) -> None:
        """Count what happened to an attempt, under the values of this view's labels."""
        attempt = event.attempt
        if event.kind is EventKind.OPENED:
            self.opened.add((*key, attempt.method))
        elif event.kind is EventKind.SETTLED:
            self._settle(attempt, key)
        else:
            self._end(attempt, key)

    def _settle(self, attempt: Attempt, key: Key) -> None:
        status = attempt.status
        self.settled.add((*key, attempt.method, attempt.outcome.value, status_label(status)))
        for kpi, share in shares(attempt):
            if share.numerator:
                self.numerator.add((*key, kpi))
            if share.denominator:
                self.denominator.add((*key, kpi))
        if attempt.method == "REGISTER":
            delay = attempt.registration_delay_us
            if delay is not None:
                self.rrd.observe(key, delay / 1e6)
            return
        if attempt.is_answered:
            self.sessions_started.add(key)
        delay = attempt.request_delay_us
        if delay is not None:
            self.srd.observe((*key, RESULTS[not attempt.is_answered]), delay / 1e6)
        delay = attempt.post_dial_delay_us
        if delay is not None:
            self.pdd.observe(key, delay / 1e6)

    def _end(self, attempt: Attempt, key: Key) -> None:
        delay = attempt.disconnect_delay_us
        if delay is not None:
            is_2xx = attempt.bye_status is not None and 200 <= attempt.bye_status < 300
            self.sdd.observe((*key, RESULTS[not is_2xx]), delay / 1e6)
        duration = attempt.duration_us
        if duration is None:
            return
        self.sessions_ended.add((*key, "completed" if attempt.is_completed else "failed"))
        if attempt.is_completed:
            self.numerator.add((*key, "scr"))
        self.sdt.observe((*key, RESULTS[attempt.bye_status is None]), duration / 1e6)
        self.acd.observe(key, duration / 1e6)

    def _counter(
        self,
        name: str,
        text: str,
        labels: Sequence[str],
        *,
        known: Sequence[Key] = (),
        series: int,
        clause: str,
    ) -> CounterFamily:
        return CounterFamily(
            self._prefix + name,
            f"{text}{self._view}.",
            (*self._labels, *labels),
            known=known if self._is_whole else (),
            max_series=max(self._max_keys * series, 500 if self._is_whole else 1),
            clause=clause,
        )

    def _histogram(
        self,
        name: str,
        text: str,
        bounds: Sequence[float],
        clause: str,
        *,
        by_result: bool = False,
    ) -> HistogramFamily:
        results = [(result,) for result in RESULTS] if by_result else []
        return HistogramFamily(
            self._prefix + name,
            f"{text}{self._view}.",
            bounds,
            (*self._labels, "result") if by_result else self._labels,
            known=results if self._is_whole else (),
            max_series=min(self._max_keys, MAX_HISTOGRAMS) * (len(RESULTS) if by_result else 1),
            clause=clause,
        )


def _usual_settlements() -> list[Key]:
    """Return method, outcome and status of the usual finals."""
    attempts = [
        Attempt(method, "", "", "", 0, 0, status=status)
        for method, statuses in USUAL_FINALS.items()
        for status in statuses
    ]
    return [(one.method, one.outcome.value, status_label(one.status)) for one in attempts]
