"""Grafana's provisioning, judged by the schema that its documentation gives, as far as we use it.

Grafana itself does not run here; that it does as its documentation says is taken as given.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from support.grafana import JSON, ROOT, dashboards, logql
from support.observability import COMPOSE, Yaml, expanded, load, menu, mounts, services

SOURCE_KEYS: Final = {
    "name", "uid", "type", "access", "url", "user", "isDefault", "editable", "jsonData",
    "secureJsonData",
}  # fmt: skip
JSON_KEYS: Final = {
    "prometheus": {"httpMethod", "timeInterval", "prometheusType", "manageAlerts",
                   "alertmanagerUid"},
    "alertmanager": {"implementation", "handleGrafanaManagedAlerts"},
    "grafana-postgresql-datasource": {"database", "sslmode", "postgresVersion", "timescaledb",
                                      "maxOpenConns", "maxIdleConns", "connMaxLifetime"},
    "loki": {"maxLines", "manageAlerts", "derivedFields"},
}  # fmt: skip


def environment() -> dict[str, str]:
    """Return Grafana's environment with the menu's values."""
    given: dict[str, str] = services()["grafana"]["environment"]
    return {
        name: re.sub(r"\$\{([A-Z_]+)(?::\?)?\}", lambda found: menu()[found[1]], value)
        for name, value in given.items()
    }


def sources() -> list[Yaml]:
    """Return the data sources as Grafana reads them."""
    config = load("grafana", "provisioning", "datasources", "hepscope.yml")
    assert config["apiVersion"] == 1

    def read(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: read(one) for key, one in value.items()}
        if isinstance(value, list):
            return [read(one) for one in value]
        return expanded(value, environment()) if isinstance(value, str) else value

    found: list[Yaml] = read(config["datasources"])
    return found


def test_data_sources_are_as_grafana_wants_them() -> None:
    """Names of fields are Grafana's; exactly one is the default, and it keeps metrics for long."""
    found = sources()
    assert [one["name"] for one in found if one.get("isDefault")] == ["VictoriaMetrics"]
    assert len({one["uid"] for one in found}) == len(found)
    for one in found:
        assert set(one) <= SOURCE_KEYS, one["name"]
        assert set(one["jsonData"]) <= JSON_KEYS[one["type"]], one["name"]
        assert one["access"] == "proxy"
        assert one["editable"] is False
    uids = {one["uid"] for one in found}
    assert {one["jsonData"].get("alertmanagerUid", "alertmanager") for one in found} <= uids


def test_every_dashboard_finds_its_data_sources() -> None:
    """By type; of two for metrics the default one."""
    types = {one["type"] for one in sources()}
    for name, board in dashboards().items():
        for variable in board["templating"]["list"]:
            if variable["type"] == "datasource":
                assert variable["query"] in types, name
                if variable["query"] == "prometheus":
                    chosen = {"selected": True, "text": "default", "value": "default"}
                    assert variable["current"] == chosen, name


def test_the_database_is_read_as_grafanareader_with_a_password_from_a_file() -> None:
    """The file is among those of Grafana's volume."""
    (source,) = (one for one in sources() if one["type"] == "grafana-postgresql-datasource")
    assert source["user"] == "grafanareader"
    assert source["secureJsonData"] == {"password": "$__file{/run/secrets/grafana_password}"}
    assert (source["url"], source["jsonData"]["database"]) == ("postgres:5432", "hepscope")
    prepare = (COMPOSE / "prepare.py").read_text()
    consumer = re.search(r'"grafana": Consumer\((.*?)\)\)?,', prepare)
    assert consumer
    assert '"grafana_password", "grafana_admin_password"' in consumer[1]


def test_a_line_of_loki_links_to_its_call() -> None:
    """By the Call-ID beside the line, percent-encoded, at the page's address."""
    (source,) = (one for one in sources() if one["type"] == "loki")
    (link,) = source["jsonData"]["derivedFields"]
    assert link["matcherType"] == "label"
    assert re.search(link["matcherRegex"], "call_id")
    assert not re.search(link["matcherRegex"], "other_call_id_2")
    assert link["url"] == "http://localhost:9080/calls/${__value.raw:percentencode}"


def test_grafana_is_closed_and_quiet() -> None:
    """No anonymous, no sign-up, nothing reported or fetched; the overview is its home."""
    found = environment()
    wanted = {
        "GF_AUTH_ANONYMOUS_ENABLED": "false",
        "GF_USERS_ALLOW_SIGN_UP": "false",
        "GF_ANALYTICS_REPORTING_ENABLED": "false",
        "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
        "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
        "GF_PLUGINS_PREINSTALL_DISABLED": "true",
        "GF_SNAPSHOTS_EXTERNAL_ENABLED": "false",
        "GF_SECURITY_ADMIN_PASSWORD__FILE": "/run/secrets/grafana_admin_password",
    }
    assert wanted.items() <= found.items()
    home = Path(found["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert str(home.parent) == found["DASHBOARDS"]
    assert (JSON / home.name).is_file()
    provider = load("grafana", "provisioning", "dashboards", "hepscope.yml")["providers"][0]
    assert expanded(provider["options"]["path"], found) == found["DASHBOARDS"]
    assert found["GF_PATHS_PROVISIONING"] in mounts("grafana")


def _start(tmp_path: Path, page: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["/bin/sh", str(ROOT / "deploy/grafana/start"), "--an-argument"],
        env={
            "PATH": os.environ["PATH"],
            "PAGE_URL": page,
            "DASHBOARDS": str(tmp_path / "laid-out"),
            "SOURCE": str(JSON),
            "RUN": shutil.which("echo") or "",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_dashboards_are_laid_out_with_the_address_of_the_page(tmp_path: Path) -> None:
    """All of them, still JSON; what was there before is gone; then Grafana starts."""
    old = tmp_path / "laid-out" / "old.json"
    old.parent.mkdir()
    old.write_text("{}")
    done = _start(tmp_path, "https://voip.example.org/hepscope/")
    assert (done.returncode, done.stdout) == (0, "--an-argument\n")
    found = {path.name: path.read_text() for path in old.parent.glob("*.json")}
    assert set(found) == {path.name for path in JSON.glob("*.json")}
    board = json.loads(found["call_search.json"])
    (page,) = (one for one in board["templating"]["list"] if one["name"] == "page")
    assert page["query"] == "https://voip.example.org/hepscope"
    assert page["current"]["value"] == "https://voip.example.org/hepscope"
    assert "localhost:9080" not in "".join(found.values())


@pytest.mark.parametrize("page", ["", "voip.example.org", "http://a|b", 'http://a"b', "http://a b"])
def test_an_address_that_is_none_ends_the_start(tmp_path: Path, page: str) -> None:
    """Instead of dashboards that are no JSON or lead nowhere."""
    done = _start(tmp_path, page)
    assert done.returncode == 64
    assert "PAGE_URL" in done.stderr


def test_every_query_of_logs_names_a_stream() -> None:
    """Loki answers none whose every matcher takes an absent label, too; "All" is ``.+``."""
    asked = logql()
    assert len(asked) >= 6
    for one in asked:
        selector = re.match(r"[^{]*\{(.+?)\}", one.text)
        assert selector, one
        assert re.search(r'=~?"\$?\w', selector[1]), one
    (board,) = (one for one in dashboards().values() if one["uid"] == "hepscope-logs")
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            assert variable["allValue"] == ".+"
