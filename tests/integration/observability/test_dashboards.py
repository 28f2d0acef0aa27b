"""Every expression of every dashboard and rule gives data on a Prometheus that saw real traffic."""

import re
from collections.abc import Iterable

import pytest

from integration.observability.conftest import Watched
from integration.observability.traffic import FAILURES
from support.grafana import Asked, label_values, promql
from support.panel_data import series_of_alerts, without_data
from support.prometheus_rules import records, rules

WITHOUT_DATA = {
    r"\bnode_(cpu|memory|load|filesystem|disk|network|netstat|timex|uname)": "no node-exporter",
    r"hepscope_bus_": "the bus is in memory: no Kafka",
    r"hepscope_writer_loki_|\bloki_": "no Loki",
    r"hepscope_writer_dead_letters_total": "the database refuses no packet of this traffic",
}
"""What cannot have data here, by a part of the expression, and why."""


def of_hepscope(asked: Iterable[Asked]) -> list[Asked]:
    """Return what is not about capture agents, of which none runs here (test_capture_agents.py)."""
    return [one for one in asked if "hepscope_capture_" not in one.text]


def test_every_expression_of_a_panel_gives_data(watched: Watched) -> None:
    """A value of a week ago is there when a week is a second; what stands above has a reason."""
    assert without_data(watched.prometheus, of_hepscope(promql()), WITHOUT_DATA) == []


def test_every_variable_finds_values(watched: Watched) -> None:
    """A choice without values hides every panel that uses it."""
    assert without_data(watched.prometheus, of_hepscope(label_values()), WITHOUT_DATA) == []


def test_every_reason_for_no_data_is_still_needed() -> None:
    """The list of exceptions does not outlive them."""
    texts = [one.text for one in promql()]
    assert [part for part in WITHOUT_DATA if not any(re.search(part, one) for one in texts)] == []


def test_every_recording_rule_records(watched: Watched) -> None:
    """Each gives series of the name that it records."""
    recorded = [Asked("rules", name, name) for name in records()]
    assert without_data(watched.prometheus, recorded, WITHOUT_DATA) == []


def test_every_series_that_an_alert_asks_for_is_there(watched: Watched) -> None:
    """An alert over a series that nobody exports can never fire; when it does, promtool tests."""
    asked = series_of_alerts()
    assert without_data(watched.prometheus, of_hepscope(asked), WITHOUT_DATA) == []


def test_prometheus_evaluates_every_rule_without_an_error(watched: Watched) -> None:
    """Labels of both sides fit together, which a mere check of the syntax does not show."""
    found = watched.prometheus.rules()
    assert len(found) == len(rules())
    assert [(one["name"], one.get("lastError")) for one in found if one["health"] != "ok"] == []


@pytest.mark.parametrize(
    ("panel", "wanted"),
    [
        ("SER: session establishment ratio", 3 / (3 + len(FAILURES))),
        ("NER: network effectiveness ratio", (3 + 2) / (3 + len(FAILURES))),
        ("ISA: ineffective session attempts", 2 / (3 + len(FAILURES))),
        ("IRA: ineffective registration attempts", 2 / 4),
    ],
)
def test_ratios_are_those_of_the_traffic(watched: Watched, panel: str, wanted: float) -> None:
    """Each attempt was seen by two nodes and counts once: 3 answered, 8 failed; 2 and 2."""
    first = next(one for one in promql() if one.dashboard == "SIP_KPI" and one.panel == panel)
    assert watched.prometheus.value(first.text) == pytest.approx(wanted, abs=0.02)
