"""Copies of Prometheus's rules and Grafana's dashboards inside the chart."""

from collections.abc import Iterator, Mapping
from pathlib import Path

CHART = Path(__file__).parents[1]
DEPLOY = CHART.parent
FILES = CHART / "files"
SOURCES: Mapping[str, tuple[Path, str]] = {
    "rules": (DEPLOY / "prometheus" / "rules", "*.yml"),
    "dashboards": (DEPLOY / "grafana" / "json", "*.json"),
}


def copies() -> dict[Path, str]:
    """Return what each file of the chart has to hold."""
    return {
        FILES / folder / path.name: path.read_text(encoding="utf-8")
        for folder, (source, pattern) in SOURCES.items()
        for path in sorted(source.glob(pattern))
    }


def surplus() -> Iterator[Path]:
    """Yield copies of files that are no more."""
    wanted = copies()
    for folder in SOURCES:
        for path in sorted((FILES / folder).glob("*")):
            if path not in wanted:
                yield path
