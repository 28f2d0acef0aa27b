"""Loki, Alloy and Grafana judge their own configurations, where their images are.

Public CI pulls them first; nothing here does, so that elsewhere these tests are skipped.
"""

import json
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.grafana import JSON, ROOT, dashboards
from support.kafka import free_port
from support.observability import menu, services
from support.service import until

ADMIN = ("admin", "a password of this test")


def image(name: str) -> str:
    """Return an image of .env; skips where it is not."""
    found = menu()[name]
    if shutil.which("docker") is None:
        pytest.skip("no Docker")
    inspect = ["docker", "image", "inspect", found]
    if subprocess.run(inspect, capture_output=True, check=False, timeout=60).returncode:
        pytest.skip(f"{found} is not here")
    return found


def docker(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run ``docker`` to its end."""
    return subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, check=False, timeout=120
    )


def test_loki_accepts_its_configuration() -> None:
    """As it checks it at a start."""
    done = docker(
        "run", "--rm", "--network", "none", "-e", "LOKI_RETENTION_HOURS=24",
        "-v", f"{ROOT}/deploy/loki/loki.yaml:/etc/loki/loki.yaml:ro", image("LOKI_IMAGE"),
        "-config.file=/etc/loki/loki.yaml", "-config.expand-env=true", "-verify-config",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_alloy_accepts_its_configuration() -> None:
    """Unknown components and properties are errors to it."""
    done = docker(
        "run", "--rm", "--network", "none",
        "-v", f"{ROOT}/deploy/alloy/config.alloy:/etc/alloy/config.alloy:ro",
        image("ALLOY_IMAGE"), "validate", "/etc/alloy/config.alloy",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def grafana(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start Grafana with our provisioning and environment; yield its address."""
    name, port = f"hepscope-test-grafana-{secrets.token_hex(4)}", free_port()
    folder = tmp_path_factory.mktemp("grafana")
    for secret, value in (("grafana_admin_password", ADMIN[1]), ("grafana_password", "unused")):
        _write(folder / secret, value)
    folder.chmod(0o755)
    given = {
        **services()["grafana"]["environment"],
        "PAGE_URL": "https://voip.example.org",
        "GF_SERVER_ROOT_URL": f"http://127.0.0.1:{port}",
        "POSTGRES_ADDRESS": "postgres:5432",
        "POSTGRES_DATABASE": "hepscope",
        "POSTGRES_SSLMODE": "disable",
        "LOKI_QUERY_URL": "http://loki:3100",
    }
    done = docker(
        "run", "-d", "--rm", "--name", name, "-p", f"127.0.0.1:{port}:3000",
        *(word for key, value in given.items() for word in ("-e", f"{key}={value}")),
        "-v", f"{ROOT}/deploy/grafana/provisioning:/etc/hepscope/provisioning:ro",
        "-v", f"{ROOT}/deploy/grafana/start:/etc/hepscope/start:ro",
        "-v", f"{JSON}:/etc/hepscope/dashboards:ro",
        "-v", f"{folder}:/run/secrets:ro",
        "--cap-drop", "ALL", "--security-opt", "no-new-privileges:true",
        "--entrypoint", "/bin/sh", image("GRAFANA_IMAGE"), "/etc/hepscope/start",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: _is_well(url), "Grafana to be well", seconds=120)
        yield url
    finally:
        docker("rm", "-f", name)


def _write(path: Path, value: str) -> None:
    path.write_text(value)
    path.chmod(0o444)


def _is_well(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/health", trust_env=False, timeout=30).status_code == 200
    except httpx.TransportError:
        return False


def _get(url: str, path: str) -> Any:
    answer = httpx.get(f"{url}{path}", auth=ADMIN, trust_env=False, timeout=30)
    answer.raise_for_status()
    return answer.json()


def test_grafana_has_its_data_sources(grafana: str) -> None:
    """All of them, and links of Loki's lines lead to the page."""
    found = {one["uid"]: one for one in _get(grafana, "/api/datasources")}
    wanted = {"victoriametrics", "prometheus", "alertmanager", "postgresql", "loki"}
    assert set(found) == wanted
    assert [uid for uid, one in found.items() if one["isDefault"]] == ["victoriametrics"]
    (link,) = found["loki"]["jsonData"]["derivedFields"]
    assert link["url"] == "https://voip.example.org/calls/${__value.raw:percentencode}"


def test_grafana_has_every_dashboard(grafana: str) -> None:
    """Under their names for good; the overview is the home of everybody."""
    wanted = {board["uid"] for board in dashboards().values()}

    def found() -> set[str]:
        return {one["uid"] for one in _get(grafana, "/api/search?type=dash-db&limit=100")}

    until(lambda: found() == wanted, "all dashboards")
    assert _get(grafana, "/api/dashboards/home")["dashboard"]["title"] == "SIP_Overview"
    search = json.dumps(_get(grafana, "/api/dashboards/uid/hepscope-call-search"))
    assert "https://voip.example.org" in search


def test_grafana_is_closed(grafana: str) -> None:
    """To whoever has no password, and to Grafana's own default one."""
    path = f"{grafana}/api/datasources"
    assert httpx.get(path, trust_env=False).status_code == 401
    assert httpx.get(path, auth=("admin", "admin"), trust_env=False).status_code == 401
