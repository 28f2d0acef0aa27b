"""From the wire to the row: ``hepscope capture`` before an ingest that dies, hangs or is cut off.

Each message of a capture is told by its Call-ID, so that "once" is looked up, not counted.
"""

import random
import select
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from signal import SIGKILL
from typing import Self

import asyncpg
import pytest

from support.daemon import Daemon
from support.frames import pcap, sip_frame
from support.kafka import KafkaServer, free_port
from support.postgres import run_apart
from support.service import Service, data_directory, running_hepscope, until
from support.sinks import TcpSink

pytestmark = pytest.mark.database

START_US = 1_700_000_000_000_000
RUN_SECONDS = 120.0
PIECE = 1000
PATIENCE = ["--patience", "100"]
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: on, 0 seconds


class Capture:
    """A ``hepscope capture`` that reads from a pipe: what is fed decides how far it is."""

    def __init__(self, url: str, *options: str) -> None:
        words = ["--read", "-", "--send", url, "--speed", "max", "--now", *options]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hepscope_standalone", "capture", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def feed(self, data: bytes) -> None:
        """Give it bytes; waits where it waits."""
        assert self._process.stdin is not None
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def finish(self) -> tuple[int, str, str]:
        """End its file; return exit code, standard output and standard error."""
        out, error = self._process.communicate(timeout=RUN_SECONDS)
        return self._process.returncode, out.decode(), error.decode()

    def __enter__(self) -> Self:
        """Do nothing: it runs already."""
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


class File:
    """A capture file in pieces, each message with a Call-ID of its own."""

    def __init__(self, mark: str, count: int) -> None:
        self.call_ids = [f"{mark}-{number:06d}@example.com" for number in range(count)]
        self._head = pcap([])

    def piece(self, first: int, last: int) -> bytes:
        """The records of messages from ``first`` up to ``last``; the first piece has the head."""
        made = pcap(
            (START_US + number * 1000, sip_frame(self.call_ids[number]))
            for number in range(first, last)
        )
        return made if first == 0 else made[len(self._head) :]


class Feeding(threading.Thread):
    """Feeds a file, since that may have to wait for an ingest that the test starts later."""

    def __init__(self, capture: Capture, file: File, first: int, upto: int) -> None:
        super().__init__(daemon=True)
        self._capture = capture
        self._file = file
        self._upto = upto
        self.fed = first
        """Messages that the capture has read, or its pipe holds."""

    def run(self) -> None:
        """Feed pieces up to the last message of them."""
        while self.fed < self._upto:
            upto = min(self.fed + PIECE, self._upto)
            self._capture.feed(self._file.piece(self.fed, upto))
            self.fed = upto


@contextmanager
def feeding(
    capture: Capture, file: File, first: int = 0, upto: int | None = None
) -> Iterator[Feeding]:
    """Feed meanwhile, to the end of the file unless less is wanted; at the end that was fed."""
    upto = len(file.call_ids) if upto is None else upto
    thread = Feeding(capture, file, first, upto)
    thread.start()
    yield thread
    thread.join(RUN_SECONDS)
    assert thread.fed == upto


class Deployment:
    """Ingest and writer over a broker, at a port that stays."""

    def __init__(self, broker: KafkaServer, dsn: str) -> None:
        self._dsn = dsn
        self.port = free_port()
        around = {
            "HEPSCOPE_BUS__BOOTSTRAP_SERVERS": broker.bootstrap,
            "HEPSCOPE_STORE__DSN": dsn,
        }
        self.ingest = Daemon(
            "hepscope_ingest",
            {
                **around,
                "HEPSCOPE_INGEST__UDP": "",
                "HEPSCOPE_INGEST__TLS": "",
                "HEPSCOPE_INGEST__HTTP": "",
                "HEPSCOPE_INGEST__TCP": f"127.0.0.1:{self.port}",
            },
        )
        self.writer = Daemon("hepscope_storage_writer", around)

    @property
    def url(self) -> str:
        """Where to send."""
        return f"tcp://127.0.0.1:{self.port}"

    def accepted(self) -> float:
        """Packets that this ingest process has accepted."""
        return self.ingest.metrics().value("hepscope_ingest_accepted_total")

    def wait_accepted(self, count: float) -> None:
        """Wait until it has accepted so many."""
        until(lambda: self.accepted() >= count, f"{count} packets accepted")

    def wait_acknowledged(self) -> None:
        """Wait until nothing of what it has accepted is still to be acknowledged."""
        name = "hepscope_ingest_unacknowledged_packets"
        until(lambda: self.ingest.metrics().value(name) == 0, "all acknowledged")

    def stored(self, mark: str) -> list[str]:
        """The Call-IDs of all rows of a file, each as often as it is stored."""

        async def ask() -> list[str]:
            connection = await asyncpg.connect(self._dsn)
            try:
                rows = await connection.fetch(
                    "select call_id from hepscope.sip where call_id like $1 order by call_id",
                    f"{mark}-%",
                )
            finally:
                await connection.close()
            return [row[0] for row in rows]

        return run_apart(ask)

    def wait_stored(self, file: File, mark: str) -> None:
        """Wait for as many rows as a file has messages; they must be those, each once."""
        until(lambda: len(self.stored(mark)) >= len(file.call_ids), f"the rows of {mark}")
        assert self.stored(mark) == file.call_ids


