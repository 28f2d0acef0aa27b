"""What Grafana would ask of the dashboards that are checked in, with variables replaced as it does.

A choice left at "All" is ``.*`` here, as each variable says; ``$__rate_interval`` is what Grafana
makes of a range of some days.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
JSON = ROOT / "deploy" / "grafana" / "json"

RATE_SECONDS = 300
"""Longer than the traffic of a test takes on a busy machine."""

WINDOW = "30m"
WEEK = "offset 1w"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A query of a panel, or of a variable."""

    dashboard: str
    panel: str
    text: str

    def __str__(self) -> str:
        return f"{self.dashboard} / {self.panel}: {self.text}"


def dashboards() -> dict[str, Json]:
    """Return all dashboards by file name."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(JSON.glob("*.json"))}


def panels(dashboard: Json) -> Iterator[Json]:
    """Yield the panels of a dashboard, those in rows too, without the rows."""
    for one in dashboard["panels"]:
        if one["type"] == "row":
            yield from one.get("panels", [])
        else:
            yield one


def promql() -> list[Asked]:
    """Return the PromQL of all panels."""
    return [
        Asked(name, panel["title"], resolved(target["expr"]))
        for name, dashboard in dashboards().items()
        for panel in panels(dashboard)
        for target in panel["targets"]
        if "expr" in target and target["datasource"]["type"] == "prometheus"
    ]


def logql() -> list[Asked]:
    """Return the LogQL of all panels, as it stands in them."""
    return [
        Asked(name, panel["title"], target["expr"])
        for name, dashboard in dashboards().items()
        for panel in panels(dashboard)
        for target in panel["targets"]
        if target["datasource"]["type"] == "loki"
    ]


def label_values() -> list[Asked]:
    """Return the selectors of all variables that list the values of a metric's label."""
    found = []
    for name, dashboard in dashboards().items():
        for variable in dashboard["templating"]["list"]:
            if variable["type"] == "query" and variable["datasource"]["type"] == "prometheus":
                metric, label = re.findall(r"label_values\((\w+), (\w+)\)", variable["query"])[0]
                found.append(Asked(name, variable["name"], f"count by ({label}) ({metric})"))
    return found


def sql() -> list[Asked]:
    """Return the SQL of all panels, as it stands in them."""
    return [
        Asked(name, panel["title"], target["rawSql"])
        for name, dashboard in dashboards().items()
        for panel in panels(dashboard)
        for target in panel["targets"]
        if "rawSql" in target
    ]


def resolved(expression: str) -> str:
    """Return an expression with Grafana's and our variables replaced."""
    for name, value in {
        "$__rate_interval": f"{RATE_SECONDS}s",
        "$__interval": "5s",
        "$__range": "10m",
        "$window": WINDOW,
    }.items():
        expression = expression.replace(name, value)
    found = re.sub(r'=~"\$\w+"', '=~".*"', expression)
    assert "$" not in found, found
    return found
