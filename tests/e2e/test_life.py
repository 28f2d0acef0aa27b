"""The process ended in every way, under load: what was accepted is stored, and stays, once."""

import fcntl
import itertools
import os
import signal
import socket
import struct
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from support.builders import make_call, make_packet, make_request
from support.postgres import run_apart
from support.service import (
    END_SECONDS,
    START_SECONDS,
    Json,
    Service,
    data_directory,
    running_hepscope,
    spawn,
    until,
)

pytestmark = pytest.mark.database

SECOND_START_SECONDS = 60.0
"""The goal is 5 s on an idle machine; this only notices that something hangs."""

MESSAGES_PER_CALL = 7
PACE_SECONDS = 0.005

SIOCOUTQ = 0x5411  # bytes that the other side's kernel has not acknowledged, tcp(7)


def now_us() -> int:
    """The time of day."""
    return time.time_ns() // 1000


class Load:
    """A client that sends calls over TCP, one after the other, until it is told or cut off."""

    def __init__(self, service: Service, name: str) -> None:
        self._address = service.tcp
        self._name = name
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)
        self.sent_calls = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Send while the block runs."""
        self._thread.start()
        try:
            yield
        finally:
            self._ended.set()
            self._thread.join(END_SECONDS)
            assert not self._thread.is_alive()

    def call_id(self, number: int) -> str:
        """The Call-ID of a call by its number."""
        return f"{self._name}-{number}@load.example.org"

    def _send(self) -> None:
        try:
            with socket.create_connection(self._address, timeout=END_SECONDS) as connection:
                for number in itertools.count():
                    if self._ended.is_set():
                        return
                    start_us = now_us() - 20_000_000
                    connection.sendall(b"".join(make_call(self.call_id(number), start_us=start_us)))
                    self.sent_calls = number + 1
                    # Enough that something is always on its way, not so much that it piles up.
                    self._ended.wait(PACE_SECONDS)
        except OSError:
            return  # the server went away, as the test wants


def query(service: Service, statement: str) -> list[asyncpg.Record]:
    """Rows of the embedded database."""

    async def ask() -> list[asyncpg.Record]:
        host = str(next(service.data_dir.glob("run/.s.PGSQL.*")).parent)
        connection = await asyncpg.connect(host=host, user="hepscope", database="hepscope")
        try:
            return await connection.fetch(statement)
        finally:
            await connection.close()

    return run_apart(ask)


def stored_rows(service: Service) -> int:
    """How many SIP messages are in the database."""
    count: int = query(service, "select count(*) from hepscope.sip")[0][0]
    return count


def wait_for_rows(service: Service, count: int) -> None:
    """Wait until more messages than that are stored."""
    until(lambda: stored_rows(service) > count, f"{count} rows")


def accepted(service: Service) -> int:
    """What ingest says it took."""
    return int(service.metrics().value("hepscope_ingest_accepted_total"))


def all_on_the_bus_is_stored(service: Service) -> bool:
    """Whether the writer has nothing to do; after a start it stores what it was killed over."""
    metrics = service.metrics()
    left = ("hepscope_writer_lag_records", "hepscope_writer_backlog_bytes")
    return not any(metrics.value(name) for name in left)


def check_consistency(service: Service) -> None:
    """No message twice, every call counts its messages, positions are behind all of them."""
    until(lambda: all_on_the_bus_is_stored(service), "the writer to have stored all")
    messages = service.every("messages", include="payload")
    copies = Counter((one["call_id"], one["payload"]) for one in messages)
    assert [key for key, count in copies.items() if count > 1] == []
    assert len({one["id"] for one in messages}) == len(messages)
    counts = Counter(one["call_id"] for one in messages)
    calls = service.every("calls")
    assert {call["call_id"]: call["message_count"] for call in calls} == counts
    assert len(calls) == len(counts)
    # An id is partition << 53 | offset << 10 | index.
    beyond = query(
        service,
        "select s.id from hepscope.sip s join hepscope.bus_position p"
        " on p.topic = 'hep.signalling.v1' and p.partition = s.id >> 53"
        " where (s.id >> 10) & ((1::bigint << 43) - 1) >= p.next_offset limit 5",
    )
    assert beyond == []


def snapshot(service: Service) -> tuple[dict[str, Json], set[str]]:
    """The newest calls and message ids that the API shows."""
    calls = {call["call_id"]: call for call in service.get("calls", limit=1000)["items"]}
    return calls, {one["id"] for one in service.get("messages", limit=1000)["items"]}


@pytest.fixture(scope="module")
def own() -> Iterator[Service]:
    """A hepscope for these tests, which may end it as they like but leave it running."""
    with running_hepscope() as service:
        yield service


def test_kill_under_load_loses_nothing_stored_and_doubles_nothing(own: Service) -> None:
    """What the API showed before each kill -9 is there after it, once; new calls are stored."""
    for turn in range(2):
        load = Load(own, f"kill{turn}")
        goal = stored_rows(own) + 300
        with load.running():
            wait_for_rows(own, goal)
            calls, ids = snapshot(own)
            own.kill()
        assert own.exit_code == -signal.SIGKILL
        own.start()
        assert own.start_seconds < SECOND_START_SECONDS
        calls_after = {call["call_id"]: call for call in own.every("calls")}
        assert ids <= {one["id"] for one in own.every("messages")}
        for call_id, call in calls.items():
            assert calls_after[call_id]["message_count"] >= call["message_count"]
        check_consistency(own)
        fresh = f"fresh{turn}@example.org"
        own.send_tcp(make_call(fresh, start_us=now_us() - 20_000_000))
        assert own.call_with(fresh, MESSAGES_PER_CALL)["state"] == "completed"


def test_end_under_load_stores_all_that_was_accepted(own: Service) -> None:
    """After SIGTERM amid a stream, whole messages only, and at least what was counted before."""
    own.restart()
    before = stored_rows(own)
    load = Load(own, "term")
    with load.running():
        until(lambda: accepted(own) > 500, "packets under load")
        counted = accepted(own)
        own.stop()
    own.start()
    stored = stored_rows(own) - before
    assert counted <= stored <= (load.sent_calls + 1) * MESSAGES_PER_CALL
    check_consistency(own)


def test_end_takes_what_the_kernel_acknowledged(own: Service) -> None:
    """Bytes that TCP acknowledged and datagrams that wait are read and stored before the end."""
    before = stored_rows(own)
    calls = 500
    data = b"".join(
        b"".join(make_call(f"acked-{number}@example.org", start_us=now_us() - 20_000_000))
        for number in range(calls)
    )
    datagrams = [
        make_packet(make_request("OPTIONS", f"waiting-{number}@example.org"), time_us=now_us())
        for number in range(50)
    ]
    with (
        socket.create_connection(own.tcp, timeout=END_SECONDS) as connection,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        connection.sendall(data)
        for datagram in datagrams:
            sender.sendto(datagram, own.udp)
        until(lambda: unacknowledged(connection) == 0, "all bytes to be acknowledged")
        own.stop()
    own.start()
    assert stored_rows(own) - before == calls * MESSAGES_PER_CALL + len(datagrams)
    check_consistency(own)


def unacknowledged(connection: socket.socket) -> int:
    """Bytes of a TCP connection that the other side's kernel does not have."""
    answer = fcntl.ioctl(connection.fileno(), SIOCOUTQ, struct.pack("i", 0))
    count: int = struct.unpack("i", answer)[0]
    return count


