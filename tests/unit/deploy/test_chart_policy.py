"""What must hold for every release, held against each values file; each check is shown to tell."""

import copy
from collections.abc import Callable
from pathlib import Path

import pytest

from support import chart_policy as policy
from support import chart_wiring as wiring
from support.chart import (
    FULL,
    VALUES_FILES,
    Json,
    Objects,
    named,
    of_kind,
    pod_of,
    rendered,
    workloads,
)
from support.chart_checks import CHECKS
from support.chart_policy import Check
from support.chart_schemas import schema_errors

OPENS_MORE = {"lag-values.yaml"}
"""Files whose values say that Prometheus may be anywhere."""


@pytest.mark.parametrize("path", VALUES_FILES, ids=lambda path: path.stem)
def test_kubernetes_takes_everything(path: Path) -> None:
    """By the strict schemas of an old and a new release, and by known fields of others."""
    assert [error for found in rendered(path) for error in schema_errors(found)] == []


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("path", VALUES_FILES, ids=lambda path: path.stem)
def test_a_release_holds_to(path: Path, check: Check) -> None:
    """Every check, whatever the values."""
    if check is wiring.only_what_is_open_is_open and path.name in OPENS_MORE:
        assert list(check(rendered(path))) != []
        return
    assert list(check(rendered(path))) == []


def _spec(objects: Objects) -> Json:
    """Return the pod of the ingest."""
    spec: Json = pod_of(named(objects, "StatefulSet", "hepscope-calls-ingest"))["spec"]
    return spec


def _container(objects: Objects) -> Json:
    container: Json = _spec(objects)["containers"][0]
    return container


def _security(objects: Objects) -> Json:
    security: Json = _container(objects)["securityContext"]
    return security


def _policy(objects: Objects, name: str) -> Json:
    spec: Json = named(objects, "NetworkPolicy", name)["spec"]
    return spec


def _without(kind: str) -> Callable[[Objects], None]:
    def remove(objects: Objects) -> None:
        objects.remove(of_kind(objects, kind)[0])

    return remove


_SECRET: Json = {"kind": "Secret", "metadata": {"name": "s"}}

