"""Expressions over the three views of attempts: all nodes, each node, each named address.

Counters of all exporters are added before anything is divided. A node or address that never had a
success has no series of it, so its ratio is made 0 instead of missing.
"""

from dataclasses import dataclass
from typing import Final

RATE: Final = "$__rate_interval"
WINDOW: Final = "$window"


@dataclass(frozen=True, slots=True)
class View:
    """How attempts are looked at."""

    prefix: str
    """Of the names of its metrics."""
    selector: str = ""
    labels: str = ""
    legend: str = ""

    def pick(self, *more: str) -> str:
        """Return the selector in braces, with more conditions."""
        return "{" + ", ".join(part for part in (self.selector, *more) if part) + "}"

    def total(self, name: str, *more: str, window: str = RATE, by: str = "") -> str:
        """Return the rate of a counter, added up but for the view's labels and ``by``."""
        labels = ", ".join(part for part in (self.labels, by) if part)
        grouped = f"sum by ({labels}) " if labels else "sum"
        return f"{grouped}(rate({self.prefix}{name}{self.pick(*more)}[{window}]))"

    def ratio(self, kpi: str, *, window: str = WINDOW, offset: str = "") -> str:
        """Return a ratio (0 to 1) over a window, perhaps as it was a while ago."""
        over = f"{window}]" + (f" offset {offset}" if offset else "")
        part = self._sum("kpi_numerator_total", kpi, over)
        whole = self._sum("kpi_denominator_total", kpi, over)
        if self.labels:
            part = f"({part} or 0 * {whole})"
        return f"{part} / ({whole} > 0)"

    def percentile(self, metric: str, share: float, *more: str, window: str = WINDOW) -> str:
        """Return a percentile of a histogram of delays, seconds."""
        labels = ", ".join(part for part in (self.labels, "le") if part)
        name = f"{self.prefix}{metric}_bucket"
        rate = f"sum by ({labels}) (rate({name}{self.pick(*more)}[{window}]))"
        return f"histogram_quantile({share}, {rate})"

    def mean(self, metric: str, *more: str, window: str = WINDOW) -> str:
        """Return the mean of a histogram's observations."""
        total = self.total(f"{metric}_sum", *more, window=window)
        count = self.total(f"{metric}_count", *more, window=window)
        return f"{total} / ({count} > 0)"

    def _sum(self, name: str, kpi: str, over: str) -> str:
        grouped = f"sum by ({self.labels}) " if self.labels else "sum"
        kind = f'kpi="{kpi}"'
        return f"{grouped}(rate({self.prefix}{name}{self.pick(kind)}[{over}))"


OVERALL: Final = View("hepscope_")
NODES: Final = View("hepscope_node_", 'node=~"$node"', "node", "{{node}}")
TARGETS: Final = View(
    "hepscope_target_", 'target=~"$target"', "target, direction", "{{target}} {{direction}}"
)
