"""The metric of what was found at start."""

from collections.abc import Iterable, Sequence

from prometheus_client import CollectorRegistry

from hepscope_common.metrics import GaugeFamily, PlainCollector
from hepscope_common.tuning.finding import Check, Finding


class TuningMetrics:
    """A gauge over the findings of one process; hints do not count."""

    def __init__(self, registry: CollectorRegistry, findings: Sequence[Finding]) -> None:
        def read() -> Iterable[tuple[tuple[str, ...], float]]:
            found = [finding.check for finding in findings if not finding.is_hint]
            return [((check.value,), float(found.count(check))) for check in Check]

        self.collector = PlainCollector(
            registry,
            [
                GaugeFamily(
                    "hepscope_tuning_warnings",
                    "Settings of machine or database found wanting at start, by check; the log"
                    " says what to set.",
                    read,
                    ["check"],
                )
            ],
        )
