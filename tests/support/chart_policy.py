"""What must hold for every pod that the chart makes, as checks that yield what is wrong."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from support.chart import Json, Objects, containers, environment, of_kind, pod_of
from support.chart import workloads as workloads_of

Check = Callable[[Objects], Iterator[str]]

CAPABILITIES: Final[Mapping[str, frozenset[str]]] = {"capture": frozenset({"NET_RAW"})}

HOST_STORAGE: Final = "own-storage"
"""The container that gives a directory of the node to the capture's user, and ends."""

_SECRET_NAME: Final = re.compile(r"PASSWORD|TOKEN|SECRET|AUTH_KEY|NODE_KEYS|DSN")
_DSN_WITH_PASSWORD: Final = re.compile(r"://[^/@\s]*:[^/@\s]*@")


def component_of(labelled: Json) -> str:
    """Return the service that an object belongs to; empty where it is the whole release's."""
    name: str = labelled["metadata"]["labels"].get("app.kubernetes.io/component", "")
    return name


def pods_of(objects: Objects) -> Iterator[tuple[str, Json, Json]]:
    """Yield component, workload and pod template."""
    for workload in workloads_of(objects):
        yield component_of(workload), workload, pod_of(workload)


def _containers(objects: Objects) -> Iterator[tuple[str, Json, Json]]:
    for component, _, pod in pods_of(objects):
        for container in containers(pod):
            yield component, pod, container


def gives_storage(component: str, pod: Json, container: Json) -> bool:
    """Tell whether a container does nothing but give the capture's directory to its user."""
    return (
        component in CAPABILITIES
        and container["name"] == HOST_STORAGE
        and container in pod["spec"].get("initContainers", [])
        and container["command"]
        == ["install", "-d", "-o", "10001", "-g", "10001", "-m", "0750", "/var/lib/hepscope"]
        and container["volumeMounts"] == [{"name": "data", "mountPath": "/var/lib/hepscope"}]
    )


def runs_as_nobody(objects: Objects) -> Iterator[str]:
    """No pod runs as root."""
    for component, pod, container in _containers(objects):
        own = container.get("securityContext", {})
        is_root = own.get("runAsUser", 10001) != 10001 or own.get("runAsNonRoot") is False
        if is_root and not gives_storage(component, pod, container):
            yield f"{component}: container {container['name']} runs as another user"
    for component, _, pod in pods_of(objects):
        security = pod["spec"].get("securityContext", {})
        user, is_forced = security.get("runAsUser"), security.get("runAsNonRoot")
        if security.get("fsGroup") != 10001:
            yield f"{component}: cannot read its secrets, nor write its volume"
        if user != 10001 or is_forced is not True:
            yield f"{component}: runs as {user}, runAsNonRoot {is_forced}"


def is_confined(objects: Objects) -> Iterator[str]:
    """Seccomp, no escalation, read-only root, no capability but what is needed."""
    for component, pod, container in _containers(objects):
        if pod["spec"]["securityContext"].get("seccompProfile") != {"type": "RuntimeDefault"}:
            yield f"{component}: no seccomp profile"
        security = container.get("securityContext", {})
        if security.get("allowPrivilegeEscalation") is not False or security.get("privileged"):
            yield f"{component}: may gain privileges"
        if security.get("readOnlyRootFilesystem") is not True:
            yield f"{component}: root file system is writable"
        capabilities = security.get("capabilities", {})
        if capabilities.get("drop") != ["ALL"]:
            yield f"{component}: keeps capabilities"
        allowed = CAPABILITIES.get(component, frozenset())
        if gives_storage(component, pod, container):
            allowed = frozenset({"CHOWN", "FOWNER"})
        added = set(capabilities.get("add", [])) - allowed
        if added:
            yield f"{component}: gains {sorted(added)}"


def shares_nothing_of_the_host(objects: Objects) -> Iterator[str]:
    """Host network, and a directory for its spool, for the capture alone; no other namespace."""
    for component, _, pod in pods_of(objects):
        spec = pod["spec"]
        if spec.get("hostPID") or spec.get("hostIPC"):
            yield f"{component}: sees processes of the host"
        if spec.get("hostNetwork") and component not in CAPABILITIES:
            yield f"{component}: is in the host's network"
        for volume in spec.get("volumes", []):
            is_spool = component in CAPABILITIES and volume["name"] == "data"
            if "hostPath" in volume and not is_spool:
                yield f"{component}: mounts a path of the host"


