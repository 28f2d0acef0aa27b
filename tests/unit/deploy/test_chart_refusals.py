"""Values that are wrong, and what is said of those that are missing."""

import pytest
from helm_python.errors import HelmError

from support.chart import at, minimal_with, render

REFUSED: list[tuple[str, object]] = [
    ("unknown", 1),
    ("services.ingest.replica", 2),
    ("services.ingest.replicas", "2"),
    ("services.ingest.replicas", -1),
    ("services.ingest.replicas", 1.5),
    ("services.ingest.replicas", True),
    ("services.ingest.runAsUser", 0),
    ("serviceDefaults.runAsUser", 0),
    ("services.ingest.kind", "ReplicaSet"),
    ("services.ingest.image.tag", "latest"),
    ("services.ingest.image.tag", "a b"),
    ("services.ingest.image.digest", "sha256:abc"),
    ("services.ingest.image.repository", "x:y"),
    ("services.ingest.image", None),
    ("services.ingest.resources", None),
    ("services.ingest.resources.limits.memory", "much"),
    ("services.ingest.resources.limits.memory", "1Gi\n"),
    ("services.ingest.resources.limits", None),
    ("services.ingest.ports", {"Hep": {"port": 1}}),
    ("services.ingest.ports", {"a-very-long-port-name": {"port": 1}}),
    ("services.ingest.ports", {"ops": {"port": 1}}),
    ("services.ingest.ports.hep-udp.port", 0),
    ("services.ingest.ports.hep-udp.port", "9060"),
    ("services.ingest.ports.hep-udp.protocol", "SCTP"),
    ("services.ingest.external.udp.type", "ExternalName"),
    ("services.ingest.external.udp.ports", []),
    ("services.ingest.external.udp.ports", ["nothing"]),
    ("services.ingest.external.udp.sourceRanges", ["everywhere"]),
    ("services.ingest.external.udp.nodePorts", {"hep-udp": 70000}),
    ("services.ingest.storage.size", "0"),
    ("services.ingest.storage.size", 5),
    ("services.ingest.storage.mode", "hostPath"),
    ("services.ingest.storage", {"mode": "host", "hostPath": "/var/lib/x"}),
    ("services.capture", {"enabled": True, "storage": {"mode": "host", "hostPath": ""}}),
    ("services.capture.storage.hostPath", "var/lib/x"),
    ("services.capture.storage.hostPath", "/var/../etc"),
    ("services.ingest.mounts", [{"name": "a", "path": "/a"}]),
    ("services.ingest.mounts", [{"name": "a", "path": "/a", "secret": "s", "claim": "c"}]),
    ("services.ingest.mounts", [{"name": "a", "path": "/a", "hostPath": "/"}]),
    ("services.ingest.capabilities", ["SYS_ADMIN"]),
    ("services.ingest.podLabels", {"a": "b c"}),
    ("services.ingest.podLabels", {"a": 1}),
    ("services.ingest.podLabels", {"a": "x" * 64}),
    ("services.ingest.nodeSelector", ["a"]),
    ("services.ingest.tolerations", [{"effect": "Never"}]),
    ("services.ingest.autoscaling.mode", "memory"),
    ("services.ingest.autoscaling", {"mode": "cpu", "min": 9, "max": 2}),
    ("services.ingest.autoscaling", {"mode": "external", "metric": ""}),
    ("services.ingest.autoscaling", {"mode": "keda", "query": ""}),
    ("services.queryApi.storage.mode", "persistent"),
    ("services.queryApi.listenPort", "nothing"),
    ("services.ingest-x", {}),
    ("services.Ingest", {}),
    ("services.migrate", {}),
    ("services.one", {}),
    ("kafka.bootstrapServers", "kafka:9092"),
    ("kafka.bootstrapServers", []),
    ("kafka.bootstrapServers", ["kafka"]),
    ("kafka.bootstrapServers", ["kafka:9092,evil:1"]),
    ("kafka.sasl.mechanism", "GSSAPI"),
    ("kafka.sasl.mechanism", "PLAIN"),
    ("kafka.sasl.password", "inline"),
    ("kafka.tls.ca.secret", "ca"),
    ("kafka", None),
    ("postgresql.host", ""),
    ("postgresql.host", "pg?sslmode=disable"),
    ("postgresql.host", "pg/../x"),
    ("postgresql.user", "a:b@evil"),
    ("postgresql.database", "a?b"),
    ("postgresql.password", "inline"),
    ("postgresql.existingSecret", ""),
    ("postgresql.existingSecret", "Upper"),
    ("postgresql.sslMode", "maybe"),
    ("loki.url", "loki:3100"),
    ("loki.url", "http://user:password@loki:3100"),
    ("loki", {"url": "http://loki:3100", "tokenKey": "token"}),
    ("ingress.enabled", "true"),
    ("ingress", {"enabled": True}),
    ("ingress", {"enabled": True, "hosts": ["a.example.org"], "service": "nothing"}),
    ("ingress", {"enabled": True, "hosts": ["a.example.org"], "port": "nothing"}),
    ("ingress.hosts", ["not a host"]),
    ("ingress.path", "no-slash"),
    ("migrations.logins", [{"user": "a", "existingSecret": "b", "roles": []}]),
    ("migrations.logins", [{"user": "a", "existingSecret": "b", "roles": ["superuser"]}]),
    ("networkPolicy.dns.ports", []),
    ("networkPolicy.kafka.to", [{}]),
    ("networkPolicy.kafka.to", [{"everybody": {}}]),
    ("nameOverride", "x" * 64),
    ("nameOverride", "-x"),
    ("commonLabels", {"a/b/c": "d"}),
    ("image.registry", "https://registry"),
    ("image.registry", "evil/\n"),
    ("image.tag", "latest"),
    ("image.pullPolicy", "Sometimes"),
    ("listenHost", "127.0.0.1"),
    ("global", {"x": 1}),
]


@pytest.mark.parametrize(("place", "value"), REFUSED, ids=lambda one: str(one)[:60])
def test_what_is_wrong_is_refused(place: str, value: object) -> None:
    """By the schema, or by a line that says what does not fit."""
    with pytest.raises(HelmError) as refusal:
        render(minimal_with(at(place, value)))
    assert "nil pointer" not in str(refusal.value)


def test_what_must_be_said_is_asked_for() -> None:
    """Without values nothing is installed."""
    with pytest.raises(HelmError, match=r"kafka.bootstrapServers is empty: say where Kafka is"):
        render({})
    with pytest.raises(HelmError, match=r"postgresql.existingSecret is empty"):
        render({"kafka": {"bootstrapServers": ["k:9092"]}})
