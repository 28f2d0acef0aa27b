"""The dashboards that are checked in: current, explained, and over metrics that exist."""

import os
import re
import subprocess
import sys
from collections import Counter

import pytest
from prometheus_client import CollectorRegistry

from hepscope_common.bus.kafka_metrics import export
from hepscope_standalone.reference.metrics import metrics_page
from support.grafana import JSON, ROOT, Json, dashboards, panels, promql
from support.prometheus_rules import records, rules

NAME = re.compile(r"(?<![\w:])((?:hepscope|heplify|horaclifix|process|node)_\w+)(?![\w:])")
PARTS = re.compile(r"_(?:bucket|sum|count)$")
LABELS = {"node_id"}
ELSEWHERE = re.compile(
    r"process_\w+|node_\w+|hepscope_api_http_(?:requests_total|request_duration_seconds)"
)
"""Of the client library, of node-exporter, and of the library that measures HTTP."""

GUIDE = {
    "QOS_RTCP", "QOS_XRTP", "SIP_Calls_Registers", "SIP_Error_Rates", "SIP_KPI",
    "SIP_Methods_Responses", "SIP_Overview",
}  # fmt: skip


class _NoBus:
    """The ends of a bus that nobody uses yet."""

    producing = None
    consumers = ()


def known_metrics() -> set[str]:
    """Return the names that the metrics modules of all services make."""
    page = set(re.findall(r"^\| `(\w+)` \|", metrics_page(), re.MULTILINE))
    bus = {family.name for family in export(CollectorRegistry(), _NoBus()).families}
    return page | bus


def test_the_files_are_what_the_code_makes() -> None:
    """``make dashboards`` brings them up to date; it makes the same each time."""
    done = subprocess.run(
        [sys.executable, "-m", "dashboards", "--check", str(JSON)],
        env={**os.environ, "PYTHONPATH": str(JSON.parent)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def test_those_of_the_guide_are_there_by_name() -> None:
    """A user of HOMER finds what the guide has imported."""
    assert {board["title"] for board in dashboards().values()} >= GUIDE


@pytest.mark.parametrize("kind", ["panels", "rules"])
def test_every_metric_that_is_named_exists(kind: str) -> None:
    """In a service's metrics module, or among the recorded series."""
    asked = (
        [one.text for one in promql()]
        if kind == "panels"
        else [rule.expression for rule in rules()]
    )
    known = known_metrics()
    assert len(known) > 100
    unknown = {
        name
        for text in asked
        for name in NAME.findall(text)
        if name not in LABELS
        and name not in known
        and PARTS.sub("", name) not in known
        and not ELSEWHERE.fullmatch(PARTS.sub("", name))
    }
    assert unknown == set()
    recorded = {name for text in asked for name in re.findall(r"[\w:]*:hepscope_[\w:]+", text)}
    assert recorded <= set(records())


@pytest.mark.parametrize("name", sorted(dashboards()))
def test_every_panel_says_what_it_shows(name: str) -> None:
    """Title, explanation and unit; what is asked comes from a data source that can be chosen."""
    dashboard = dashboards()[name]
    assert dashboard["description"]
    assert dashboard["uid"].startswith("hepscope-")
    for panel in panels(dashboard):
        title = panel["title"]
        assert panel["description"].endswith((".", ")")), title
        assert panel["datasource"]["uid"] in {"${metrics}", "${database}", "${logs}"}, title
        is_named_apart = panel["type"] in {"table", "heatmap", "logs"}
        assert is_named_apart or panel["fieldConfig"]["defaults"]["unit"], title
        assert panel["targets"], title
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


@pytest.mark.parametrize("name", sorted(dashboards()))
def test_every_variable_is_used_and_every_one_used_is_there(name: str) -> None:
    """A choice that changes nothing misleads."""
    dashboard = dashboards()[name]
    defined = {variable["name"] for variable in dashboard["templating"]["list"]}
    used = set(re.findall(r"\$\{?([a-z]\w*)", str(dashboard["panels"])))
    assert used == defined


def test_places_and_names_are_unique() -> None:
    """Of dashboards by uid and title, of panels by number; none lies over another."""
    found = dashboards()
    for key in ("uid", "title"):
        assert max(Counter(board[key] for board in found.values()).values()) == 1
    for board in found.values():
        every = board["panels"]
        assert max(Counter(one["id"] for one in every).values()) == 1
        cells = Counter(cell for one in every for cell in _cells(one["gridPos"]))
        assert max(cells.values()) == 1, board["title"]
        assert max(x for x, _ in cells) < 24


def _cells(place: Json) -> list[tuple[int, int]]:
    return [
        (place["x"] + across, place["y"] + down)
        for across in range(place["w"])
        for down in range(place["h"])
    ]


def test_links_to_calls_are_those_of_the_page() -> None:
    """A Call-ID may hold ``/`` and ``%``, so it is percent-encoded."""
    text = (JSON / "call_search.json").read_text()
    assert '${page}/calls/${__data.fields[\\"Call-ID\\"]:percentencode}' in text
    address = (ROOT / "frontend/js/address.js").read_text()
    assert "/calls/${callSegment(" in address
    assert "callSegment = (callId) => encodeURIComponent(" in address