def has_no_token(objects: Objects) -> Iterator[str]:
    """Nothing talks to the Kubernetes API, and Services do not look like settings."""
    for component, _, pod in pods_of(objects):
        if pod["spec"].get("automountServiceAccountToken") is not False:
            yield f"{component}: gets a token"
        if pod["spec"].get("enableServiceLinks") is not False:
            yield f"{component}: gets variables of Services"
    for account in of_kind(objects, "ServiceAccount"):
        if account.get("automountServiceAccountToken") is not False:
            yield f"account {account['metadata']['name']}: gives a token"


def has_bounds(objects: Objects) -> Iterator[str]:
    """Requests and limits of CPU and memory, and bounded scratch space."""
    for component, pod, container in _containers(objects):
        for kind in ("requests", "limits"):
            missing = {"cpu", "memory"} - container.get("resources", {}).get(kind, {}).keys()
            if missing:
                yield f"{component}: no {kind} of {sorted(missing)}"
        for volume in pod["spec"].get("volumes", []):
            if "emptyDir" in volume and "sizeLimit" not in volume["emptyDir"]:
                yield f"{component}: volume {volume['name']} has no limit"


def is_probed(objects: Objects) -> Iterator[str]:
    """Three probes at a port that the container has; liveness asks for no other part's health."""
    for component, workload, pod in pods_of(objects):
        if workload["kind"] == "Job":
            continue
        for container in pod["spec"]["containers"]:
            ports = {port["name"] for port in container.get("ports", [])}
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                asked = container.get(probe, {}).get("httpGet", {})
                if asked.get("port") not in ports:
                    yield f"{component}: {probe} asks no port of its own"
            if container.get("livenessProbe", {}).get("httpGet", {}).get("path") != "/healthz":
                yield f"{component}: liveness depends on others"
            path = container.get("readinessProbe", {}).get("httpGet", {}).get("path", "")
            if not path.startswith("/readyz"):
                yield f"{component}: readiness asks {path}"


def has_fixed_image(objects: Objects) -> Iterator[str]:
    """A release or a digest, never what moves."""
    for component, _, container in _containers(objects):
        name, at, digest = container["image"].partition("@")
        _, _, tag = name.rpartition("/")[2].partition(":")
        if at and re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
            continue
        if not tag or tag == "latest":
            yield f"{component}: image {container['image']}"


def has_no_secret_inside(objects: Objects) -> Iterator[str]:
    """No Secret is made, and no variable holds what is one: files do."""
    for secret in of_kind(objects, "Secret"):
        yield f"Secret {secret['metadata']['name']} is made of values"
    for component, _, container in _containers(objects):
        for one in container.get("env", []):
            if "secretKeyRef" in one.get("valueFrom", {}):
                yield f"{component}: {one['name']} brings a secret into the environment"
        for name, value in environment(container).items():
            is_file = name.endswith("_FILE")
            if _SECRET_NAME.search(name) and not is_file and not name.endswith("STORE__DSN"):
                yield f"{component}: {name} is a secret"
            if _DSN_WITH_PASSWORD.search(value):
                yield f"{component}: {name} has a password in it"
            if is_file and value.startswith("/run/secrets/") and not _is_mounted(container, value):
                yield f"{component}: {name} names a file that is not mounted"


def _is_mounted(container: Json, path: str) -> bool:
    return any(path.startswith(f"{one['mountPath']}/") for one in container["volumeMounts"])


def mounts_fit(objects: Objects) -> Iterator[str]:
    """Every mount has its volume, every file of a secret that is asked for is brought."""
    for component, workload, pod in pods_of(objects):
        claims = workload["spec"].get("volumeClaimTemplates", [])
        volumes = {one["name"] for one in pod["spec"].get("volumes", [])}
        volumes |= {one["metadata"]["name"] for one in claims}
        files = {
            item["path"]
            for volume in pod["spec"].get("volumes", [])
            for source in volume.get("projected", {}).get("sources", [])
            for item in source["secret"]["items"]
        }
        for container in containers(pod):
            for mount in container.get("volumeMounts", []):
                if mount["name"] not in volumes:
                    yield f"{component}: no volume {mount['name']}"
            texts = [*environment(container).values(), *container.get("args", [])]
            for text in texts:
                for path in re.findall(r"/run/secrets/hepscope/([^\s&]+)", text):
                    if path not in files:
                        yield f"{component}: no file {path} in the secrets"
