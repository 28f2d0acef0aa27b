"""Every rule file is valid, every alert fires when it should and only then, and is explained."""

import re
from collections import Counter
from pathlib import Path

import pytest

from support.grafana import ROOT, dashboards
from support.prometheus_rules import PROMETHEUS, RULE_TESTS, RULES, alerts, cases, records
from support.siptools import run


def promtool(*arguments: object) -> None:
    """Run promtool, which must find nothing wrong."""
    done = run("promtool", *map(str, arguments))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_configuration_and_all_rules_are_valid() -> None:
    """Promtool reads the configuration with every rule file that it names."""
    promtool("check", "config", PROMETHEUS / "prometheus.yml")
    promtool("check", "rules", *RULES)


@pytest.mark.parametrize("path", RULE_TESTS, ids=lambda path: path.name)
def test_rules_give_what_their_cases_say(path: Path) -> None:
    """Each case has counters with known answers."""
    promtool("test", "rules", path)


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_not() -> None:
    """An alert that cannot fire is no alert, and one that always does is none either."""
    names = alerts()
    assert len(names) > 20
    wanted = {(name, fires) for name in names for fires in (True, False)}
    assert cases() == wanted


def test_no_name_is_given_twice() -> None:
    """Prometheus would keep one of two recorded series, whichever comes last."""
    assert [name for name, count in Counter(alerts() + records()).items() if count > 1] == []


def test_every_alert_tells_where_it_is_explained_and_is_explained_there() -> None:
    """The runbook of each is a section of docs/alerts.md, in which all that is asked for stands."""
    page = (ROOT / "docs" / "alerts.md").read_text()
    sections = {
        part.split("\n", 1)[0].strip(): part
        for part in re.split(r"^### ", page, flags=re.MULTILINE)[1:]
    }
    assert sorted(sections) == sorted(alerts())
    rules = "".join(path.read_text() for path in RULES)
    for name, text in sections.items():
        assert f"runbook: docs/alerts.md#{name.lower()}\n" in rules
        assert "**Means**" in text, name
        assert "**Do**" in text, name
        assert "**Look at**" in text, name


def test_dashboards_settings_and_metrics_that_the_page_names_exist() -> None:
    """At 3 a.m. nobody wants to look for something that is called otherwise."""
    page = (ROOT / "docs" / "alerts.md").read_text()
    flat = re.sub(r"\s+", " ", page)
    titles = {board["title"] for board in dashboards().values()}
    named = set(re.findall(r"(?<!\*)\*([A-Za-z][\w: ]+)\*(?!\*)", flat))
    assert named - titles == {"Page"}
    settings = (ROOT / "docs" / "reference" / "configuration.md").read_text()
    for section, key in re.findall(r"`([a-z]+)\.([a-z_]+)`", page.replace("prometheus.yml", "")):
        assert f"`HEPSCOPE_{section.upper()}__{key.upper()}`" in settings, key
    metrics = (ROOT / "docs" / "reference" / "metrics.md").read_text()
    for name in set(re.findall(r"`(hepscope_\w+)`", page)):
        assert f"`{name}`" in metrics, name


def test_links_within_the_page_lead_somewhere() -> None:
    """Sections and pages that it names exist."""
    page = (ROOT / "docs" / "alerts.md").read_text()
    anchors = {name.lower() for name in alerts()}
    for link in re.findall(r"\]\(([^)]+)\)", page):
        path, _, anchor = link.partition("#")
        if path:
            assert (ROOT / "docs" / path).is_file(), link
        else:
            assert anchor in anchors, link