@pytest.fixture
def deployment(mortal_kafka: KafkaServer, database: str) -> Iterator[Deployment]:
    """Running and ready."""
    made = Deployment(mortal_kafka, database)
    with ExitStack() as stack:
        for part in (made.writer, made.ingest):
            stack.enter_context(part)
        made.writer.wait_ready()
        made.ingest.wait_ready()
        yield made


def test_a_killed_ingest_costs_nothing_over_kafka(deployment: Deployment) -> None:
    """Twice in the middle of a replay; every message of the file is one row."""
    file = File("killed", 30_000)
    with Capture(deployment.url, "--rate", "4000", *PATIENCE) as capture:
        with feeding(capture, file, upto=29_000):
            for _ in range(2):
                deployment.wait_accepted(3000)
                deployment.ingest.signal(SIGKILL)
                deployment.ingest.start()
        # Else it might have all acknowledged, and end, before the second kill.
        capture.feed(file.piece(29_000, 30_000))
        code, out, error = capture.finish()
    assert code == 0, error
    assert "30,000 messages acknowledged" in out
    assert "2 times the connection was lost and restored" in out
    assert "trying again" in error
    deployment.wait_stored(file, "killed")


def test_what_is_captured_while_ingest_is_away_waits(deployment: Deployment) -> None:
    """More than the sender keeps: the reader of the file waits, and nothing is lost."""
    file = File("away", 60_000)
    with Capture(deployment.url, *PATIENCE) as capture:
        capture.feed(file.piece(0, 1000))
        deployment.wait_accepted(1000)
        deployment.ingest.signal(SIGKILL)
        with feeding(capture, file, 1000) as feeder:
            # It keeps 16 MiB, about 43,000 messages, and reads no more.
            until(lambda: feeder.fed >= 40_000, "40,000 messages kept")
            deployment.ingest.start()
        code, out, error = capture.finish()
    assert code == 0, error
    assert "60,000 messages acknowledged" in out
    deployment.wait_stored(file, "away")


def test_a_bus_that_is_away_is_no_acknowledgement(
    deployment: Deployment, mortal_kafka: KafkaServer
) -> None:
    """The command says how many messages are not known to be safe, and fails."""
    file = File("busless", 500)
    with Capture(deployment.url, "--patience", "3", "--acks", "require") as capture:
        capture.feed(file.piece(0, 100))
        until(lambda: len(deployment.stored("busless")) == 100, "the first rows")
        # A row may be there before the bus has told ingest that it has the packet.
        deployment.wait_acknowledged()
        mortal_kafka.pause()
        capture.feed(file.piece(100, 500))
        code, out, error = capture.finish()
        mortal_kafka.resume()
    assert code == 1
    assert "acknowledges none: 400 messages are not known to be safe" in error
    assert "100 messages acknowledged" in out
    assert "not safe  400 messages sent and not acknowledged" in out
    # It is a warning, not a loss: ingest has them and goes on.
    deployment.wait_stored(file, "busless")


