"""The ops port of a capture, asked as a prober and a scraper do."""

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from hepscope_capture.live.metrics import CaptureMetrics
from hepscope_capture.live.ops import Answers, OpsServer
from hepscope_common import __version__
from support.service import until

STATE = {"interfaces": (True, ""), "server": (True, "")}


@pytest.fixture
def ops() -> Iterator[OpsServer]:
    """A port that is asked."""
    registry = CollectorRegistry()
    CaptureMetrics(registry)
    checks = {name: (lambda name=name: STATE[name]) for name in STATE}
    with OpsServer("127.0.0.1", 0, Answers(registry, checks)) as server:
        yield server


def ask(server: OpsServer, path: str, method: str = "GET") -> tuple[int, str, str]:
    """Status, media type and body."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read().decode()
    finally:
        connection.close()


def is_well(server: OpsServer) -> bool:
    """Say whether it answers; to be hung up on is no answer."""
    with contextlib.suppress(http.client.HTTPException, OSError):
        return ask(server, "/healthz")[0] == 200
    return False


def test_health_and_version(ops: OpsServer) -> None:
    """As every service answers them."""
    assert ask(ops, "/healthz") == (200, "application/json", '{"status": "ok"}')
    assert json.loads(ask(ops, "/version?x")[2]) == {"name": "hepscope", "version": __version__}
    assert ask(ops, "/nowhere")[0] == 404
    assert ask(ops, "/healthz", "POST")[0] == 501


def test_readiness(ops: OpsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """503 with the reason when any part is not ready."""
    status, _, body = ask(ops, "/readyz")
    assert (status, json.loads(body)["ready"]) == (200, True)
    monkeypatch.setitem(STATE, "server", (False, "takes nothing for 40 s"))
    status, _, body = ask(ops, "/readyz")
    assert status == 503
    assert json.loads(body) == {
        "ready": False,
        "parts": {
            "interfaces": {"ready": True, "detail": ""},
            "server": {"ready": False, "detail": "takes nothing for 40 s"},
        },
    }


def test_metrics(ops: OpsServer) -> None:
    """In the format of Prometheus, each reason from the start."""
    status, media_type, body = ask(ops, "/metrics")
    assert status == 200
    assert media_type.startswith("text/plain")
    assert 'hepscope_capture_not_sent_total{reason="bad_fragment"} 0.0' in body
    assert "hepscope_capture_messages_total 0.0" in body
    assert 'hepscope_capture_tcp_total{event="gaps"} 0.0' in body


class Broken(Collector):
    """Metrics with a mistake in them."""

    def collect(self) -> Iterator[Metric]:
        """Fail."""
        raise ZeroDivisionError

    def describe(self) -> Iterator[Metric]:
        """Name none."""
        return iter(())


def test_a_mistake_of_ours_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """To whoever scrapes, and in the log."""
    registry = CollectorRegistry()
    registry.register(Broken())
    with OpsServer("127.0.0.1", 0, Answers(registry, {})) as server:
        assert ask(server, "/metrics")[0] == 500
    assert "metrics cannot be read" in caplog.text


def test_those_who_say_nothing_do_not_block_the_others(ops: OpsServer) -> None:
    """Beyond eight at once the next is hung up on; when they are gone, it is as before."""
    silent = [socket.create_connection(("127.0.0.1", ops.port)) for _ in range(8)]
    try:
        with socket.create_connection(("127.0.0.1", ops.port), timeout=60) as ninth:
            assert ninth.recv(1) == b""
    finally:
        for one in silent:
            one.close()
    until(lambda: is_well(ops), "it answers again")


def test_a_request_that_goes_on_for_ever_is_hung_up_on() -> None:
    """Whoever sends a byte now and then has no more time than others."""
    answers = Answers(CollectorRegistry(), {})
    with OpsServer("127.0.0.1", 0, answers, request_seconds=0.2) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as slow:
            ended = threading.Event()

            def dribble() -> None:
                with contextlib.suppress(OSError):
                    slow.sendall(b"GET /healthz HTTP/1.0\r\nX-Slow: ")
                    while not ended.wait(0.05):
                        slow.sendall(b"x")

            sending = threading.Thread(target=dribble)
            sending.start()
            try:
                with contextlib.suppress(ConnectionError):
                    assert slow.recv(1) == b""
            finally:
                ended.set()
                sending.join()
        # On a busy machine an answer, too, may take longer than this server gives it.
        until(lambda: is_well(server), "others to be answered")


def test_a_port_in_use() -> None:
    """Is an error at the start."""
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        OpsServer("127.0.0.1", taken.getsockname()[1], Answers(CollectorRegistry(), {}))
