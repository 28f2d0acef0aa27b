"""deploy/compose/compose.observability.yaml: every reference leads somewhere, nothing is open.

With what Prometheus and Alertmanager get, of which promtool judges the first.
"""

import json
import re

import pytest
import yaml

from support.grafana import ROOT
from support.observability import COMPOSE, SERVERS, load, menu, mounts, services
from support.siptools import run


def test_all_servers_are_there_and_those_that_may_be_left_out_in_profiles() -> None:
    """Profiles have the names of what they bring."""
    profiles = {name: one.get("profiles") for name, one in services().items()}
    assert set(profiles) == SERVERS
    assert {name: one[0] for name, one in profiles.items() if one} == {
        "grafana": "grafana",
        "loki": "loki",
        "loki-budget": "loki",
        "docker-api": "alloy",
        "alloy": "alloy",
    }


def test_every_variable_is_in_the_menu() -> None:
    """With a comment or a name that needs none; one that is missing ends ``up`` with an error."""
    text = (COMPOSE / "compose.observability.yaml").read_text()
    asked = set(re.findall(r"(?<!\$)\$\{([A-Z_0-9]+)[:?}-]", text)) - {"NAME"}
    assert len(asked) > 30
    assert asked - set(menu()) == set()


def test_images_have_versions() -> None:
    """No ``latest``, no version that moves by itself."""
    for name, one in services().items():
        image = re.sub(r"\$\{([A-Z_]+):\?\}", lambda found: menu()[found[1]], one["image"])
        assert re.fullmatch(r"[a-z/-]+:v?\d+\.\d+(\.\d+)?(-alpine)?", image), (name, image)


@pytest.mark.parametrize("name", sorted(SERVERS))
def test_what_is_mounted_is_there_and_cannot_be_written(name: str) -> None:
    """Files of this repository are read-only, as is the root file system but for Grafana's."""
    one = services()[name]
    for mount in one["volumes"]:
        if mount.startswith("../"):
            source, _, mode = mount.split(":")
            assert (COMPOSE / source).exists(), mount
            assert mode.split(",")[0] == "ro", mount
    assert one.get("read_only") is (None if name == "grafana" else True)


@pytest.mark.parametrize("name", sorted(SERVERS))
def test_each_has_few_rights_and_a_health_of_its_own(name: str) -> None:
    """And is started again when it ends."""
    one = services()[name]
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"][0] == "no-new-privileges:true"
    is_of_the_host = name in {"docker-api", "alloy"}
    assert one["security_opt"][1:] == (["label=disable"] if is_of_the_host else [])
    assert one["restart"] == "unless-stopped"
    assert one["healthcheck"]["test"][0] == "CMD"
    assert not one.get("privileged")


def test_ports_are_published_on_this_machine_alone() -> None:
    """None of these has a login but Grafana; addresses are changed in .env, knowingly."""
    for name, one in services().items():
        for port in one.get("ports", []):
            address = re.fullmatch(r"\$\{([A-Z]+_ADDRESS)\}", port["host_ip"])
            assert address, name
            assert menu()[address[1]] == "127.0.0.1"


def test_no_secret_stands_in_the_environment() -> None:
    """Passwords are files of a volume that holds no other consumer's."""
    for name, one in services().items():
        for key, value in one.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|TOKEN", key):
                assert key.endswith("__FILE"), (name, key)
                assert value.startswith("/run/secrets/")
                assert mounts(name)["/run/secrets"] == f"secrets-{name}"


def test_only_the_filter_has_dockers_socket() -> None:
    """Whoever has it is root on the machine; Alloy has the filter's."""
    with_socket = [
        name for name, one in services().items() if "DOCKER_SOCKET" in str(one["volumes"])
    ]
    assert with_socket == ["docker-api"]
    assert services()["docker-api"]["network_mode"] == "none"
    place = mounts("docker-api")["/run/docker-api"]
    assert mounts("alloy")["/run/docker-api"] == place
    config = (ROOT / "deploy/alloy/docker-api.conf").read_text()
    assert "listen unix:/run/docker-api/docker.sock;" in config
    assert "server unix:/run/docker.sock;" in config
    assert "/run/docker.sock" in mounts("docker-api")


def test_prometheus_accepts_its_configuration() -> None:
    """As promtool judges it, with all rules."""
    done = run(
        "promtool", "check", "config", str(ROOT / "deploy/prometheus/prometheus.compose.yml")
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_asks_services_that_exist_at_the_ports_they_have() -> None:
    """A name that nobody has would be missed by nobody."""
    config = load("prometheus", "prometheus.compose.yml")
    ours = load("compose", "compose.yaml")["services"]
    jobs = {one["job_name"]: one for one in config["scrape_configs"]}
    (ops, exporter) = jobs["hepscope"]["dns_sd_configs"]
    assert set(ops["names"]) <= set(ours) | {"capture"}
    assert exporter["names"] == ["metrics-exporter"]
    assert (ops["port"], exporter["port"]) == (9100, 9096)
    known = {"ingest", "storage-writer", "query-api", "metrics-exporter"}
    assert set(ops["names"]) | set(exporter["names"]) >= known
    others = {name for one in jobs["observability"]["dns_sd_configs"] for name in one["names"]}
    assert others == SERVERS - {"alloy", "docker-api"}
    for name in ("hepscope", "observability"):
        (rule,) = jobs[name]["relabel_configs"]
        assert rule["target_label"] == "job"


def test_samples_go_to_victoriametrics_with_a_queue_that_is_set() -> None:
    """And the label of the site is on them."""
    config = load("prometheus", "prometheus.compose.yml")
    assert config["global"]["external_labels"] == {"site": "${SITE}"}
    assert "SITE" in services()["prometheus"]["environment"]
    (write,) = config["remote_write"]
    assert write["url"] == "http://victoriametrics:8428/api/v1/write"
    queue = write["queue_config"]
    assert queue["max_samples_per_send"] == 10_000
    assert queue["capacity"] >= 2 * queue["max_samples_per_send"]


def test_alertmanager_needs_no_secret_and_shows_where_one_goes() -> None:
    """Examples name files that the one-shot of secrets hands out."""
    text = (ROOT / "deploy/alertmanager/alertmanager.yml").read_text()
    config = yaml.safe_load(text)
    assert "_file" not in json.dumps(config)
    shown = yaml.safe_load(re.sub(r"^  # (?=[- ])", "  ", text, flags=re.MULTILINE))
    receivers = {one["name"] for one in shown["receivers"]}
    assert receivers == {"nobody", "webhook", "mail"}
    prepare = (COMPOSE / "prepare.py").read_text()
    for name in re.findall(r"/run/secrets/(\w+)", text):
        assert f'"{name}"' in prepare
