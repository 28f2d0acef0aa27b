"""What the chart tells the services, read by the services' own models and parsers."""

import argparse
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
from helm_python.errors import HelmError

from hepscope_capture.arguments import add_arguments, contradiction, settle
from hepscope_capture.senders.acks import Acks
from hepscope_capture.settings.environment import NAMES as OPTIONS
from hepscope_capture.settings.option import PREFIX as CAPTURE
from hepscope_common.bus.kafka import KafkaBus
from hepscope_common.http import HttpServer
from hepscope_common.runtime import StartupError
from hepscope_common.service import ServiceSettings
from hepscope_common.settings import Section, load
from hepscope_ingest.__main__ import IngestServiceSettings
from hepscope_ingest.component import Ingest
from hepscope_metrics_exporter.__main__ import MetricsExporterSettings
from hepscope_metrics_exporter.component import Exporter
from hepscope_query_api.__main__ import QueryApiSettings
from hepscope_query_api.component import QueryApi
from hepscope_storage_writer.__main__ import StorageWriterSettings
from hepscope_storage_writer.loki.settings import LokiSettings
from hepscope_storage_writer.maintainer import Maintainer
from hepscope_storage_writer.queue_worker import QueueWorker
from hepscope_storage_writer.settings import WriterSettings
from support.chart import (
    FULL,
    MINIMAL,
    VALUES_FILES,
    Json,
    Objects,
    chart,
    containers,
    environment,
    named,
    of_kind,
    pod_of,
    render,
    rendered,
    values_of,
    with_values,
    workloads,
)

MODELS: Final[Mapping[str, type[ServiceSettings]]] = {
    "ingest": IngestServiceSettings,
    "storage-writer": StorageWriterSettings,
    "metrics-exporter": MetricsExporterSettings,
    "query-api": QueryApiSettings,
}
OF_KUBERNETES: Final = {"RELEASE", "NAMESPACE", "POD_NAME", "HOST_IP"}
_FILE: Final = "_FILE"


def _component(workload: Json) -> str:
    name: str = workload["metadata"]["labels"]["app.kubernetes.io/component"]
    return name


def _services(objects: Objects) -> dict[str, Json]:
    """Return the pod templates of the services that read settings, by component."""
    return {_component(one): pod_of(one) for one in workloads(objects) if _component(one) in MODELS}


def _toml(objects: Objects, pod: Json) -> str:
    (name,) = [
        volume["configMap"]["name"]
        for volume in pod["spec"]["volumes"]
        if volume["name"] == "config"
    ]
    text: str = named(objects, "ConfigMap", name)["data"]["hepscope.toml"]
    return text


def settings_of(objects: Objects, component: str, folder: Path) -> ServiceSettings:
    """Return the settings that a service reads, secrets being files of the folder."""
    pod = _services(objects)[component]
    (container,) = containers(pod)
    config = folder / f"{component}.toml"
    config.write_text(_toml(objects, pod), encoding="utf-8")
    variables = {}
    for name, value in environment(container).items():
        where = Path(value)
        if name.endswith(_FILE) and value.startswith("/run/secrets/"):
            where = folder / where.name
            where.write_text("postgresql://u:secret@h:5432/d" if "dsn" in value else "secret")
        variables[name] = str(where) if name.endswith(_FILE) else value
    return load(MODELS[component], config=config, environ=variables)


def known_variables(model: type[ServiceSettings]) -> set[str]:
    """Return the names of all variables that a service reads."""

    def names(fields: Mapping[str, object], prefix: str) -> set[str]:
        found = set()
        for key, field in fields.items():
            kind = getattr(field, "annotation", None)
            name = f"{prefix}{key.upper()}"
            if isinstance(kind, type) and issubclass(kind, Section):
                found |= names(kind.model_fields, f"{name}__")
            else:
                found.add(name)
        return found

    return names(model.model_fields, "HEPSCOPE_")


@pytest.mark.parametrize("path", VALUES_FILES, ids=lambda path: path.stem)
def test_every_variable_is_a_setting_of_its_service(path: Path) -> None:
    """No name is misspelt, and none is for another service."""
    objects = rendered(path)
    for component, pod in _services(objects).items():
        known = known_variables(MODELS[component])
        (container,) = containers(pod)
        for name in environment(container).keys() - OF_KUBERNETES:
            assert name in known or name.removesuffix(_FILE) in known, (component, name)


def test_a_misspelt_variable_would_be_found() -> None:
    """The names come from the models."""
    known = known_variables(IngestServiceSettings)
    assert "HEPSCOPE_INGEST__RULES__DEDUP_MS" in known
    assert not known & {"HEPSCOPE_INGEST__RULE__DEDUP_MS", "HEPSCOPE_STORE__DSN"}


