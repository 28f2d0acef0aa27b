"""What a release is made of: names, services, images, notes, migrations."""

import copy
import string

import pytest
from helm_python.errors import HelmError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.chart import (
    FULL,
    MINIMAL,
    WITHOUT_FILES,
    Json,
    Objects,
    at,
    containers,
    minimal_with,
    named,
    of_kind,
    pod_of,
    render,
    rendered,
    shape,
    templates,
    values_of,
    workloads,
)
from support.chart_checks import CHECKS
from support.chart_schemas import schema_errors

SEVERAL = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def _is_right(objects: Objects) -> None:
    """Hold objects to the schemas and to every check."""
    assert [error for found in objects for error in schema_errors(found)] == []
    assert [error for check in CHECKS for error in check(objects)] == []


NAMES = st.text(
    alphabet=string.ascii_lowercase + string.digits + "-", min_size=1, max_size=53
).filter(lambda name: not name.startswith("-") and not name.endswith("-"))


@SEVERAL
@given(
    release=st.one_of(NAMES, st.sampled_from(["x" * 53, "a.b.c", "1", "x" * 29 + "-hepscope"])),
    override=st.one_of(st.just(""), NAMES, st.sampled_from(["y" * 63, "0"])),
    full=st.one_of(st.just(""), NAMES, st.sampled_from(["z" * 63, "0"])),
)
def test_any_name_of_a_release_fits(release: str, override: str, full: str) -> None:
    """However long; selectors go on matching and nothing has the name of another."""
    values = WITHOUT_FILES | {"nameOverride": override, "fullnameOverride": full}
    objects = render(values, name=release, namespace="n" * 63)
    assert [error for check in CHECKS for error in check(objects)] == []


def test_long_names_that_begin_alike_stay_apart() -> None:
    """They end in a hash of the whole."""
    one, two = (render(values_of(MINIMAL), name="x" * 50 + end) for end in "ab")
    names = [{found["metadata"]["name"] for found in objects} for objects in (one, two)]
    assert names[0].isdisjoint(names[1])


def test_labels_of_the_chart_cannot_be_taken_away() -> None:
    """Common labels and pod labels come beside them."""
    evil = {"app.kubernetes.io/component": "x", "app.kubernetes.io/name": "y"}
    own = {"commonLabels": evil, "services": {"ingest": {"podLabels": evil}}}
    _is_right(render(minimal_with(own)))


ANOTHER = {
    "services": {
        "bridgeHttp": {
            "image": {"repository": "example/bridge", "tag": "1.2", "digest": ""},
            "uses": ["kafka"],
            "ports": {"http": {"port": 8080}},
            "clients": {"prometheus": True},
            "resources": {
                "requests": {"cpu": "10m", "memory": "32Mi"},
                "limits": {"cpu": 1, "memory": "64Mi"},
            },
        }
    }
}


def test_one_more_service_is_one_more_entry() -> None:
    """With everything that the others have."""
    before, objects = rendered(MINIMAL), render(minimal_with(ANOTHER))
    _is_right(objects)
    added = set(shape(objects)) - set(shape(before))
    assert added == {
        ("Deployment", "hepscope-bridge-http"),
        ("NetworkPolicy", "hepscope-bridge-http"),
        ("PodDisruptionBudget", "hepscope-bridge-http"),
        ("Service", "hepscope-bridge-http"),
        ("Service", "hepscope-bridge-http-ops"),
    }


def test_two_services_of_one_name_are_refused() -> None:
    """An external Service of one may have the name of another."""
    own = copy.deepcopy(ANOTHER["services"]["bridgeHttp"])
    values = {"services": {"ingestUdp": own}}
    with pytest.raises(HelmError, match=r"both make a Service named hepscope-ingest-udp"):
        render(minimal_with(values))


def test_a_service_that_is_off_leaves_nothing() -> None:
    """Neither its pods nor anything about them."""
    objects = render(minimal_with({"services": {"metricsExporter": {"enabled": False}}}))
    assert not [name for _, name in shape(objects) if "exporter" in name]
    objects = render(minimal_with({"services": {"metricsExporter": None}}))
    assert not [name for _, name in shape(objects) if "exporter" in name]


