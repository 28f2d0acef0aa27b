"""deploy/compose: what its files must agree on, with each other and with the services."""

import argparse
import json
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic.fields import FieldInfo

from hepscope_capture.arguments import add_arguments, contradiction, settle
from hepscope_capture.settings.environment import CONFIG
from hepscope_capture.settings.environment import NAMES as OPTIONS
from hepscope_capture.settings.file import from_tables
from hepscope_capture.settings.option import PREFIX as CAPTURE
from hepscope_common.bus.kafka import KafkaBus
from hepscope_common.http import HttpServer
from hepscope_common.names.names import Names
from hepscope_common.service import ServiceSettings
from hepscope_common.settings import Section
from hepscope_ingest.component import Ingest
from hepscope_metrics_exporter.component import Exporter
from hepscope_query_api.component import QueryApi
from hepscope_standalone.settings import StandaloneSettings
from hepscope_storage_writer.maintainer import Maintainer
from hepscope_storage_writer.queue_worker import QueueWorker
from hepscope_storage_writer.schema import Schema
from hepscope_storage_writer.settings import WriterSettings
from unit.deploy.test_prepare import prepare

HERE = Path(__file__).parents[3] / "deploy" / "compose"
OVERLAYS = sorted(
    path.name.split(".")[1]
    for path in HERE.glob("compose.*.yaml")
    if path.name != "compose.observability.yaml"
)
OURS = ("ingest", "storage-writer", "metrics-exporter", "query-api")
PUBLISHED_TO_ALL = {"HEP_ADDRESS", "HTTP_ADDRESS", "HTTPS_ADDRESS"}
# What an operator has to say, since nobody else can know it.
TOLD = {
    "EXTERNAL_KAFKA": "kafka.example.org:9092",
    "EXTERNAL_STORE_DSN": "postgresql://hepscope@db.example.org/hepscope",
    "EXTERNAL_ADMIN_DSN": "postgresql://postgres@db.example.org/hepscope",
}
_VARIABLE = re.compile(r"(?<!\$)\$\{([A-Z0-9_]+)")
_LINE = re.compile(r"^(#?)([A-Z][A-Z0-9_]*)=(.*)$", re.MULTILINE)


class _Loader(yaml.SafeLoader):
    """Compose's files: YAML, and two tags that say how an overlay is laid over."""


for tag in ("!reset", "!override"):
    _Loader.add_constructor(
        tag,
        lambda loader, node: (
            loader.construct_mapping(node)
            if isinstance(node, yaml.MappingNode)
            else loader.construct_sequence(node)
            if isinstance(node, yaml.SequenceNode)
            else None
        ),
    )


def _read(name: str) -> dict[str, Any]:
    # A subclass of the safe loader.
    loaded: dict[str, Any] = yaml.load((HERE / name).read_text(), _Loader)
    return loaded


def _settings() -> dict[str, tuple[bool, str]]:
    """Return the lines of .env: whether each is in force, and its value."""
    found = _LINE.findall((HERE / ".env").read_text())
    return {name: (not off, value) for off, name, value in found}


def _files() -> list[Path]:
    return sorted(HERE.glob("compose*.yaml"))


def _code(path: Path) -> str:
    """Return a file without its comments."""
    lines = path.read_text().splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


