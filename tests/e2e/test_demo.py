"""The demo against a real hepscope: what it says is what was stored, or refused."""

import os
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from support.service import Service, running_hepscope, until

pytestmark = pytest.mark.database

WORDS = ("--calls", "20", "--minutes", "5", "--seed", "4")


@pytest.fixture(scope="module")
def own() -> Iterator[Service]:
    """A hepscope that only the demo sends to."""
    with running_hepscope() as service:
        yield service


def demo(service: Service, *words: str) -> tuple[int, str]:
    """Run it; return its exit code and what it said."""
    host, port = service.tcp
    command = [sys.executable, "-m", "hepscope_standalone.cli", "demo", *WORDS, *words]
    done = subprocess.run(
        [*command, "--send", f"tcp://{host}:{port}", "--page", service.api],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HEPSCOPE_DATA_DIR": str(service.data_dir)},
    )
    return done.returncode, done.stdout + done.stderr


def any_mos(service: Service) -> bool:
    """Whether some call has a worst MOS."""
    calls = service.get("calls", limit=200)["items"]
    return any(call["worst_mos"] is not None for call in calls)


def test_everything_is_stored_with_media_and_logs(own: Service) -> None:
    """The API has what was sent: calls of every outcome, reports that found theirs, log lines."""
    code, said = demo(own)

    assert code == 0, said
    stored = next(line for line in said.splitlines() if line.startswith("stored"))
    count, _, whole, *_ = stored.removeprefix("stored ").split()
    assert count == whole
    calls = own.get("calls", limit=200)["items"]
    # Reports are joined to their calls after they are stored, and nodes tell when it is time.
    until(lambda: any_mos(own), "the worst MOS of some call")
    assert str(own.data_dir / "names.toml") in said
    of_hour = f"calls/{quote(calls[0]['call_id'], safe='')}/flow"

    def named() -> bool:
        return any(host["label"] != host["address"] for host in own.get(of_hour)["hosts"])

    until(named, "hosts called by the demo's names")
    until(
        lambda: {node["name"] for node in own.get("nodes")["items"]} >= {"sbc-fra-1", "kam-core-1"},
        "the nodes of the demo",
    )


def test_what_is_refused_is_told(own: Service) -> None:
    """Where a key is wanted, nothing is stored: the demo says so and ends with 1."""
    own.stop()
    own.settings["HEPSCOPE_INGEST__AUTH_KEYS"] = "secret"
    own.start()

    code, said = demo(own)

    assert code == 1, said
    assert "stored 0 of" in said
    assert "auth_key" in said
