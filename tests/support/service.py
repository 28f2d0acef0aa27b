"""The real ``hepscope run`` for tests: a process on free ports of 127.0.0.1 with its own data.

The process is watched from outside only: its banner tells the ports, the API and the metrics
tell what it did. Waiting is asking again until a deadline, never a fixed pause.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

START_SECONDS = 120.0
"""A first start makes a database; on a busy machine even importing takes long."""

END_SECONDS = 60.0
PATIENCE_SECONDS = 60.0
"""How long something may take that is expected to happen."""

PAUSE_SECONDS = 0.05
"""Between two questions, so that asking does not slow down what is asked about."""

FREE = {
    "HEPSCOPE_INGEST__UDP": "127.0.0.1:0",
    "HEPSCOPE_INGEST__TCP": "127.0.0.1:0",
    "HEPSCOPE_INGEST__TLS": "127.0.0.1:0",
    "HEPSCOPE_INGEST__HTTP": "127.0.0.1:0",
    "HEPSCOPE_API__LISTEN": "127.0.0.1:0",
    "HEPSCOPE_METRICS__LISTEN": "127.0.0.1:0",
}
KEEP_ALL = {
    f"HEPSCOPE_RETENTION__{kind}_DAYS": "7300"
    for kind in ("CALLS", "MEDIA", "REGISTRATIONS", "OTHER", "LOGS")
}
"""Recordings grow old; with this their times stay plausible."""

ALWAYS = {"start": "2000-01-01T00:00:00Z", "end": "2100-01-01T00:00:00Z"}
"""A period that holds every recording."""

_ADDRESS = re.compile(r"(udp|tcp) ([\d.]+):(\d+)")
_STARTED = re.compile(r"is running \(started in ([\d.]+) s\)")
_URL = re.compile(r"https?://\S+?(?=/docs|/metrics|,|\s|$)")

Address = tuple[str, int]
Json = dict[str, Any]
"""What the API answers; tests look into it as any other client does."""
_Primitive = str | int | float | bool | None
_Value = TypeVar("_Value")


def until(
    ask: Callable[[], _Value | None],
    what: str | Callable[[], object],
    *,
    seconds: float = PATIENCE_SECONDS,
) -> _Value:
    """Return the first answer that is neither None nor False; fails after the deadline.

    ``what`` says what was waited for, as a function how it stands in the end.
    """
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer is not None and answer is not False:
            return answer
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds:.0f} s: {what() if callable(what) else what}")
        time.sleep(PAUSE_SECONDS)


class Service:
    """A hepscope process and the ways to talk to it."""

    def __init__(self, data_dir: Path, settings: Mapping[str, str]) -> None:
        self.data_dir = data_dir
        self.settings = dict(settings)
        self.udp: Address = ("", 0)
        self.tcp: Address = ("", 0)
        self.api = ""
        self.metrics_url = ""
        self.start_seconds = 0.0
        """What the banner says; without the time that Python takes to load the modules."""
        self.lines: list[str] = []
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        # Kept for less than the server's 5 s, at whose end a connection may be closed while the
        # next question is on its way.
        limits = httpx.Limits(keepalive_expiry=2.0)
        self._client = httpx.Client(trust_env=False, timeout=PATIENCE_SECONDS, limits=limits)

    @property
    def pid(self) -> int:
        """The process id of hepscope itself."""
        assert self._process is not None
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        assert self._process is not None
        return self._process.poll()

    @property
    def log(self) -> str:
        """Everything it has written so far, of all its runs."""
        return "\n".join(self.lines)

    def start(self) -> None:
        """Start the process and wait for its banner."""
        first = len(self.lines)
        self._process = spawn(self.data_dir, self.settings)
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()
        until(
            lambda: self._announced(first) or self.exit_code is not None,
            "the banner of hepscope",
            seconds=START_SECONDS,
        )
        if self.exit_code is not None:
            self._reader.join(END_SECONDS)
            pytest.fail(f"hepscope ended with {self.exit_code}:\n{self.log}")

    def stop(self) -> None:
        """End it as an operator does, and require that it says all went well."""
        if self.signal(signal.SIGTERM) != 0:
            pytest.fail(f"hepscope ended with {self.exit_code} after SIGTERM:\n{self.log}")

    def kill(self) -> None:
        """End it as a power cut does."""
        self.signal(signal.SIGKILL)

    def signal(self, number: signal.Signals) -> int:
        """Send a signal, wait for the end and return the exit code."""
        assert self._process is not None
        assert self._reader is not None
        self._process.send_signal(number)
        try:
            code = self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            pytest.fail(f"hepscope still runs {END_SECONDS:.0f} s after {number.name}:\n{self.log}")
        self._reader.join(END_SECONDS)
        return code

    def restart(self) -> None:
        """Stop it and start it again on the same data."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Leave nothing running and nothing open."""
        self._client.close()
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def ask(self, path: str, **parameters: object) -> httpx.Response:
        """Return the response of the API; the path is below ``/api/v1/``."""
        return self._client.get(f"{self.api}/api/v1/{path}", params=_query(parameters))

    def get(self, path: str, **parameters: object) -> Json:
        """Return the JSON that the API answers, which must be a success."""
        response = self.ask(path, **parameters)
        assert response.status_code == 200, f"{response.url}: {response.text}"
        found: Json = response.json()
        return found

    def every(self, path: str, **parameters: object) -> list[Json]:
        """Return the items of all pages of a list."""
        items: list[Json] = []
        cursor: object = None
        while True:
            page = self.get(path, **{"limit": 1000, **parameters, "cursor": cursor})
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return items

    def call(self, call_id: str) -> Json | None:
        """Return a call, None while there is none."""
        response = self.ask(f"calls/{quote(call_id, safe='')}")
        if response.status_code == 404:
            return None
        assert response.status_code == 200, response.text
        found: Json = response.json()
        return found

    def call_with(self, call_id: str, message_count: int) -> Json:
        """Wait until a call has so many messages, not fewer and not more; return it."""

        def has_all() -> Json | None:
            call = self.call(call_id)
            return call if call and call["message_count"] == message_count else None

        return until(has_all, f"{message_count} messages of {call_id}: {self.call(call_id)}")

    def messages(self, call_id: str, **parameters: object) -> list[Json]:
        """Return all messages of a call, oldest first."""
        path = f"calls/{quote(call_id, safe='')}/messages"
        return self.every(path, **{"order": "time", **parameters})

    def export(self, call_id: str, kind: str, **parameters: object) -> bytes:
        """Return an export of a call."""
        response = self.ask(
            f"calls/{quote(call_id, safe='')}/export", **{"format": kind, **parameters}
        )
        assert response.status_code == 200, response.text
        return response.content

    def metrics(self) -> "Metrics":
        """Return all metrics of this moment."""
        response = self._client.get(f"{self.metrics_url}/metrics")
        assert response.status_code == 200
        return Metrics(response.text)

    def send_udp(self, packets: Iterable[bytes]) -> int:
        """Send datagrams, never more at once than any receive buffer holds; return how many."""
        began, count = self._received_udp(), 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for batch in _batches(packets):
                for packet in batch:
                    sender.sendto(packet, self.udp)
                count += len(batch)
                self._wait_for_udp(began + count)
        return count

    def send_tcp(self, data: Iterable[bytes]) -> None:
        """Send bytes over one connection, which is then closed in order."""
        with socket.create_connection(self.tcp, timeout=PATIENCE_SECONDS) as connection:
            for piece in data:
                connection.sendall(piece)

    def _wait_for_udp(self, total: float) -> None:
        until(lambda: self._received_udp() >= total, f"{total:.0f} datagrams to arrive")

    def _received_udp(self) -> float:
        return self.metrics().value("hepscope_ingest_received_total", transport="udp")

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stderr is not None
        with process.stderr:
            for line in process.stderr:
                self.lines.append(line.rstrip("\n"))

    def _announced(self, first: int) -> bool | None:
        rows = dict(
            line.strip().split(maxsplit=1)
            for line in self.lines[first:]
            if line.startswith("  ") and " " in line.strip()
        )
        if "data" not in rows:
            return None
        ports = {kind: (host, int(port)) for kind, host, port in _ADDRESS.findall(rows["HEP"])}
        self.udp, self.tcp = ports["udp"], ports["tcp"]
        self.api = _first_url(rows["page"])
        self.start_seconds = float(_STARTED.findall("\n".join(self.lines[first:]))[0])
        self.metrics_url = _first_url(rows["metrics"])
        return True


