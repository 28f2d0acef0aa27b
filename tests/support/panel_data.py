"""Which expressions of panels and alerts a Prometheus has nothing for."""

import math
import re
from collections.abc import Iterable

from support.grafana import WEEK, Asked
from support.prometheus import Prometheus
from support.prometheus_rules import rules

_METRIC = re.compile(r"(?<![\w:])((?:hepscope|process)_\w+|\w+:hepscope_[\w:]+|up)(?![\w(:])")
"""Names of series in the expression of an alert."""


def series_of_alerts() -> list[Asked]:
    """Return each series that an alert asks for."""
    return [
        Asked("alerts", rule.name, metric)
        for rule in rules()
        if rule.kind == "alert"
        for metric in _METRIC.findall(rule.expression)
    ]


def without_data(
    prometheus: Prometheus, asked: Iterable[Asked], excused: Iterable[str] = ()
) -> list[str]:
    """Return what gives nothing, or no number, and holds none of the excused expressions."""
    found = []
    for one in asked:
        answers = prometheus.query(one.text)
        if not answers and WEEK in one.text:
            answers = prometheus.query(one.text.replace(WEEK, "offset 1s"))
        has_number = any(not math.isnan(float(answer["value"][1])) for answer in answers)
        if not has_number and not any(re.search(part, one.text) for part in excused):
            found.append(str(one))
    return found