def test_restart_changes_nothing(own: Service) -> None:
    """The same calls and messages are there, in the same order and under the same ids."""
    own.send_tcp(make_call("stays@example.org", start_us=now_us() - 20_000_000))
    own.call_with("stays@example.org", MESSAGES_PER_CALL)
    before = own.messages("stays@example.org", include="payload")
    own.restart()
    assert own.start_seconds < SECOND_START_SECONDS
    assert own.messages("stays@example.org", include="payload") == before


def refused(data_dir: Path, **settings: str) -> str:
    """Start hepscope where it must refuse; return what it says, which must be one line."""
    process = spawn(data_dir, settings)
    try:
        _, said = process.communicate(timeout=START_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        pytest.fail("hepscope started where it should have refused")
    assert process.returncode == 1, said
    lines = said.splitlines()
    assert len(lines) == 1, said
    return lines[0]


def test_second_instance_is_refused(own: Service) -> None:
    """Two processes never share a data directory; the line names the one that runs."""
    said = refused(own.data_dir)
    assert f"pid {own.pid}" in said
    assert str(own.data_dir) in said
    assert own.ask("calls").status_code == 200


@pytest.mark.parametrize(
    ("setting", "kind"),
    [
        ("HEPSCOPE_INGEST__UDP", socket.SOCK_DGRAM),
        ("HEPSCOPE_API__LISTEN", socket.SOCK_STREAM),
    ],
)
def test_port_in_use_is_one_line(stopped: Path, setting: str, kind: socket.SocketKind) -> None:
    """The line names the port, and how to choose another."""
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        port = taken.getsockname()[1]
        said = refused(stopped, **{setting: f"127.0.0.1:{port}"})
    assert str(port) in said
    assert "in use" in said


@pytest.fixture(scope="module")
def stopped() -> Iterator[Path]:
    """A data directory that a hepscope has made and left in order."""
    with data_directory() as directory:
        with running_hepscope(directory):
            pass
        yield directory


def test_data_of_another_major_version_is_one_line(stopped: Path) -> None:
    """PostgreSQL's files of another major version are refused untouched; the way out is named."""
    version = stopped / "postgres" / "PG_VERSION"
    original = version.read_text()
    version.write_text("13\n")
    try:
        said = refused(stopped)
    finally:
        version.write_text(original)
    assert "13" in said
    with running_hepscope(stopped) as service:
        assert service.get("calls")["items"] == []


def test_full_disk_is_one_line() -> None:
    """A disk without room for a database gives one line that says so."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    with data_directory() as directory:
        directory.mkdir(mode=0o711)
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=4m,mode=711", "tmpfs", str(directory)], check=False
        )
        if mounted.returncode != 0:
            pytest.skip("mounting is not allowed here")
        try:
            said = refused(directory / "data")
        finally:
            subprocess.run(["umount", str(directory)], check=True)
    assert "is full" in said
