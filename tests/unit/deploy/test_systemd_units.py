"""Units and their examples name programs, settings and times that exist."""

import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from hepscope_capture.settings.environment import CONFIG
from hepscope_capture.settings.environment import NAMES as OPTIONS
from hepscope_capture.settings.option import PREFIX
from hepscope_common.bus.kafka import KafkaBus
from hepscope_common.http import HttpServer
from hepscope_common.names import Names
from hepscope_common.service import ServiceSettings
from hepscope_common.settings import Settings, load
from hepscope_ingest.component import Ingest
from hepscope_ingest.settings import IngestSettings
from hepscope_metrics_exporter.component import Exporter
from hepscope_query_api.component import QueryApi
from hepscope_standalone.postgres.component import EmbeddedPostgres
from hepscope_standalone.settings import StandaloneSettings
from hepscope_storage_writer.maintainer import Maintainer
from hepscope_storage_writer.queue_worker import QueueWorker
from hepscope_storage_writer.schema import Schema
from hepscope_storage_writer.settings import WriterSettings

ROOT: Final = Path(__file__).parents[3]
SYSTEMD: Final = ROOT / "deploy/systemd"
UNITS: Final = sorted((SYSTEMD / "units").glob("*.service"))
EXAMPLES: Final = sorted((SYSTEMD / "examples").iterdir())
WORST_EXPOSURE: Final = 20
"""Tenths, as ``systemd-analyze security`` counts: below 20 is what it calls OK."""

_HARDENING: Final = "# What the process may do"
_VARIABLE: Final = re.compile(r"\bHEPSCOPE_[A-Z0-9_]+")


def values(unit: Path, name: str) -> list[str]:
    """Return what a unit gives a directive, in order."""
    lines = unit.read_text(encoding="utf-8").splitlines()
    return [line.removeprefix(f"{name}=") for line in lines if line.startswith(f"{name}=")]


def console_scripts() -> set[str]:
    """Return the programs that our packages install."""
    found: set[str] = set()
    members = [*ROOT.glob("services/*"), *ROOT.glob("libs/*"), ROOT / "migrations"]
    for project in (member / "pyproject.toml" for member in members):
        found |= tomllib.loads(project.read_text())["project"].get("scripts", {}).keys()
    return found


def is_setting(variable: str) -> bool:
    """Return whether a variable sets something, itself or by a file."""
    name = variable.removesuffix("_FILE")
    if name.startswith(PREFIX):
        return name == CONFIG or name.removeprefix(PREFIX).lower() in OPTIONS
    section, _, key = name.removeprefix("HEPSCOPE_").lower().partition("__")
    field = StandaloneSettings.model_fields.get(section)
    if field is None or not key:
        return field is not None
    return key in getattr(field.annotation, "model_fields", {})


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_programs_are_ones_that_we_install(unit: Path) -> None:
    """In the directory that the install script makes."""
    (command,) = values(unit, "ExecStart")
    program = Path(command.split()[0])
    assert program.parent == Path("/opt/hepscope/bin")
    assert program.name in console_scripts()


def test_the_capture_reads_its_settings_again_on_any_machine() -> None:
    """By SIGHUP; /bin/kill is of procps, which small installations do not have."""
    (reload,) = values(SYSTEMD / "units" / "hepscope-capture@.service", "ExecReload")
    assert reload == "/bin/sh -c 'kill -HUP $MAINPID'"


@pytest.mark.parametrize("file", [*UNITS, *EXAMPLES], ids=lambda file: file.name)
def test_variables_are_settings(file: Path) -> None:
    """Those in comments too."""
    named = set(_VARIABLE.findall(file.read_text(encoding="utf-8")))
    assert [variable for variable in sorted(named) if not is_setting(variable)] == []


def drains() -> Iterator[tuple[str, list[float]]]:
    """Yield each unit with the times that its parts may take at the end."""
    writer, server = WriterSettings().drain_seconds, HttpServer.drain_seconds
    exporter, api, ingest = Exporter.drain_seconds, QueryApi.drain_seconds, Ingest.drain_seconds
    names, bus = Names.drain_seconds, KafkaBus.drain_seconds
    storing = [writer, writer + 5, Maintainer.drain_seconds, 2 * QueueWorker.drain_seconds]
    database = EmbeddedPostgres.drain_seconds
    yield "hepscope", [database, *storing, names, exporter, api, server, ingest]
    yield "hepscope-ingest", [server, bus, ingest]
    yield "hepscope-storage-writer", [server, Schema.drain_seconds, bus, *storing]
    yield "hepscope-metrics-exporter", [server, bus, names, exporter, server]
    yield "hepscope-query-api", [server, names, api]


