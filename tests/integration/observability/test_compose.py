"""Prometheus, VictoriaMetrics and Alertmanager as Compose runs them, and the filter for Alloy."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.observability_stack import STANDINS, Stack, running_stack
from support.prometheus_rules import rules
from support.service import until


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start everything once."""
    with running_stack(tmp_path_factory.mktemp("observability")) as running:
        yield running


def _up(stack: Stack, server: str) -> dict[str, int]:
    found = stack.ask(server, 'sum by (job) (up{job=~"hepscope.*"})')
    return {one["metric"]["job"]: int(one["value"][1]) for one in found}


ALL = {f"hepscope-{name}": 2 if name == "storage-writer" else 1 for name in STANDINS}


def test_every_replica_of_every_service_is_asked(stack: Stack) -> None:
    """By the names in Docker's DNS; jobs begin as the alerts want."""
    until(lambda: _up(stack, "prometheus") == ALL, "all services to be up")


def test_samples_arrive_in_victoriametrics_with_the_label_of_the_site(stack: Stack) -> None:
    """By remote write; they are what dashboards show."""
    until(lambda: _up(stack, "victoriametrics") == ALL, "all services in VictoriaMetrics")
    found = stack.ask("victoriametrics", 'up{job="hepscope-ingest"}')
    assert [one["metric"]["site"] for one in found] == ["test"]
    assert stack.ask("prometheus", 'up{job="hepscope-ingest", site="test"}') == []


def test_the_servers_watch_each_other(stack: Stack) -> None:
    """Prometheus asks itself, VictoriaMetrics and Alertmanager."""

    def names() -> set[str]:
        found = stack.ask("prometheus", 'up{job!~"hepscope.*"} == 1')
        return {one["metric"]["job"] for one in found}

    until(lambda: names() == {"prometheus", "victoriametrics", "alertmanager"}, "them to be up")


def test_all_rules_are_loaded_and_evaluated(stack: Stack) -> None:
    """None with an error."""

    def is_evaluated() -> bool:
        groups = stack.get("prometheus", "/api/v1/rules")["data"]["groups"]
        found = [rule for group in groups for rule in group["rules"]]
        return len(found) == len(rules()) and all(rule["health"] == "ok" for rule in found)

    until(is_evaluated, "every rule to be evaluated")


def test_alertmanager_is_found_and_takes_its_configuration(stack: Stack) -> None:
    """Without any secret; as amtool judges it, too."""

    def found() -> list[object]:
        data = stack.get("prometheus", "/api/v1/alertmanagers")["data"]
        return list(data["activeAlertmanagers"])

    until(lambda: len(found()) == 1, "Alertmanager to be found")
    check = ("amtool", "check-config", "/etc/alertmanager/alertmanager.yml")
    done = stack.compose("exec", "-T", "alertmanager", *check)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_service_that_ends_has_no_name_any_more(stack: Stack) -> None:
    """So that there is no ``up`` of 0, for which there is an alert of its own."""
    until(lambda: _up(stack, "prometheus") == ALL, "all services to be up")
    assert stack.compose("stop", "-t", "1", "query-api").returncode == 0
    less = {job: count for job, count in ALL.items() if job != "hepscope-query-api"}
    until(lambda: _up(stack, "prometheus") == less, "the name to be gone")
    gone = 'ALERTS{alertname="ServiceGone", job="hepscope-query-api"}'
    until(lambda: bool(stack.ask("prometheus", gone)), "the alert to be pending")
    assert stack.compose("start", "query-api").returncode == 0


def _docker(stack: Stack, *arguments: str) -> tuple[str, str]:
    """Return status and body of a request at the filter's socket."""
    volume = f"{stack.project}_docker-api"
    script = (
        "import http.client, socket, sys\n"
        "method, path = sys.argv[1:3]\n"
        "connection = http.client.HTTPConnection('docker')\n"
        "connection.sock = socket.socket(socket.AF_UNIX)\n"
        "connection.sock.connect('/run/docker-api/docker.sock')\n"
        "connection.putrequest(method, path, skip_accept_encoding=True)\n"
        "connection.endheaders()\n"
        "answer = connection.getresponse()\n"
        "print(answer.status)\n"
        "print(answer.read().decode('utf-8', 'replace'))\n"
    )
    command = ["docker", "run", "--rm", "--network", "none", "--user", "473:473", "--cap-drop",
               "ALL", "-v", f"{volume}:/run/docker-api:ro", "python:3.13-slim", "python3", "-c",
               script, *arguments]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    status, _, body = done.stdout.partition("\n")
    return status, body


def test_alloy_may_list_containers_and_read_their_logs(stack: Stack) -> None:
    """As the user that it runs as, without any capability."""
    label = f'{{"label":["com.docker.compose.project={stack.project}"]}}'
    asked = "/v1.44/containers/json?filters=" + label.replace('"', "%22")
    status, body = _docker(stack, "GET", asked)
    assert status == "200"
    names = {one["Names"][0] for one in json.loads(body)}
    assert f"/{stack.project}-prometheus-1" in names
    logs = f"/v1.44/containers/{stack.project}-prometheus-1/logs?stderr=1&stdout=1"
    status, body = _docker(stack, "GET", logs)
    assert status == "200"
    assert "Server is ready to receive web requests" in body
    for path in ("/_ping", "/v1.44/version", "/v1.44/networks"):
        assert _docker(stack, "GET", path)[0] == "200"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1.44/containers/create"),
        ("POST", "/v1.44/containers/json"),
        ("DELETE", "/v1.44/containers/x"),
        ("GET", "/v1.44/containers/x/export"),
        ("GET", "/v1.44/containers/x/archive?path=/etc"),
        ("GET", "/v1.44/images/json"),
        ("GET", "/v1.44/containers/../images/json"),
        ("GET", "/v1.44/containers/..%2f..%2fimages/json"),
        ("GET", "/v1.44/secrets"),
        ("GET", "/"),
    ],
)
def test_alloy_may_do_nothing_else(stack: Stack, method: str, path: str) -> None:
    """Who may start containers is root on the machine."""
    assert _docker(stack, method, path)[0] == "403"


def test_lines_are_handed_on_as_they_are_written(stack: Stack, tmp_path: Path) -> None:
    """A log that is followed stays open, and what comes is not held back."""
    volume = f"{stack.project}_docker-api"
    path = f"/v1.44/containers/{stack.project}-ingest-1/logs?stderr=1&follow=1&tail=0"
    script = (
        "import socket, sys\n"
        "sock = socket.socket(socket.AF_UNIX)\n"
        "sock.connect('/run/docker-api/docker.sock')\n"
        f"sock.sendall(b'GET {path} HTTP/1.1\\r\\nHost: docker\\r\\n\\r\\n')\n"
        "while data := sock.recv(65536):\n"
        "    print(data, flush=True)\n"
    )
    # With an init, or as process 1 it would not end by a signal.
    command = ["docker", "run", "--rm", "--init", "--network", "none", "-v",
               f"{volume}:/run/docker-api:ro", "python:3.13-slim", "python3", "-c",
               script]  # fmt: skip
    log = tmp_path / "followed"
    with log.open("wb") as output, subprocess.Popen(command, stdout=output) as follower:
        try:
            until(lambda: b"200 OK" in log.read_bytes(), "the log to be opened")
            # The stand-in writes a line for each request: Prometheus asks it every second.
            until(lambda: b"GET /metrics" in log.read_bytes(), "a line")
        finally:
            follower.terminate()