@pytest.mark.parametrize("path", VALUES_FILES, ids=lambda path: path.stem)
def test_every_service_starts_with_its_settings(path: Path, tmp_path: Path) -> None:
    """Each model takes file and variables together."""
    objects = rendered(path)
    for component in _services(objects):
        settings_of(objects, component, tmp_path)


def test_values_arrive(tmp_path: Path) -> None:
    """Of the file, of variables, of secrets."""
    objects = rendered(FULL)
    ingest = settings_of(objects, "ingest", tmp_path)
    assert isinstance(ingest, IngestServiceSettings)
    assert ingest.bus.bootstrap_servers == (
        "kafka-0.kafka:9093",
        "kafka-1.kafka:9093",
        "[fd00::3]:9094",
    )
    assert ingest.bus.partitions == 32
    assert ingest.bus.tls
    assert ingest.bus.sasl_password.get_secret_value() == "secret"
    assert ingest.ingest.auth_keys == ("secret",)
    assert ingest.ingest.spool_bytes == 3221225472
    assert ingest.ingest.spool_dir == Path("/var/lib/hepscope/spool")
    assert ingest.log.level == "debug"
    api = settings_of(objects, "query-api", tmp_path)
    assert isinstance(api, QueryApiSettings)
    assert api.store.dsn is not None
    assert api.store.dsn.get_secret_value() == (
        "postgresql://api_site@pg-ro.databases:5432/hepscope"
        "?sslmode=verify-full&sslrootcert=/run/secrets/hepscope/postgresql-ca.crt&password=secret"
    )
    assert {
        "calls.example.org",
        "calls.voip.example.org",
        "hepscope-calls-query-api.voip.svc",
    } < set(api.api.hosts)
    exporter = settings_of(objects, "metrics-exporter", tmp_path)
    assert isinstance(exporter, MetricsExporterSettings)
    assert exporter.metrics.statistics[0].buckets == (0.1, 1, 10)


def test_a_service_gets_all_its_sections() -> None:
    """What ``config`` says of any section that a service reads is in its file."""
    services = chart().values["services"]
    for key, component in (
        ("ingest", "ingest"),
        ("storageWriter", "storage-writer"),
        ("metricsExporter", "metrics-exporter"),
        ("queryApi", "query-api"),
    ):
        fields = set(MODELS[component].model_fields) - {"ops", "store", "data_dir"}
        assert set(services[key]["sections"]) == fields, key


def test_another_services_settings_restart_nothing() -> None:
    """The checksum is that of a service's own sections."""
    before = _services(rendered(MINIMAL))
    changed = with_values(values_of(MINIMAL), {"config": {"api": {"pool_size": 9}}})
    after = _services(render(changed))
    differs = {name for name in before if before[name] != after[name]}
    assert differs == {"query-api"}


@pytest.mark.parametrize(
    "config",
    [
        {"ingest": {"udb": "[::]:9060"}},
        {"ingest": {"rules": {"dedup": 1}}},
        {"inject": {}},
        {"bus": {"partitions": "16"}},
        {"bus": {"partitions": 0}},
        {"bus": {"partitions": 1.5}},
        {"log": {"level": "loud"}},
        {"writer": {"synchronous_commit": True}},
        {"metrics": {"statistics": [{"name": "a", "paths": "b"}]}},
        # Secrets, and what the chart sets.
        {"store": {"dsn": "postgresql://u:p@h/d"}},
        {"bus": {"sasl_password": "p"}},
        {"api": {"admin_password": "p"}},
        {"api": {"listen": "0.0.0.0:80"}},
        {"ingest": {"auth_keys": ["k"]}},
        {"ops": {"listen": "0.0.0.0:1"}},
    ],
    ids=str,
)
def test_a_wrong_setting_is_refused(config: Json) -> None:
    """Before anything is installed."""
    with pytest.raises(HelmError, match="config"):
        render(with_values(values_of(MINIMAL), {"config": config}))


@pytest.mark.parametrize(
    ("where", "name"),
    [
        ("settings", "HEPSCOPE_INGEST__UDB"),
        ("settings", "HEPSCOPE_STORE__PASSWORD"),
        ("settings", "HEPSCOPE_INGEST__AUTH_KEYS"),
        ("settings", "HEPSCOPE_CAPTURE__AUTH_KEY"),
        ("settings", "PATH"),
        ("secretSettings", "HEPSCOPE_INGEST__UDB"),
    ],
)
def test_a_wrong_variable_is_refused(where: str, name: str) -> None:
    """Unknown ones, and secrets that would stand in the manifest."""
    value: object = {"secret": "s", "key": "k"} if where == "secretSettings" else "x"
    own = {"services": {"ingest": {where: {name: value}}}}
    with pytest.raises(HelmError, match=name):
        render(with_values(values_of(MINIMAL), own))