@contextmanager
def cutting_proxy(port: int, offsets: Sequence[int]) -> Iterator[TcpSink]:
    """A way to a port whose connections are reset after so many bytes, the later ones never."""

    def serve(sink: TcpSink, connection: socket.socket) -> None:
        index = len(sink.connections) - 1
        left = offsets[index] if index < len(offsets) else sys.maxsize
        with socket.create_connection(("127.0.0.1", port), timeout=30) as onward:
            while left:
                readable, _, _ = select.select([connection, onward], [], [], 30)
                if onward in readable:
                    connection.sendall(onward.recv(65_536))
                if connection in readable:
                    data = connection.recv(min(left, 65_536))
                    if not data:
                        return
                    onward.sendall(data)
                    left -= len(data)
            for one in (connection, onward):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)

    with TcpSink(serve) as sink:
        yield sink


@pytest.fixture(scope="module")
def standalone() -> Iterator[Service]:
    """One process, at a port that stays."""
    port = free_port()
    with (
        data_directory() as folder,
        running_hepscope(folder, settings={"HEPSCOPE_INGEST__TCP": f"127.0.0.1:{port}"}) as made,
    ):
        yield made


def rows(service: Service, mark: str) -> list[str]:
    """The Call-IDs of all messages stored of a file."""
    found = service.every("messages", call_id=f"{mark}-*")
    return sorted(one["call_id"] for one in found)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_connections_cut_anywhere_cost_nothing(standalone: Service, seed: int) -> None:
    """At random offsets, in the middle of heads, chunks and greetings."""
    chance = random.Random(seed)
    # The first connection lives, so that the server is known to acknowledge.
    offsets = [chance.randrange(2000, 400_000)]
    offsets += [chance.randrange(1, chance.choice([40, 400_000])) for _ in range(3)]
    mark = f"cut{seed}"
    file = File(mark, 3000)
    with (
        cutting_proxy(standalone.tcp[1], offsets) as proxy,
        Capture(f"tcp://127.0.0.1:{proxy.port}", *PATIENCE) as capture,
    ):
        with feeding(capture, file):
            pass
        code, out, error = capture.finish()
    assert code == 0, error
    assert "3,000 messages acknowledged" in out
    assert "connection was lost and restored" in out
    assert rows(standalone, mark) == file.call_ids


def test_a_killed_standalone_costs_nothing(standalone: Service) -> None:
    """There acknowledged means committed, and the same process dies that writes."""
    file = File("power", 6000)
    host, port = standalone.tcp
    with Capture(f"tcp://{host}:{port}", "--rate", "3000", *PATIENCE) as capture:
        with feeding(capture, file):
            until(_accepted(standalone, 1000), "1000 packets accepted")
            standalone.kill()
            standalone.start()
            assert standalone.tcp == (host, port)
        code, out, error = capture.finish()
    assert code == 0, error
    assert "6,000 messages acknowledged" in out
    # Acknowledged is committed: nothing need be waited for.
    assert rows(standalone, "power") == file.call_ids


def _accepted(service: Service, count: float) -> Callable[[], bool]:
    name = "hepscope_ingest_accepted_total"
    before = service.metrics().value(name)
    return lambda: service.metrics().value(name) >= before + count


def test_capture_over_tls_is_acknowledged(tmp_path: Path) -> None:
    """With the certificate that the server made for itself as CA."""
    port = free_port()
    file = File("tls", 2000)
    path = tmp_path / "tls.pcap"
    path.write_bytes(file.piece(0, 2000))
    settings = {"HEPSCOPE_INGEST__TLS": f"127.0.0.1:{port}"}
    with data_directory() as folder, running_hepscope(folder, settings=settings) as service:
        (certificate,) = (folder / "tls").glob("*.crt")
        words = [
            "--read",
            str(path),
            "--send",
            f"tls://127.0.0.1:{port}",
            "--speed",
            "max",
            "--now",
        ]
        command = [sys.executable, "-m", "hepscope_standalone", "capture", *words]
        stranger = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=RUN_SECONDS
        )
        assert stranger.returncode == 1
        assert "its certificate is not trusted" in stranger.stderr
        done = subprocess.run(
            [*command, "--ca", str(certificate), "--acks", "require"],
            check=False,
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
        )
        assert done.returncode == 0, done.stderr
        assert "2,000 messages acknowledged" in done.stdout
        assert rows(service, "tls") == file.call_ids