class Metrics:
    """The samples of a scrape."""

    def __init__(self, text: str) -> None:
        self.samples = [
            (sample.name, sample.labels, sample.value)
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        ]

    def value(self, name: str, **labels: str) -> float:
        """Return the sum of the samples of a name that have these labels; 0 when none has."""
        wanted = labels.items()
        return sum(
            value
            for sample, found, value in self.samples
            if sample == name and wanted <= found.items()
        )


def spawn(data_dir: Path, settings: Mapping[str, str]) -> "subprocess.Popen[str]":
    """Start ``hepscope run``, its output on stderr; it ends with the tests whatever happens."""
    guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
    kept = {name: text for name, text in os.environ.items() if not name.startswith("HEPSCOPE_")}
    return subprocess.Popen(
        [*guard, sys.executable, "-m", "hepscope_standalone", "run", "--data-dir", str(data_dir)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        cwd="/",
        env={**kept, **FREE, **settings},
    )


@contextmanager
def data_directory() -> Iterator[Path]:
    """A directory for data that PostgreSQL's account can reach, removed at the end."""
    scratch = Path(tempfile.mkdtemp(prefix="hepscope-e2e-", dir="/var/tmp"))
    scratch.chmod(0o711)
    try:
        yield scratch / "data"
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def running_hepscope(
    data_dir: Path | None = None, *, settings: Mapping[str, str] | None = None
) -> Iterator[Service]:
    """A running hepscope, ended by SIGTERM, which must give exit code 0."""
    if data_dir is None:
        with (
            data_directory() as fresh,
            running_hepscope(fresh, settings=settings) as service,
        ):
            yield service
        return
    service = Service(data_dir, settings or {})
    try:
        service.start()
        yield service
        if service.exit_code is None:
            service.stop()
    finally:
        service.close()


@pytest.fixture(scope="session")
def hepscope() -> Iterator[Service]:
    """One hepscope for all tests that leave it running; it keeps data of any age."""
    with running_hepscope(settings=KEEP_ALL) as service:
        yield service


def _query(parameters: Mapping[str, object]) -> list[tuple[str, _Primitive]]:
    """Return parameters in the form that repeats lists and leaves out None."""
    pairs: list[tuple[str, _Primitive]] = []
    for name, value in parameters.items():
        values: Sequence[object] = value if isinstance(value, list) else [value]
        pairs += [(name, str(one)) for one in values if one is not None]
    return pairs


def _batches(packets: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Cut packets into groups of less than 64 kB, which the smallest usual buffer holds."""
    batch: list[bytes] = []
    size = 0
    for packet in packets:
        # The kernel counts its own overhead for each datagram.
        cost = len(packet) + 800
        if batch and size + cost > 64_000:
            yield batch
            batch, size = [], 0
        batch.append(packet)
        size += cost
    if batch:
        yield batch


def _first_url(text: str) -> str:
    found = _URL.search(text)
    assert found is not None, text
    return found[0].replace("localhost", "127.0.0.1")
