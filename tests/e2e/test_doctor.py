"""``hepscope doctor`` beside a running hepscope, and where nothing runs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.builders import make_call
from support.service import Service

pytestmark = pytest.mark.database

STATES = {"ok", "hint", "warning", "broken", "skipped"}


def doctor(*words: str, **settings: str) -> tuple[int, dict[str, tuple[str, str]]]:
    """Return the exit code, and state and detail of each stop by what it is."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("HEPSCOPE_")}
    done = subprocess.run(
        [sys.executable, "-m", "hepscope_standalone", "doctor", "--json", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd="/",
        env={**kept, **settings},
    )
    stops = json.loads(done.stdout)["stops"]
    assert {stop["state"] for stop in stops} <= STATES
    return done.returncode, {stop["what"]: (stop["state"], stop["detail"]) for stop in stops}


def test_a_running_hepscope_is_walked_from_listener_to_row(hepscope: Service) -> None:
    """What listens, the embedded database, and when a call was stored last."""
    call = "doctor@example.org"
    hepscope.send_tcp(make_call(call))
    hepscope.call_with(call, 7)
    udp, tcp = (f"{host}:{port}" for host, port in (hepscope.udp, hepscope.tcp))
    _, stops = doctor(
        "--data-dir",
        str(hepscope.data_dir),
        HEPSCOPE_INGEST__UDP=udp,
        HEPSCOPE_INGEST__TCP=tcp,
        HEPSCOPE_INGEST__TLS="",
        HEPSCOPE_INGEST__HTTP="",
    )
    assert stops[f"listener udp {udp}"] == ("ok", "bound")
    assert stops[f"listener tcp {tcp}"] == ("ok", "accepts connections")
    assert stops["bus"][0] == "skipped"
    assert stops["database"][0] == "ok"
    # This service keeps everything for twenty years, for which its server has too few locks.
    assert stops["database_locks"][0] == "warning"
    assert stops["stored last"][0] == "ok"
    assert stops["newest call"][0] == "ok"


def test_where_nothing_runs_every_stop_says_so(tmp_path: Path) -> None:
    """Exit code 1; each line says what to look at."""
    code, stops = doctor(
        "--data-dir",
        str(tmp_path),
        HEPSCOPE_INGEST__UDP="127.0.0.1:1",
        HEPSCOPE_INGEST__TCP="127.0.0.1:1",
        HEPSCOPE_INGEST__TLS="",
        HEPSCOPE_INGEST__HTTP="",
        HEPSCOPE_BUS__BOOTSTRAP_SERVERS="127.0.0.1:1",
    )
    assert code == 1
    assert stops["listener udp 127.0.0.1:1"][0] == "broken"
    assert stops["listener tcp 127.0.0.1:1"][0] == "broken"
    assert stops["bus"][0] == "broken"
    assert "Kafka does not answer" in stops["bus"][1]
    assert stops["database"][0] == "broken"
    assert str(tmp_path) in stops["database"][1]


def test_a_database_is_told_how_to_be_better(database: str, empty_database: str) -> None:
    """Settings as the server has them; one without a schema is told to be migrated."""
    off = dict.fromkeys(("UDP", "TCP", "TLS", "HTTP"), "")
    settings = {f"HEPSCOPE_INGEST__{name}": text for name, text in off.items()}
    code, stops = doctor("--dsn", database, **settings)
    assert code == 1
    assert stops["listener"][0] == "skipped"
    assert stops["database"] == ("ok", stops["database"][1])
    assert stops["newest row"][0] == "warning"
    assert "alter system set" in " ".join(detail for _, detail in stops.values())
    code, stops = doctor("--dsn", empty_database, **settings)
    assert (code, stops["database"][0]) == (1, "broken")
    assert "hepscope migrate" in stops["database"][1]
