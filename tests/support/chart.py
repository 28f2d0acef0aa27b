"""The Helm chart, rendered by Helm's own library, as the objects that a cluster would get.

Values that the chart refuses raise HelmError. Rendering reads no cluster: ``lookup`` finds nothing.
"""

import copy
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from helm_python import Chart

CHART: Final = Path(__file__).parents[2] / "deploy" / "k8s"
VALUES_FILES: Final = sorted((CHART / "ci").glob("*-values.yaml"))
MINIMAL: Final = CHART / "ci" / "minimal-values.yaml"
FULL: Final = CHART / "ci" / "full-values.yaml"


LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where it is there, which Go's YAML was made from; the other is ten times as slow."""

Json = dict[str, Any]
Objects = list[Json]


def values_of(path: Path) -> Json:
    """Return the values of a file."""
    loaded: Json = yaml.safe_load(path.read_text())
    return loaded


def with_values(base: Mapping[str, Any], more: Mapping[str, Any]) -> Json:
    """Return values with others over them, as a second ``--values`` does."""
    merged = dict(base)
    for key, value in more.items():
        under = merged.get(key)
        if isinstance(value, Mapping) and isinstance(under, Mapping):
            merged[key] = with_values(under, value)
        else:
            merged[key] = value
    return merged


@functools.cache
def chart() -> Chart:
    """Return the chart."""
    return Chart.load(CHART)


def templates(
    values: Mapping[str, Any], *, name: str = "hepscope", namespace: str = "voip"
) -> dict[str, str]:
    """Return what each template renders to."""
    return chart().render(dict(values), name=name, namespace=namespace)


def render(
    values: Mapping[str, Any], *, name: str = "hepscope", namespace: str = "voip"
) -> Objects:
    """Return the objects of a release; raises HelmError."""
    return [
        found
        for path, text in sorted(templates(values, name=name, namespace=namespace).items())
        if not path.endswith(".txt")
        for found in yaml.load_all(text, Loader=LOADER)
        if found is not None
    ]


def rendered(path: Path) -> Objects:
    """Return the objects of a values file, each time anew."""
    return copy.deepcopy(_rendered(path))


@functools.cache
def _rendered(path: Path) -> Objects:
    return render(values_of(path))


def of_kind(objects: Objects, *kinds: str) -> Objects:
    """Return the objects of these kinds."""
    return [one for one in objects if one["kind"] in kinds]


def named(objects: Objects, kind: str, name: str) -> Json:
    """Return one object."""
    (found,) = [one for one in of_kind(objects, kind) if one["metadata"]["name"] == name]
    return found


WORKLOADS: Final = ("Deployment", "StatefulSet", "DaemonSet", "Job")


def workloads(objects: Objects) -> Objects:
    """Return what makes pods."""
    return of_kind(objects, *WORKLOADS)


def pod_of(workload: Json) -> Json:
    """Return the pod template of a workload."""
    template: Json = workload["spec"]["template"]
    return template


def containers(pod: Json) -> Objects:
    """Return all containers of a pod template."""
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]


def environment(container: Json) -> dict[str, str]:
    """Return the variables that have a value in the manifest."""
    return {one["name"]: one["value"] for one in container.get("env", []) if "value" in one}


def is_selected(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Tell whether labels have all that a selector asks for."""
    return bool(selector) and selector.items() <= labels.items()


def at(path: str, value: object) -> Json:
    """Return values that set one thing: ``services.ingest.replicas``."""
    for key in reversed(path.split(".")):
        value = {key: value}
    assert isinstance(value, dict)
    return value


def minimal_with(own: Mapping[str, Any]) -> Json:
    """Return the least that has to be said, with more over it."""
    return with_values(values_of(MINIMAL), own)


def shape(objects: Objects) -> list[tuple[str, str]]:
    """Return which objects there are."""
    return sorted((one["kind"], one["metadata"]["name"]) for one in objects)


WITHOUT_FILES: Final = values_of(FULL) | {"monitoring": {}}
"""Everything on but rules and dashboards, which are long and come from files."""