@pytest.mark.parametrize(("name", "seconds"), [*drains()])
def test_an_end_may_take_as_long_as_all_parts_may(name: str, seconds: list[float]) -> None:
    """Else systemd kills what is still being stored."""
    (stop,) = values(SYSTEMD / "units" / f"{name}.service", "TimeoutStopSec")
    assert float(stop) > sum(seconds)


def test_services_of_one_machine_have_ops_ports_of_their_own() -> None:
    """All of them listen at the same one by default."""
    listens = [
        line.partition("=")[2]
        for unit in UNITS
        for line in values(unit, "Environment")
        if line.startswith("HEPSCOPE_OPS__LISTEN=")
    ]
    assert len(set(listens)) == len(listens) == 4


def _hardening(unit: Path) -> list[str]:
    text = unit.read_text(encoding="utf-8").partition(_HARDENING)[2].partition("[Install]")[0]
    return [line for line in text.splitlines()[1:] if line]


def test_all_units_are_hardened_alike() -> None:
    """Only capturing needs more: packet sockets; and the embedded database a call more."""
    own: tuple[str, ...] = ("CapabilityBoundingSet=", "AmbientCapabilities=", "PrivateUsers=", "#")
    own += ("RestrictAddressFamilies=", "SystemCallFilter=@chown")
    found = {tuple(line for line in _hardening(unit) if not line.startswith(own)) for unit in UNITS}
    assert len(found) == 1
    (capture,) = [unit for unit in UNITS if "capture" in unit.name]
    assert values(capture, "CapabilityBoundingSet") == ["CAP_NET_RAW"]
    for unit in UNITS:
        if unit != capture:
            assert values(unit, "CapabilityBoundingSet") == [""]


def test_no_secret_is_in_a_unit_or_an_example() -> None:
    """They come from files that are root's alone."""
    for file in (*UNITS, *EXAMPLES):
        for line in file.read_text(encoding="utf-8").splitlines():
            assert not re.search(r"(?:PASSWORD|AUTH_KEYS?|TOKEN)=\S|://[^/\s]*:[^/\s]*@", line), (
                line
            )


def test_the_example_of_settings_holds() -> None:
    """With every line that is commented out as well."""
    text = (SYSTEMD / "examples/hepscope.toml").read_text(encoding="utf-8")
    whole = re.sub(r"^# (?=\w+ = )", "", text, flags=re.MULTILINE)
    assert whole.count(" = ") > 8
    sections = tomllib.loads(whole)
    assert sections.keys() <= StandaloneSettings.model_fields.keys()


@pytest.mark.parametrize("model", [StandaloneSettings, ServiceSettings])
def test_the_example_of_settings_is_taken(model: type[Settings], tmp_path: Path) -> None:
    """By everything in one process, and by a service that knows a part of it."""
    text = (SYSTEMD / "examples/hepscope.toml").read_text(encoding="utf-8")
    file = tmp_path / "hepscope.toml"
    file.write_text(re.sub(r"^# (?=\w+ = )", "", text, flags=re.MULTILINE), encoding="utf-8")
    load(model, config=file, environ={})


def test_the_kernel_allows_the_buffer_that_ingest_asks_for() -> None:
    """Or every start would warn of it."""
    text = (SYSTEMD / "sysctl.d/60-hepscope.conf").read_text(encoding="utf-8")
    found = re.search(r"net\.core\.rmem_max = (\d+)", text)
    assert found is not None
    assert int(found[1]) == IngestSettings().receive_buffer_bytes


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run systemd-analyze; skips where it is not there."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("no systemd-analyze")
    return subprocess.run(
        [program, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_reads_the_units_without_complaint(unit: Path) -> None:
    """But that the programs are not installed here."""
    said = analyze("verify", "--man=no", unit).stderr.splitlines()
    assert [line for line in said if unit.name in line and "is not executable" not in line] == []


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_expose_little(unit: Path, tmp_path: Path) -> None:
    """As systemd itself counts, offline."""
    # It does not take a template as such.
    copy = tmp_path / unit.name.replace("@.", "@lo.")
    shutil.copy(unit, copy)
    done = analyze("security", "--offline=true", f"--threshold={WORST_EXPOSURE}", copy)
    assert "Overall exposure level" in done.stdout, done.stderr
    assert done.returncode == 0, done.stdout[-400:]


def test_the_install_script_is_sound() -> None:
    """As far as shellcheck can tell."""
    program = shutil.which("shellcheck")
    if program is None:
        pytest.skip("no shellcheck")
    done = subprocess.run(
        [program, SYSTEMD / "install"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout == ""
