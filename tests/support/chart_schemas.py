"""Whether Kubernetes, Prometheus operator and KEDA would take an object, by their schemas."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import kubernetes_validate  # type: ignore[import-untyped]  # it has no types

from support.chart import Json

KUBERNETES: Final = ("1.28", "1.37")
"""Releases whose schemas the objects are held against; the first is the least of Chart.yaml."""


def schema_errors(found: Json) -> Iterator[str]:
    """Yield why Kubernetes would refuse an object, by its strict schemas."""
    where = f"{found.get('kind')} {found.get('metadata', {}).get('name')}"
    custom = CUSTOM.get((found["apiVersion"], found["kind"]))
    if custom is not None:
        yield from (f"{where}: {error}" for error in custom(found))
        return
    for release in KUBERNETES:
        try:
            kubernetes_validate.validate(found, release, strict=True)
        except kubernetes_validate.ValidationError as error:
            path = ".".join(str(part) for part in error.path)
            yield f"{where} ({release}): {path}: {error.message}"


def _unknown(found: Any, known: Mapping[str, Any], path: str) -> Iterator[str]:
    """Yield the fields that are not in a tree of known ones; a leaf names the type."""
    for key, value in found.items():
        here = f"{path}.{key}"
        if key not in known:
            yield f"{here} is no field"
            continue
        kind = known[key]
        if isinstance(kind, dict):
            yield from _unknown(value, kind, here)
        elif isinstance(kind, list):
            if not value:
                yield f"{here} is empty"
            for n, one in enumerate(value):
                yield from _unknown(one, kind[0], f"{here}[{n}]")
        elif not isinstance(value, kind):
            yield f"{here} is no {kind.__name__}"


def _checked(spec: Json, needed: set[str]) -> Callable[[Json], Iterator[str]]:
    """Return a check of a custom resource by its known fields."""

    def errors(found: Json) -> Iterator[str]:
        yield from _unknown(found["spec"], spec, "spec")
        yield from (f"spec.{name} is missing" for name in sorted(needed - found["spec"].keys()))

    return errors


_RULE: Final = {
    "alert": str,
    "record": str,
    "expr": str,
    "for": str,
    "keep_firing_for": str,
    "labels": dict,
    "annotations": dict,
}

CUSTOM: Final[Mapping[tuple[str, str], Callable[[Json], Iterator[str]]]] = {
    # github.com/prometheus-operator/prometheus-operator, Documentation/api-reference/api.md
    ("monitoring.coreos.com/v1", "ServiceMonitor"): _checked(
        {
            "namespaceSelector": {"matchNames": list, "any": bool},
            "selector": {"matchLabels": dict},
            "endpoints": [
                {
                    "port": str,
                    "path": str,
                    "interval": str,
                    "scrapeTimeout": str,
                    "relabelings": [
                        {
                            "action": str,
                            "sourceLabels": list,
                            "targetLabel": str,
                            "replacement": str,
                        }
                    ],
                }
            ],
        },
        {"selector", "endpoints"},
    ),
    ("monitoring.coreos.com/v1", "PrometheusRule"): _checked(
        {"groups": [{"name": str, "interval": str, "rules": [_RULE]}]}, {"groups"}
    ),
    # keda.sh/docs, "ScaledObject specification" and "Prometheus" scaler
    ("keda.sh/v1alpha1", "ScaledObject"): _checked(
        {
            "scaleTargetRef": {"apiVersion": str, "kind": str, "name": str},
            "minReplicaCount": int,
            "maxReplicaCount": int,
            "cooldownPeriod": int,
            "advanced": {"horizontalPodAutoscalerConfig": {"behavior": dict}},
            "triggers": [
                {
                    "type": str,
                    "metadata": {"serverAddress": str, "query": str, "threshold": str},
                }
            ],
        },
        {"scaleTargetRef", "triggers"},
    ),
}