SABOTAGE: list[tuple[Check, Callable[[Objects], object]]] = [
    (policy.runs_as_nobody, lambda o: _spec(o)["securityContext"].update(runAsUser=0)),
    (policy.runs_as_nobody, lambda o: _spec(o)["securityContext"].pop("runAsNonRoot")),
    (policy.runs_as_nobody, lambda o: _spec(o)["securityContext"].update(fsGroup=0)),
    (policy.is_confined, lambda o: _spec(o)["securityContext"].pop("seccompProfile")),
    (policy.is_confined, lambda o: _security(o).pop("allowPrivilegeEscalation")),
    (policy.is_confined, lambda o: _security(o).update(readOnlyRootFilesystem=False)),
    (policy.is_confined, lambda o: _security(o)["capabilities"].update(drop=[])),
    (policy.is_confined, lambda o: _security(o)["capabilities"].update(add=["NET_RAW"])),
    (policy.shares_nothing_of_the_host, lambda o: _spec(o).update(hostNetwork=True)),
    (policy.shares_nothing_of_the_host, lambda o: _spec(o).update(hostPID=True)),
    (
        policy.shares_nothing_of_the_host,
        lambda o: _spec(o)["volumes"].append({"name": "x", "hostPath": {"path": "/"}}),
    ),
    (policy.has_no_token, lambda o: _spec(o).pop("automountServiceAccountToken")),
    (policy.has_no_token, lambda o: _spec(o).pop("enableServiceLinks")),
    (
        policy.has_no_token,
        lambda o: of_kind(o, "ServiceAccount")[0].pop("automountServiceAccountToken"),
    ),
    (policy.has_bounds, lambda o: _container(o)["resources"]["limits"].pop("memory")),
    (policy.has_bounds, lambda o: _container(o)["resources"].pop("requests")),
    (policy.has_bounds, lambda o: _spec(o)["volumes"].append({"name": "x", "emptyDir": {}})),
    (policy.is_probed, lambda o: _container(o).pop("livenessProbe")),
    (
        policy.is_probed,
        lambda o: _container(o)["livenessProbe"]["httpGet"].update(path="/readyz"),
    ),
    (policy.is_probed, lambda o: _container(o)["startupProbe"]["httpGet"].update(port="x")),
    (policy.has_fixed_image, lambda o: _container(o).update(image="hepscope/ingest:latest")),
    (policy.has_fixed_image, lambda o: _container(o).update(image="r.example.org:5000/ingest")),
    (
        policy.has_no_secret_inside,
        lambda o: _container(o)["env"].append({"name": "HEPSCOPE_LOKI__TOKEN", "value": "t"}),
    ),
    (
        policy.has_no_secret_inside,
        lambda o: _container(o)["env"].append(
            {"name": "HEPSCOPE_STORE__DSN", "value": "postgresql://u:p@h/d"}
        ),
    ),
    (
        policy.has_no_secret_inside,
        lambda o: _container(o)["env"].append(
            {"name": "X", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
        ),
    ),
    (
        policy.has_no_secret_inside,
        lambda o: o.append({"kind": "Secret", "metadata": {"name": "s"}}),
    ),
    (policy.has_no_secret_inside, lambda o: _container(o)["volumeMounts"].clear()),
    (policy.mounts_fit, lambda o: _spec(o)["volumes"].pop(0)),
    (
        policy.mounts_fit,
        lambda o: [
            volume["projected"]["sources"].pop()
            for volume in _spec(o)["volumes"]
            if "projected" in volume
        ],
    ),
    (
        wiring.selectors_match,
        lambda o: named(o, "Service", "hepscope-calls-ingest")["spec"]["selector"].update(x="y"),
    ),
    (
        wiring.selectors_match,
        lambda o: of_kind(o, "PodDisruptionBudget")[0]["spec"]["selector"]["matchLabels"].pop(
            "app.kubernetes.io/component"
        ),
    ),
    (
        wiring.ports_fit,
        lambda o: named(o, "Service", "hepscope-calls-ingest")["spec"]["ports"][0].update(
            targetPort=1
        ),
    ),
    (
        wiring.ports_fit,
        lambda o: named(o, "Service", "hepscope-calls-ingest-udp")["spec"]["ports"][0].update(
            protocol="TCP", targetPort="hep-udp"
        ),
    ),
    (wiring.names_are_told_apart, lambda o: o.append(o[0])),
    (
        wiring.scaling_has_a_target,
        lambda o: of_kind(o, "HorizontalPodAutoscaler")[0]["spec"]["scaleTargetRef"].update(
            kind="Deployment"
        ),
    ),
    (
        wiring.scaling_has_a_target,
        lambda o: named(o, "StatefulSet", "hepscope-calls-ingest")["spec"].update(replicas=2),
    ),
    (wiring.survives_a_drain, _without("PodDisruptionBudget")),
    (
        wiring.survives_a_drain,
        lambda o: of_kind(o, "PodDisruptionBudget")[0]["spec"].update(maxUnavailable=0),
    ),
    (wiring.is_isolated, lambda o: o.remove(named(o, "NetworkPolicy", "hepscope-calls"))),
    (wiring.is_isolated, lambda o: o.remove(named(o, "NetworkPolicy", "hepscope-calls-ingest"))),
    (wiring.is_isolated, lambda o: o.remove(named(o, "NetworkPolicy", "hepscope-calls-migrate"))),
    (wiring.is_isolated, lambda o: _policy(o, "hepscope-calls-ingest")["egress"].pop(0)),
    (wiring.is_isolated, lambda o: _policy(o, "hepscope-calls-ingest")["egress"].pop(1)),
    (wiring.is_isolated, lambda o: _policy(o, "hepscope-calls-query-api")["egress"].pop(1)),
    (wiring.is_isolated, lambda o: _policy(o, "hepscope-calls-ingest")["egress"].append({})),
    (
        wiring.only_what_is_open_is_open,
        lambda o: _policy(o, "hepscope-calls-query-api")["ingress"][1].pop("from"),
    ),
    (wiring.is_scraped, _without("ServiceMonitor")),
    (
        wiring.is_scraped,
        lambda o: of_kind(o, "ServiceMonitor")[0]["spec"]["endpoints"][0].update(port="metrics"),
    ),
    (
        wiring.is_scraped,
        lambda o: of_kind(o, "ServiceMonitor")[0]["spec"]["endpoints"][0]["relabelings"].pop(0),
    ),
    (
        wiring.restarts_on_new_config,
        lambda o: pod_of(named(o, "StatefulSet", "hepscope-calls-ingest"))["metadata"][
            "annotations"
        ].clear(),
    ),
    (
        wiring.restarts_on_new_config,
        lambda o: o.remove(named(o, "ConfigMap", "hepscope-calls-ingest")),
    ),
    (
        wiring.restarts_on_new_config,
        lambda o: o.remove(named(o, "Service", "hepscope-calls-ingest-ops")),
    ),
    (wiring.fits_into_labels, lambda o: o[0]["metadata"].update(name="x" * 64)),
    (wiring.fits_into_labels, lambda o: o[0]["metadata"]["labels"].update(a="x" * 64)),
    (
        wiring.fits_into_labels,
        lambda o: named(o, "ConfigMap", "hepscope-calls-ingest")["data"].update(a="x" * 1_000_001),
    ),
]


@pytest.mark.parametrize(
    ("check", "spoil"),
    SABOTAGE,
    ids=[f"{check.__name__}-{n}" for n, (check, _) in enumerate(SABOTAGE)],
)
def test_a_check_tells(check: Check, spoil: Callable[[Objects], object]) -> None:
    """What is spoilt in a release that was right."""
    objects = copy.deepcopy(rendered(FULL))
    assert list(check(objects)) == []
    spoil(objects)
    assert list(check(objects)) != []


def test_every_check_is_shown_to_tell() -> None:
    """None is left out above."""
    assert {check for check, _ in SABOTAGE} == set(CHECKS)


SPOILT_OBJECTS: list[tuple[str, Callable[[Json], object]]] = [
    ("Deployment", lambda o: o["spec"].update(replica=1)),
    ("Service", lambda o: o["spec"].update(type=1)),
    ("NetworkPolicy", lambda o: o["spec"].update(policyType=[])),
    ("HorizontalPodAutoscaler", lambda o: o["spec"].update(minReplicas="2")),
    ("ServiceMonitor", lambda o: o["spec"]["endpoints"][0].update(ports="ops")),
    ("ServiceMonitor", lambda o: o["spec"].pop("selector")),
    ("PrometheusRule", lambda o: o["spec"]["groups"][0]["rules"][0].update(expression="x")),
    ("PrometheusRule", lambda o: o["spec"].update(groups=[])),
    ("ScaledObject", lambda o: o["spec"]["triggers"][0]["metadata"].update(threshold=500)),
]


@pytest.mark.parametrize(
    ("kind", "spoil"),
    SPOILT_OBJECTS,
    ids=[f"{kind}-{n}" for n, (kind, _) in enumerate(SPOILT_OBJECTS)],
)
def test_the_schemas_tell(kind: str, spoil: Callable[[Json], object]) -> None:
    """A field that is not there, or of a wrong type."""
    found = copy.deepcopy(of_kind(rendered(FULL), kind)[0])
    assert list(schema_errors(found)) == []
    spoil(found)
    assert list(schema_errors(found)) != []


def test_all_kinds_of_workloads_are_among_the_files() -> None:
    """So that no template goes unchecked."""
    kinds = {found["kind"] for path in VALUES_FILES for found in rendered(path)}
    assert kinds == {
        "ConfigMap",
        "DaemonSet",
        "Deployment",
        "HorizontalPodAutoscaler",
        "Ingress",
        "Job",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "PrometheusRule",
        "ScaledObject",
        "Service",
        "ServiceAccount",
        "ServiceMonitor",
        "StatefulSet",
    }
    assert len(workloads(rendered(FULL))) == 6
