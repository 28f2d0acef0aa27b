"""hepscope-health: what it asks, what it says, how it ends."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from hepscope_common.health import MAX_SAID, AddressError, address, main, parse_url, reasons


@contextmanager
def answering(status: int, body: bytes) -> Iterator[tuple[str, list[str]]]:
    """Serve one answer to everything; yield host:port and the paths that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


def body_of(parts: Mapping[str, tuple[bool, str]]) -> bytes:
    """Return what /readyz answers."""
    ready = all(ok for ok, _ in parts.values())
    found = {name: {"ready": ok, "detail": detail} for name, (ok, detail) in parts.items()}
    return json.dumps({"ready": ready, "parts": found}).encode()


def test_ready_service_is_healthy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It asks the ops port of the environment for /readyz."""
    with answering(200, body_of({"bus": (True, "connected")})) as (listen, asked):
        monkeypatch.setenv("HEPSCOPE_OPS__LISTEN", listen)

        assert main([]) == 0
    assert asked == ["/readyz"]
    assert capsys.readouterr().out == "ready\n"


def test_what_is_not_ready_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """And what is ready is not."""
    body = body_of({"start": (True, "started"), "bus": (False, "no broker"), "db": (False, "full")})
    with answering(503, body) as (listen, _):
        assert main([f"http://{listen}/readyz"]) == 1

    assert capsys.readouterr().out == "503: bus: no broker; db: full\n"


@pytest.mark.parametrize("status", [204, 302, 404, 500])
def test_only_200_is_ready(status: int, capsys: pytest.CaptureFixture[str]) -> None:
    """A proxy's page, or a redirect to one, is no readiness."""
    with answering(status, b"") as (listen, _):
        assert main([f"http://{listen}"]) == 1

    assert capsys.readouterr().out == f"{status}: no reason given\n"


def test_nobody_answers(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither a closed port nor something that speaks no HTTP is ready."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]

        assert main([f"http://127.0.0.1:{port}"]) == 1
    assert capsys.readouterr().out.startswith(f"no answer at 127.0.0.1:{port}: ")


@pytest.mark.parametrize("url", ["http://a..b/", "http://127.0.0.1:1/a b", "http://a/\x7f"])
def test_url_that_cannot_be_asked(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, as of a service that is not there."""
    assert main([url]) == 1
    assert capsys.readouterr().out.startswith("no answer at ")


def test_answer_that_is_no_http(capsys: pytest.CaptureFixture[str]) -> None:
    """It is told from silence."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            client, _ = server.accept()
            with client:
                client.recv(1000)
                client.sendall(b"+OK what?\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        assert main([f"http://127.0.0.1:{server.getsockname()[1]}"]) == 1
        thread.join()
    assert "no answer" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, ("127.0.0.1", 9100)),
        ({"HEPSCOPE_OPS__LISTEN": "0.0.0.0:9200"}, ("127.0.0.1", 9200)),
        ({"HEPSCOPE_OPS__LISTEN": "[::]:9200"}, ("::1", 9200)),
        ({"HEPSCOPE_OPS__LISTEN": "10.1.2.3:9200"}, ("10.1.2.3", 9200)),
        ({"HEPSCOPE_OPS__LISTEN": " localhost:9200 "}, ("localhost", 9200)),
        ({"HEPSCOPE_SERVICE": "ingest"}, ("127.0.0.1", 9100)),
        ({"HEPSCOPE_SERVICE": "standalone"}, ("127.0.0.1", 9080)),
        (
            {
                "HEPSCOPE_SERVICE": "standalone",
                "HEPSCOPE_OPS__LISTEN": "0.0.0.0:9100",
                "HEPSCOPE_API__LISTEN": "0.0.0.0:8000, 10.0.0.1:8001",
            },
            ("127.0.0.1", 8000),
        ),
    ],
)
def test_where_it_asks(environ: dict[str, str], expected: tuple[str, int]) -> None:
    """At the service's own address; the standalone command has no ops port."""
    assert address(environ) == expected


@pytest.mark.parametrize(
    "listen", ["", "9100", ":9100", "a:", "a:b", "a:0", "a:65536", "a:९", "a:" + "9" * 5000]
)
def test_address_that_names_no_port(listen: str) -> None:
    """Port 0 is any free one, which nobody else can know."""
    with pytest.raises(AddressError, match="HEPSCOPE_OPS__LISTEN"):
        address({"HEPSCOPE_OPS__LISTEN": listen})


def test_url_may_ask_for_one_part() -> None:
    """The query goes along."""
    assert parse_url("http://[::1]:9100/readyz?part=bus") == ("::1", 9100, "/readyz?part=bus")
    assert parse_url("http://ingest") == ("ingest", 80, "/readyz")


@pytest.mark.parametrize("url", ["https://a", "a:9100", "http://", "http://a:b", "http://[::1"])
def test_url_that_is_none(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Is wrong usage, not an unhealthy service."""
    assert main([url]) == 2
    assert capsys.readouterr().out.count("\n") == 1


def test_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """Asked for it is an answer, else a fault."""
    assert main(["--help"]) == 0
    assert main(["--what"]) == 2
    assert main(["a", "b"]) == 2
    assert capsys.readouterr().out.count("usage:") == 3


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "no reason given"),
        (b"gone fishing\x1b[2J\r\n", "gone fishing [2J  "),
        (b"[1]", "[1]"),
        (b'{"parts": {"a": 1}}', '{"parts": {"a": 1}}'),
        (b'{"parts": [1]}', '{"parts": [1]}'),
        (b"\xff", "\N{REPLACEMENT CHARACTER}"),
        (b"x" * 9000, "x" * MAX_SAID),
    ],
)
def test_body_of_any_kind(body: bytes, expected: str) -> None:
    """What `docker inspect` prints on a terminal is one printable, bounded line."""
    assert reasons(body) == expected


def test_it_needs_nothing_but_the_standard_library() -> None:
    """It runs every few seconds in every container."""
    code = (
        "import sys; known = set(sys.modules); import hepscope_common.health; "
        "print(*{name.partition('.')[0] for name in set(sys.modules) - known}"
        " - set(sys.stdlib_module_names))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )

    assert said.stdout.split() == ["hepscope_common"]
