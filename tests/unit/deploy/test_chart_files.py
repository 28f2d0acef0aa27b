"""The files of the chart that are made from others, and what else lies in it."""

import gzip
import json
import os
import shutil
import socket
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml
from helm_python.chart import lint, package

from hep import decode
from hepscope_common import __version__
from support.chart import CHART, FULL, VALUES_FILES, chart, of_kind, rendered, values_of

ROOT = CHART.parents[1]
EXAMPLES = sorted((CHART / "examples").glob("*.yaml"))
LARGEST_CONFIG_MAP = 1_000_000
LARGEST_RELEASE = 1_000_000
"""Helm keeps chart, values and manifest in one Secret, compressed, of at most 1 MiB."""


def _check(deploy: Path) -> subprocess.CompletedProcess[str]:
    """Ask a copy of the deploy folder, or this one, what is stale."""
    return subprocess.run(
        [sys.executable, "-m", "chart_files", "--check"],
        env={**os.environ, "PYTHONPATH": str(deploy / "k8s")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_copies_and_settings_are_current() -> None:
    """Else: PYTHONPATH=deploy/k8s python -m chart_files."""
    done = _check(ROOT / "deploy")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_is_stale_is_told(tmp_path: Path) -> None:
    """A rule that changed, a dashboard that is gone, a setting that is new."""
    for folder in ("k8s", "prometheus/rules", "grafana/json"):
        shutil.copytree(ROOT / "deploy" / folder, tmp_path / folder)
    assert _check(tmp_path).returncode == 0
    with (tmp_path / "prometheus" / "rules" / "delays.yml").open("a") as file:
        file.write("# changed\n")
    (tmp_path / "grafana" / "json" / "map.json").unlink()
    schema = tmp_path / "k8s" / "values.schema.json"
    schema.write_text(schema.read_text().replace('"udp_sockets"', '"udp_socket"'))
    done = _check(tmp_path)
    assert done.returncode == 1
    assert done.stdout.split() == [
        "stale:",
        "files/rules/delays.yml",
        "stale:",
        "values.schema.json",
        "stale:",
        "files/dashboards/map.json",
    ]


def test_rules_and_dashboards_arrive_unchanged() -> None:
    """Templates of Prometheus and Grafana are none of Helm's."""
    objects = rendered(FULL)
    rules = {
        group["name"]: group
        for path in (ROOT / "deploy" / "prometheus" / "rules").glob("*.yml")
        for group in yaml.safe_load(path.read_text())["groups"]
    }
    found = [group for one in of_kind(objects, "PrometheusRule") for group in one["spec"]["groups"]]
    assert {group["name"]: group for group in found} == rules
    maps = [
        one
        for one in of_kind(objects, "ConfigMap")
        if one["metadata"]["labels"].get("grafana_dashboard") == "1"
    ]
    data = {name: json.loads(text) for one in maps for name, text in one["data"].items()}
    originals = (ROOT / "deploy" / "grafana" / "json").glob("*.json")
    assert data == {path.name: json.loads(path.read_text()) for path in originals}
    assert max(len(str(one["data"])) for one in maps) < LARGEST_CONFIG_MAP


def test_the_release_fits_into_its_secret(tmp_path: Path) -> None:
    """Chart and manifest with everything on."""
    archive = Path(package(CHART, destination=tmp_path))
    manifest = json.dumps(rendered(FULL)).encode()
    # Helm compresses once more, in base64 and that in base64 again.
    stored = (len(gzip.compress(manifest)) + archive.stat().st_size) * (4 / 3) ** 2
    assert stored < LARGEST_RELEASE


def test_the_package_holds_what_an_installation_needs(tmp_path: Path) -> None:
    """Neither tests nor the code that makes files."""
    with tarfile.open(package(CHART, destination=tmp_path)) as archive:
        names = set(archive.getnames())
    assert {"hepscope/values.schema.json", "hepscope/files/rules/delays.yml"} < names
    assert not [name for name in names if name.split("/")[1] in ("ci", "examples", "chart_files")]


def test_the_chart_is_of_this_release() -> None:
    """Its images are those of the code beside it."""
    assert chart().metadata["appVersion"] == __version__


@pytest.mark.parametrize("path", VALUES_FILES, ids=lambda path: path.stem)
def test_helm_finds_nothing_to_say(path: Path) -> None:
    """Strict lint; an icon we have none."""
    report = lint(CHART, values_of(path), strict=True, kube_version="v1.28.0")
    said = [one["error"] for one in report["messages"]]
    assert report["errors"] == []
    assert said == ["icon is recommended"]


def test_every_default_is_in_the_schema() -> None:
    """Without any values the schema is content; what is missing is asked for by templates."""
    chart().validate_schema({})
    whole = chart().schema
    assert whole is not None
    assert set(whole["properties"]) - {"global"} == set(chart().values)
    assert set(whole["definitions"]["serviceDefaults"]["required"]) == set(
        chart().values["serviceDefaults"]
    )


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_hold_no_secret_and_no_moving_image(path: Path) -> None:
    """They are copied as they are."""
    for found in yaml.safe_load_all(path.read_text()):
        assert found.get("kind") != "Secret"
        text = json.dumps(found)
        assert ":latest" not in text
        assert "password: " not in text


@pytest.mark.parametrize(
    "path",
    [path for path in EXAMPLES if path.name.startswith("hepscope-")],
    ids=lambda path: path.stem,
)
def test_example_values_are_taken(path: Path) -> None:
    """By schema, Kubernetes and lint."""
    assert rendered(path)


def test_the_call_of_the_install_test_is_hep() -> None:
    """Read by our own decoder, as it comes by UDP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiving:
        receiving.bind(("127.0.0.1", 0))
        receiving.settimeout(60)
        port = str(receiving.getsockname()[1])
        script = CHART / "ci" / "send-call"
        subprocess.run([sys.executable, script, "127.0.0.1", port, "a@b"], check=True)
        packets = [decode(receiving.recv(4096)) for _ in range(3)]
    assert [packet.payload.split(b"\r\n")[0] for packet in packets] == [
        b"INVITE sip:bob@example.org SIP/2.0",
        b"SIP/2.0 180 Ringing",
        b"SIP/2.0 200 OK",
    ]
    assert {packet.protocol_type for packet in packets} == {1}