@pytest.mark.parametrize(
    ("own", "image"),
    [
        ({}, "hepscope/ingest:0.1.0"),
        (
            {"image": {"registry": "r.example.org/voip/"}},
            "r.example.org/voip/hepscope/ingest:0.1.0",
        ),
        ({"image": {"tag": "0.1.1"}}, "hepscope/ingest:0.1.1"),
        (at("services.ingest.image.tag", "9"), "hepscope/ingest:9"),
        (
            at("services.ingest.image.digest", "sha256:" + "a" * 64),
            "hepscope/ingest@sha256:" + "a" * 64,
        ),
    ],
    ids=str,
)
def test_the_image_is_that_of_the_release_or_the_one_named(own: Json, image: str) -> None:
    """Registry, tag, digest."""
    pod = pod_of(named(render(minimal_with(own)), "StatefulSet", "hepscope-ingest"))
    assert containers(pod)[0]["image"] == image


def test_the_notes_warn_of_a_page_without_users() -> None:
    """Once an Ingress leads to it."""
    assert "WARNING" not in templates(values_of(MINIMAL))["hepscope/templates/NOTES.txt"]
    own = minimal_with({"ingress": {"enabled": True, "hosts": ["calls.example.org"]}})
    notes = templates(own)["hepscope/templates/NOTES.txt"]
    assert "WARNING: page and API have no users yet" in notes
    assert "nothing asks for a password" in notes
    full = templates(values_of(FULL))["hepscope/templates/NOTES.txt"]
    assert "https://calls.example.org/" in full
    assert "nothing asks for a password" not in full


def test_migrations_come_first_and_need_nothing_of_the_release() -> None:
    """A hook runs before accounts, files and policies of its release are there."""
    (job,) = of_kind(rendered(FULL), "Job")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    spec = pod_of(job)["spec"]
    assert spec["serviceAccountName"] == "default"
    assert all("configMap" not in volume for volume in spec["volumes"])
    logins = [one["args"] for one in spec["initContainers"]]
    assert logins[1] == [
        "--user",
        "api_site",
        "--password-file",
        "/run/secrets/hepscope/login-1.password",
        "--roles",
        "hepscope_reader",
    ]
    assert len(workloads(rendered(FULL))) == 6


def test_agents_keep_their_addresses_and_their_ingest() -> None:
    """UDP comes in by a Service of its own, only where an ingest is, and stays with it."""
    udp = named(rendered(MINIMAL), "Service", "hepscope-ingest-udp")["spec"]
    assert {port["protocol"] for port in udp["ports"]} == {"UDP"}
    assert udp["externalTrafficPolicy"] == "Local"
    assert udp["sessionAffinity"] == "ClientIP"
    balanced = named(rendered(FULL), "Service", "hepscope-calls-ingest-udp")["spec"]
    assert balanced["type"] == "LoadBalancer"
    assert balanced["loadBalancerSourceRanges"] == ["10.0.0.0/8"]


CAPTURE = "hepscope-capture"


def test_the_spool_is_a_claim_or_ends_with_the_pod() -> None:
    """By choice; settings say where it is either way."""
    kept = named(rendered(MINIMAL), "StatefulSet", "hepscope-ingest")["spec"]
    (claim,) = kept["volumeClaimTemplates"]
    assert claim["spec"]["resources"]["requests"]["storage"] == "2Gi"
    own = minimal_with(at("services.ingest.storage", {"mode": "ephemeral", "size": "1Gi"}))
    gone = named(render(own), "StatefulSet", "hepscope-ingest")["spec"]
    assert "volumeClaimTemplates" not in gone
    assert {"name": "data", "emptyDir": {"sizeLimit": "1Gi"}} in gone["template"]["spec"]["volumes"]


def test_the_captures_spool_ends_with_the_pod_or_is_a_directory_of_the_node() -> None:
    """By choice; of the node it is given to the user, by a container that can do nothing else."""
    gone = named(render(minimal_with(at("services.capture.enabled", True))), "DaemonSet", CAPTURE)
    spec = gone["spec"]["template"]["spec"]
    assert {"name": "data", "emptyDir": {"sizeLimit": "2Gi"}} in spec["volumes"]
    assert "initContainers" not in spec
    own = at("services.capture", {"enabled": True, "storage": {"mode": "host"}})
    kept = named(render(minimal_with(own)), "DaemonSet", CAPTURE)["spec"]["template"]["spec"]
    place = {"path": "/var/lib/hepscope-capture", "type": "DirectoryOrCreate"}
    assert {"name": "data", "hostPath": place} in kept["volumes"]
    (giver,) = kept["initContainers"]
    assert giver["securityContext"]["capabilities"] == {"drop": ["ALL"], "add": ["CHOWN", "FOWNER"]}
    for container in (giver, *kept["containers"]):
        assert {"name": "data", "mountPath": "/var/lib/hepscope"} in container["volumeMounts"]
