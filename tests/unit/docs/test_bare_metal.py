"""The page about bare metal names ports, units, files and settings that exist."""

import re
from pathlib import Path

from hepscope_common.service import OpsSettings
from hepscope_common.store.tuning import TESTED
from hepscope_ingest.settings import IngestSettings
from hepscope_metrics_exporter.settings import MetricsSettings
from hepscope_query_api.settings import ApiSettings
from hepscope_standalone.settings import StandaloneSettings

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/bare-metal.md").read_text(encoding="utf-8")
UNITS = {path.stem for path in (ROOT / "deploy/systemd/units").iterdir()}


def ops_ports() -> set[int]:
    """Return the ops ports that the units set."""
    texts = [path.read_text() for path in (ROOT / "deploy/systemd/units").iterdir()]
    found = re.findall(r"HEPSCOPE_OPS__LISTEN=127\.0\.0\.1:(\d+)", "".join(texts))
    return {int(port) for port in found}


def test_ports_are_those_of_the_settings() -> None:
    """In the table, and every one of them in each firewall where it belongs."""
    ingest = IngestSettings()
    hep = {one.port for one in (*ingest.udp, *ingest.tcp, *ingest.tls, *ingest.http)}
    local = {one.port for one in (*ApiSettings().listen, *MetricsSettings().listen)} | ops_ports()
    table = PAGE[PAGE.index("| port | unit |") : PAGE.index("firewalld (RHEL)")]
    ports = {int(port) for port in re.findall(r"\b(\d{4})\b", table)}
    assert ports == hep | local | {5432, 9092}
    assert OpsSettings().listen.port not in ops_ports()
    for port in hep:
        assert f"{port}/tcp" in PAGE
    assert "port 9060,9061,9062" in PAGE


def test_units_are_those_that_are_installed() -> None:
    """Whole names, with an instance for capture."""
    named = set(re.findall(r"\bhepscope-(?:[a-z-]+)@?", PAGE))
    files = {"hepscope-capture"}
    for name in named - files:
        assert name.rstrip("-") in UNITS, name


def test_settings_are_settings() -> None:
    """Written as section.key."""
    found = re.findall(r"`(store|ingest|api|bus|retention)\.(\w+)`", PAGE)
    assert len(found) > 5
    for section, key in found:
        field = StandaloneSettings.model_fields[section]
        assert key in getattr(field.annotation, "model_fields", {}), f"{section}.{key}"


def test_paths_in_the_repository_exist() -> None:
    """Scripts and examples."""
    for path in re.findall(r"deploy/systemd/[\w./-]+", PAGE):
        assert (ROOT / path).exists(), path


def test_tested_releases_are_those_that_a_start_takes() -> None:
    """A start warns of others."""
    oldest, newest = TESTED
    assert f"{oldest} to {newest} are taken" in PAGE