def test_what_the_schema_takes_the_service_may_refuse(tmp_path: Path) -> None:
    """Settings that do not fit together end the start, and the test above would see it."""
    own = {"config": {"bus": {"replication_factor": 1, "min_insync_replicas": 2}}}
    objects = render(with_values(values_of(MINIMAL), own))
    with pytest.raises(StartupError, match="min_insync_replicas"):
        settings_of(objects, "ingest", tmp_path)


def test_the_files_hold_only_what_was_said() -> None:
    """Defaults are the services' own."""
    objects = rendered(MINIMAL)
    toml = tomllib.loads(_toml(objects, _services(objects)["ingest"]))
    assert toml == {"bus": {"partitions": 16, "replication_factor": 3, "min_insync_replicas": 2}}


def test_services_have_time_to_end() -> None:
    """What their parts may take one after the other, with the wait before it."""
    bus, http = KafkaBus.drain_seconds, HttpServer.drain_seconds
    writing = WriterSettings().drain_seconds + LokiSettings().drain_seconds + 5
    writing += 2 * QueueWorker.drain_seconds
    needed = {
        "ingest": http + bus + Ingest.drain_seconds,
        "storage-writer": http + bus + Maintainer.drain_seconds + writing,
        "metrics-exporter": 2 * http + bus + Exporter.drain_seconds,
        "query-api": http + QueryApi.drain_seconds,
    }
    for component, pod in _services(rendered(MINIMAL)).items():
        (container,) = containers(pod)
        wait = container.get("lifecycle", {}).get("preStop", {})
        seconds = int(wait["exec"]["command"][1]) if wait else 0
        given = pod["spec"]["terminationGracePeriodSeconds"]
        assert given > needed[component] + seconds, component


@pytest.mark.parametrize("values", [FULL, MINIMAL], ids=lambda path: path.stem)
def test_the_capture_takes_what_it_is_told(
    values: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By arguments and variables, of which values may replace one; what they name exists."""
    objects = render(with_values(values_of(values), {"services": {"capture": {"enabled": True}}}))
    (capture,) = of_kind(objects, "DaemonSet")
    (container,) = capture["spec"]["template"]["spec"]["containers"]
    known = {one["name"] for one in container["env"]}
    release = capture["metadata"]["name"].removesuffix("-capture")
    given = {"RELEASE": release, "NAMESPACE": "voip", "NODE_NAME": "n-1", "HOST_IP": "10.0.0.7"}
    assert given.keys() <= known

    def told(text: str) -> str:
        return re.sub(r"\$\((\w+)\)", lambda found: given[found[1]], text)

    for name, text in environment(container).items():
        if name.endswith((_FILE, "__CONFIG")):
            (tmp_path / name).write_text("secret" if name.endswith(_FILE) else "[capture]\n")
            monkeypatch.setenv(name, str(tmp_path / name))
        else:
            monkeypatch.setenv(name, told(text))
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_arguments(parser)
    options = parser.parse_args(list(map(told, container["args"])))
    settle(options)
    assert contradiction(options) == ""
    assert options.interface == (("eth0", "eth1") if values is FULL else ("any",))
    assert options.node == "n-1"
    assert options.ops == ("10.0.0.7", container["ports"][0]["containerPort"])
    (server,) = options.send
    assert options.acks is Acks.REQUIRE
    named(objects, "Service", server.targets[0].host.partition(".")[0])
    assert told("$(RELEASE)-ingest.$(NAMESPACE).svc") == server.targets[0].host


def test_the_captures_spool_fits_its_storage() -> None:
    """A pod that fills its share of the node's disk is evicted, and its spool with it."""
    capture = chart().values["services"]["capture"]
    room = int(capture["storage"]["size"].removesuffix("Gi")) * 1024
    assert room >= 1.5 * int(capture["settings"]["HEPSCOPE_CAPTURE__SPOOL_MB"])


def test_capture_has_variables_too() -> None:
    """Options by the environment, with its key in a file."""
    own = {
        "services": {
            "capture": {
                "enabled": True,
                "settings": {"HEPSCOPE_CAPTURE__NODE": "edge"},
                "secretSettings": {"HEPSCOPE_CAPTURE__AUTH_KEY": {"secret": "s", "key": "k"}},
            }
        }
    }
    (capture,) = of_kind(render(with_values(values_of(MINIMAL), own)), "DaemonSet")
    found = environment(containers(pod_of(capture))[0])
    assert found[f"{CAPTURE}NODE"] == "edge"
    assert f"{CAPTURE}AUTH_KEY{_FILE}" in found
    assert {"node", "auth_key"} < set(OPTIONS)
