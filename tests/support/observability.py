"""What deploy/compose/compose.observability.yaml says, and the files that it mounts, for tests."""

import re
from typing import Any, Final

import yaml

from support.grafana import ROOT

COMPOSE: Final = ROOT / "deploy" / "compose"
Yaml = dict[str, Any]

SERVERS: Final = {
    "prometheus", "victoriametrics", "alertmanager", "grafana", "loki", "loki-budget",
    "docker-api", "alloy",
}  # fmt: skip


def load(*parts: str) -> Yaml:
    """Return a YAML file of deploy."""
    found: Yaml = yaml.safe_load(ROOT.joinpath("deploy", *parts).read_text())
    return found


def menu() -> dict[str, str]:
    """Return what .env sets."""
    lines = (COMPOSE / ".env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if re.match(r"[A-Z_0-9]+=", line))


def services() -> dict[str, Yaml]:
    """Return the services of the file."""
    found: dict[str, Yaml] = load("compose", "compose.observability.yaml")["services"]
    return found


def mounts(service: str) -> dict[str, str]:
    """Return what is mounted, by the place in the container."""
    return {
        target: source
        for source, target in (
            re.sub(r":(ro|rslave|z|,)+$", "", one).rsplit(":", 1)
            for one in services()[service]["volumes"]
        )
    }


def expanded(value: str, environment: dict[str, str]) -> str:
    """Return a value as Grafana reads it: variables replaced, ``$$`` one that stays."""

    def variable(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        return found[0] if name == "__file" else environment[name]

    parts = value.split("$$")
    return "$".join(re.sub(r"\$(?:\{(\w+)\}|(\w+))", variable, part) for part in parts)