def _services() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield file, name and definition of every service that a file makes."""
    for path in _files():
        for name, service in _read(path.name)["services"].items():
            if "image" in service:
                yield path.name, name, service


@cache
def _compose() -> str | None:
    """Return the docker command, None where it or its Compose plugin is missing."""
    docker = shutil.which("docker")
    if docker is None:
        return None
    asked = subprocess.run(
        [docker, "compose", "version"], capture_output=True, check=False, timeout=120
    )
    return docker if asked.returncode == 0 else None


def _config(*overlays: str, **variables: str) -> dict[str, Any]:
    """Return what Compose makes of the files; skips where there is no Compose."""
    docker = _compose()
    if docker is None:
        pytest.skip("no docker compose")
    files = [f"--file=compose.{name}.yaml" for name in overlays]
    environ = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **TOLD, **variables}
    done = subprocess.run(
        [docker, "compose", "--file=compose.yaml", *files, "config", "--format=json"],
        cwd=HERE,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    assert "variable is not set" not in done.stderr
    model: dict[str, Any] = json.loads(done.stdout)
    return model


def test_every_variable_is_on_the_menu() -> None:
    """What a file asks for stands in .env, in force or commented out; so .env names everything."""
    settings = _settings()
    for path in _files():
        unknown = set(_VARIABLE.findall(_code(path))) - set(settings)
        assert not unknown, f"{path.name}: {unknown}"


def test_nothing_on_the_menu_is_without_effect() -> None:
    """Each line of .env is used by a file, or by Compose itself."""
    text = "\n".join(_code(path) for path in _files())
    for name in _settings():
        used = re.search(rf"\b{name}\b", text)
        assert used or name.startswith("COMPOSE_"), name


def test_settings_of_services_exist() -> None:
    """A variable that no service knows would be dropped in silence, or end its start."""
    known = {"HEPSCOPE_IMAGES", "HEPSCOPE_VERSION", "HEPSCOPE_PULL"}
    known |= set(_keys("HEPSCOPE_", StandaloneSettings.model_fields))
    known |= set(_keys("HEPSCOPE_", ServiceSettings.model_fields))
    known |= {f"{CAPTURE}{name.upper()}" for name in OPTIONS} | {CONFIG}
    named = {name for name in _settings() if name.startswith("HEPSCOPE_")}
    for path in _files():
        named |= set(re.findall(r"HEPSCOPE_[A-Z0-9_]*[A-Z0-9]\b", _code(path)))
    for name in named:
        assert name in known or name.removesuffix("_FILE") in known, name


def _keys(prefix: str, fields: dict[str, FieldInfo]) -> Iterator[str]:
    for key, field in fields.items():
        name = f"{prefix}{key.upper()}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield from _keys(f"{name}__", field.annotation.model_fields)
        else:
            yield name


def test_images_are_named_in_one_place_with_a_version() -> None:
    """No version stands in a compose file, and none is left to chance."""
    for file, name, service in _services():
        assert re.fullmatch(
            r"\$\{[A-Z_]+_IMAGE:\?\}|\$\{HEPSCOPE_IMAGES:\?\}/[a-z-]+:\$\{HEPSCOPE_VERSION:\?\}",
            service["image"],
        ), f"{file}: {name}: {service['image']}"
    for name, (_, value) in _settings().items():
        if name.endswith("_IMAGE"):
            assert re.fullmatch(r"[a-z/-]+:v?\d[\w.-]*", value), name


def test_every_container_is_hardened() -> None:
    """No capability that is not named, no way to more rights, bounded logs, an end to its start."""
    for file, name, service in _services():
        where = f"{file}: {name}"
        assert service["cap_drop"] == ["ALL"], where
        options = set(service["security_opt"])
        # Who looks at the host's own files cannot have SELinux relabel them.
        allowed = {"label=disable"} if name in ("alloy", "docker-api") else set()
        assert "no-new-privileges:true" in options, where
        assert options <= {"no-new-privileges:true"} | allowed, where
        assert service.get("read_only") or name == "grafana", where
        assert "max-size" in service["logging"]["options"], where
        assert service["pids_limit"] > 0, where
        assert "privileged" not in service, where
        assert service["restart"] in ("unless-stopped", "no"), where
        if service["restart"] == "no":
            assert service["healthcheck"] == {"disable": True}, where
        else:
            assert service["healthcheck"]["test"], where


def test_capabilities_are_those_that_are_needed() -> None:
    """Files are given to their readers, a packet socket is opened, nginx takes another user."""
    added = {name: set(service.get("cap_add", ())) for _, name, service in _services()}
    assert {name: caps for name, caps in added.items() if caps} == {
        "secrets": {"CHOWN", "DAC_OVERRIDE", "FOWNER"},
        "capture": {"NET_RAW"},
        "docker-api": {"SETGID", "SETUID"},
    }


def test_no_password_is_in_an_environment() -> None:
    """`docker inspect` shows every environment; secrets are files."""
    for file, name, service in _services():
        for variable in service.get("environment", {}):
            if re.search(r"_PASSWORD|_SECRET|_TOKEN|_KEYS", variable):
                assert variable.endswith("_FILE"), f"{file}: {name}: {variable}"
    for variable, (_, value) in _settings().items():
        is_secret = re.search(r"_PASSWORD|_SECRET|_TOKEN|_KEYS", variable)
        assert not is_secret or value.startswith("/run/secrets/"), variable


def test_secrets_that_are_read_are_given() -> None:
    """Each file below /run/secrets is one that prepare.py puts into the volume mounted there."""
    for file, name, service in _services():
        mounts = [text for text in service.get("volumes", ()) if isinstance(text, str)]
        volumes = [text.split(":")[0] for text in mounts if ":/run/secrets:ro" in text]
        read = set(re.findall(r"/run/secrets/(\w+)", json.dumps(service)))
        if not volumes:
            assert not read, f"{file}: {name}"
            continue
        consumer = prepare.CONSUMERS[volumes[0].removeprefix("secrets-")]
        assert read <= {*consumer.secrets, *consumer.given}, f"{file}: {name}"


def test_every_consumer_of_secrets_is_mounted_where_they_are_made() -> None:
    """One that is forgotten would find an empty directory."""
    mounted = set()
    for path in _files():
        for volume in _read(path.name)["services"].get("secrets", {}).get("volumes", ()):
            source, target, *_ = volume.split(":")
            if target.startswith("/consumers/"):
                assert source == f"secrets-{target.removeprefix('/consumers/')}"
                mounted.add(target.removeprefix("/consumers/"))
    assert mounted == set(prepare.CONSUMERS)


@pytest.mark.parametrize("name", OURS)
def test_a_service_has_the_time_that_its_end_may_take(name: str) -> None:
    """Docker kills what has not ended by then, and with it what was being stored."""
    ops = HttpServer.drain_seconds
    bus = KafkaBus.drain_seconds
    parts = {
        "ingest": [ops, bus, Ingest.drain_seconds],
        "storage-writer": [
            *(ops, bus, Schema.drain_seconds, WriterSettings().drain_seconds),
            *(Maintainer.drain_seconds, QueueWorker.drain_seconds, QueueWorker.drain_seconds),
        ],
        "metrics-exporter": [ops, ops, bus, Names.drain_seconds, Exporter.drain_seconds],
        "query-api": [ops, Names.drain_seconds, QueryApi.drain_seconds],
    }
    grace = _read("compose.yaml")["services"][name]["stop_grace_period"]
    assert int(grace.removesuffix("s")) > sum(parts[name])


def test_what_asks_for_no_password_is_for_this_machine_alone() -> None:
    """Only HEP and nginx are published on all addresses."""
    addresses = {name: value for name, (_, value) in _settings().items() if "_ADDRESS" in name}
    open_ones = {name for name, value in addresses.items() if value != "127.0.0.1"}
    assert open_ones == PUBLISHED_TO_ALL | {"GRAFANA_POSTGRES_ADDRESS"}


def test_kafka_and_postgresql_are_reached_by_services_only() -> None:
    """No port of theirs is published, and their network has no way out."""
    model = _read("compose.yaml")
    assert model["networks"]["backend"] == {"internal": True}
    for name in ("kafka", "postgres"):
        assert model["services"][name]["networks"] == ["backend"]
        assert "ports" not in model["services"][name]


def test_partitions_are_enough_for_the_replicas() -> None:
    """A writer stores by two connections, each with partitions of its own."""
    settings = _settings()
    writers = int(settings["WRITER_REPLICAS"][1])
    assert int(settings["HEPSCOPE_BUS__PARTITIONS"][1]) >= 2 * writers


@pytest.mark.parametrize("overlay", [None, *OVERLAYS])
def test_compose_takes_the_files(overlay: str | None) -> None:
    """A clean clone with nothing set is enough, with each overlay."""
    model = _config(*filter(None, [overlay]))
    assert set(OURS) <= set(model["services"])
    for name, service in model["services"].items():
        for port in service.get("ports", ()):
            is_open = service["image"].startswith("nginx:") or name.startswith("ingest")
            assert is_open or port["host_ip"] == "127.0.0.1", name


def test_behind_nginx_the_page_has_no_port_of_its_own() -> None:
    """Or the password could be walked around."""
    services = _config("nginx")["services"]
    assert not services["query-api"].get("ports")
    assert {port["target"] for port in services["nginx"]["ports"]} == {8080, 8443}


def test_with_servers_of_others_ours_are_not_started() -> None:
    """Nor does anything wait for them."""
    services = _config("external", COMPOSE_PROFILES="")["services"]
    assert not {"kafka", "postgres"} & set(services)
    for name, service in services.items():
        assert not {"kafka", "postgres"} & set(service.get("depends_on", ())), name
    writer = services["storage-writer"]["environment"]
    assert writer["HEPSCOPE_BUS__BOOTSTRAP_SERVERS"] == TOLD["EXTERNAL_KAFKA"]
    assert "HEPSCOPE_RETENTION__DISK_PATH" not in writer


def test_a_path_in_the_place_of_a_volume_is_a_directory_of_the_machine() -> None:
    """POSTGRES_DATA=/srv/postgres is all that it takes."""
    services = _config(POSTGRES_DATA="/srv/postgres")["services"]
    mounts = {mount["target"]: mount for mount in services["postgres"]["volumes"]}
    data = mounts["/var/lib/postgresql/data"]
    assert (data["type"], data["source"]) == ("bind", "/srv/postgres")


def test_replicas_share_no_spool_and_no_port() -> None:
    """A spool belongs to one ingest; a published port leads to one container."""
    services = _config("scaled")["services"]
    data = [
        next(
            mount["source"] for mount in services[name]["volumes"] if "hepscope" in mount["target"]
        )
        for name in ("ingest", "ingest-2")
    ]
    assert len(set(data)) == 2
    published = [
        (port["published"], port["protocol"])
        for name in ("ingest", "ingest-2")
        for port in services[name]["ports"]
    ]
    assert len(set(published)) == 8
    for name in ("storage-writer", "metrics-exporter"):
        assert services[name]["deploy"]["replicas"] == 2
        assert not services[name].get("ports")


def _run(script: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    if _compose() is None:
        pytest.skip("no docker compose")
    return subprocess.run(
        [HERE / script, *arguments],
        env={**os.environ, "COMPOSE_PROJECT_NAME": "hepscope-unit", **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def test_removing_data_needs_a_terminal_or_a_word() -> None:
    """A script that calls `make down ARGS=--volumes` by mistake loses nothing."""
    done = _run("down", "--volumes")
    assert done.returncode == 2
    assert "say --yes as well" in done.stderr


def test_down_knows_its_arguments() -> None:
    """A misspelt one is no reason to end everything."""
    done = _run("down", "--volume")
    assert done.returncode == 2
    assert "unknown argument --volume" in done.stderr


def test_up_names_the_overlays_that_there_are() -> None:
    """The services of a misspelt one would be missed later."""
    docker = _compose()
    if (
        docker is None
        or subprocess.run(
            [docker, "version"], capture_output=True, check=False, timeout=120
        ).returncode
    ):
        pytest.skip("Docker does not answer")
    done = _run("up", OVERLAYS="ngnix")
    assert done.returncode == 2
    assert "there is no overlay ngnix" in done.stderr
    assert "nginx" in done.stderr.split("there are:")[1]


def test_the_capture_agent_takes_its_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the menu and from its file; what waits lies in the volume, which survives it."""
    capture = _config(
        "capture",
        CAPTURE_INTERFACE="eth1 eth2",
        CAPTURE_OPTIONS="--sniff-logs 514 --node edge",
        HEPSCOPE_CAPTURE__SPOOL_MB="5000",
    )["services"]["capture"]
    for name, text in capture["environment"].items():
        if text is not None:
            monkeypatch.setenv(name, text)
    mounts = {mount["target"]: Path(mount["source"]) for mount in capture["volumes"]}
    inside = Path(capture["environment"][CONFIG])
    monkeypatch.setenv(CONFIG, str(mounts[str(inside.parent)] / inside.name))
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_arguments(parser)
    options = parser.parse_args(capture["command"])
    settle(options)
    assert contradiction(options) == ""
    assert options.interface == ("eth1", "eth2")
    assert (options.node, options.spool_mb, set(options.sniff_logs)) == ("edge", 5000, {514})
    state = re.search(r"STATE_DIRECTORY=(\S+)", (HERE.parent / "docker/Dockerfile").read_text())
    assert state is not None
    assert state[1] in mounts


def test_every_line_of_the_captures_settings_file_may_be_had() -> None:
    """Its examples are settings, once the sign before them is taken off."""
    text = (HERE / "capture" / "capture.toml").read_text()
    lines = [line.removeprefix("# ") for line in text.splitlines() if re.search(r"\[|=", line)]
    table = tomllib.loads("\n".join(lines))
    wanted = {"exclude_methods", "exclude_addresses", "mask_credentials"}
    assert from_tables(table["capture"], "capture.toml").keys() == wanted
