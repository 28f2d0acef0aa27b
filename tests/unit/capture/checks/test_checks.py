"""``--check``: each thing that may be wrong is a line that says so, and the exit code follows."""

import argparse
import datetime as dt
import os
import socket
import ssl
from pathlib import Path

import pytest
import trustme

from hepscope_capture.arguments import add_arguments
from hepscope_capture.checks.finding import Finding, Level
from hepscope_capture.checks.places import check_places
from hepscope_capture.checks.servers import check_servers
from hepscope_capture.checks.wire import check_wire
from hepscope_capture.cli import run
from hepscope_capture.delivery.plan import parse_server
from hepscope_capture.settings.given import Given
from hepscope_capture.settings.settings import Settings, load
from support.sinks import TcpSink, closed_port
from unit.capture.acking_server import AckingServer

OK, WARN, FAIL = Level.OK, Level.WARN, Level.FAIL


def settings_of(**texts: str) -> Settings:
    """Return settings, each option with one text."""
    return load({name: Given((text,), f"--{name}") for name, text in texts.items()}, None, {})


def server_findings(*urls: str) -> list[Finding]:
    """Return what is found of servers."""
    return list(check_servers(tuple(map(parse_server, urls))))


def test_a_server_that_acknowledges_and_one_that_does_not() -> None:
    """Both are reached; where acknowledgements are required the latter will not do."""
    with TcpSink(AckingServer()) as ours, TcpSink() as other:
        found = server_findings(
            f"tcp://127.0.0.1:{ours.port}",
            f"tcp://127.0.0.1:{other.port}",
            f"tcp://127.0.0.1:{other.port}?acks=require",
        )
    assert [one.level for one in found] == [OK, OK, FAIL]
    assert "it acknowledges" in found[0].text
    assert "does not acknowledge" in found[1].text


def test_a_server_that_is_not_there() -> None:
    """In a group that has another one it is a warning."""
    closed = closed_port(socket.SOCK_STREAM)
    (alone,) = server_findings(f"tcp://127.0.0.1:{closed}")
    assert (alone.level, alone.text) == (FAIL, "Connection refused")
    with TcpSink(AckingServer()) as sink:
        group = server_findings(f"tcp://127.0.0.1:{closed}|tcp://127.0.0.1:{sink.port}")
    assert [one.level for one in group] == [WARN, OK]


def test_udp_cannot_be_tried() -> None:
    """That is said; a name that is none is told."""
    known, unknown = server_findings("udp://127.0.0.1", "udp://no.such.host.invalid")
    assert (known.level, unknown.level) == (WARN, FAIL)


@pytest.mark.parametrize(
    ("days", "query", "level", "text"),
    [
        (90, "?ca={ca}", OK, "it acknowledges"),
        (3, "?ca={ca}", WARN, "certificate ends in 3 days"),
        (90, "", FAIL, "(--ca names a CA)"),
        (90, "?ca={ca}&name=hep.test", FAIL, "not valid for 'hep.test' (--server-name says"),
        (90, "?insecure=1", WARN, "not looked at"),
    ],
)
def test_certificates(tmp_path: Path, days: int, query: str, level: Level, text: str) -> None:
    """Whom we trust, and for how long."""
    authority = trustme.CA()
    ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca)
    end = dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", not_after=end).configure_cert(context)

    def serve(sink: TcpSink, connection: socket.socket) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) as deciphered:
                AckingServer()(sink, deciphered)
        except OSError:
            return  # refused

    with TcpSink(serve) as sink:
        (found,) = server_findings(f"tls://127.0.0.1:{sink.port}{query.format(ca=ca)}")
    assert found.level is level
    assert text in found.text


def test_the_spool(tmp_path: Path) -> None:
    """It may not be there yet, but somebody must be able to make it."""
    send = "tcp://127.0.0.1"

    def level(**more: str) -> Level:
        (found,) = check_places(settings_of(send=send, **more))
        return found.level

    assert level(spool_dir=str(tmp_path / "a" / "b"), spool_mb="1") is OK
    assert level(spool_dir=str(tmp_path), spool_mb="1000000") is WARN
    assert level(spool_mb="0") is WARN
    (tmp_path / "file").touch()
    assert level(spool_dir=str(tmp_path / "file" / "b")) is FAIL


def test_a_spool_behind_a_closed_door(tmp_path: Path) -> None:
    """Where an account may not even look it is told so, as whoever is not root will be."""
    (closed := tmp_path / "closed").mkdir(mode=0)
    account = os.geteuid()
    settings = settings_of(spool_dir=str(closed / "spool"), send="tcp://127.0.0.1")
    try:
        if not account:
            os.seteuid(65_534)
        (found,) = check_places(settings)
    finally:
        os.seteuid(account)
    assert found.level is FAIL
    assert "cannot be written" in found.text


def test_files_and_directories(tmp_path: Path) -> None:
    """What is to be read, and what will appear."""
    (tmp_path / "no.pcap").write_text("no capture")
    (tmp_path / "a.log").touch()
    for texts, level in (
        ({"read": str(tmp_path / "no.pcap")}, FAIL),
        ({"read": str(tmp_path / "nothing.pcap")}, FAIL),
        ({"watch": str(tmp_path)}, OK),
        ({"watch": str(tmp_path / "nothing")}, FAIL),
        ({"logs_files": str(tmp_path / "*.log")}, OK),
        ({"logs_files": str(tmp_path / "b.log")}, WARN),
    ):
        (found,) = check_places(settings_of(**texts))
        assert found.level is level, texts


def test_listeners() -> None:
    """Free, in use, or without the certificate that they need."""
    with socket.create_server(("127.0.0.1", 0)) as used:
        port = used.getsockname()[1]
        (taken,) = check_places(settings_of(relay=f"tcp://127.0.0.1:{port}"))
        (ops,) = check_places(settings_of(ops=f"127.0.0.1:{port}"))
    assert (taken.level, ops.level) == (WARN, WARN)
    (free,) = check_places(settings_of(logs_listen=f"tcp://127.0.0.1:{port}"))
    assert free.level is OK
    secret, _ = check_places(settings_of(relay=f"tls://127.0.0.1:{port}"))
    assert (secret.level, secret.text) == (FAIL, "tls:// needs --relay-cert")


def test_an_interface_that_is_not_there() -> None:
    """The filter was one, though."""
    filtered, interface = check_wire(settings_of(interface="nosuch0"), seconds=0)
    assert (filtered.level, interface.level) == (OK, FAIL)
    assert str(interface).startswith("fail  interface nosuch0: ")


def test_a_filter_of_too_many_ports() -> None:
    """Nothing is opened then."""
    ports = ",".join(str(port) for port in range(1, 20_000, 2))
    (found,) = check_wire(settings_of(interface="lo", ports=ports), seconds=0)
    assert (found.level, found.about) == (FAIL, "filter")


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        ([], 2, "fail  settings: what to capture"),
        (["--read", "/no/such.pcap", "--send", "tcp://127.0.0.1:{port}"], 2, "fail  /no/such"),
        (["--watch", "/", "--send", "tcp://127.0.0.1:{port}", "--spool-mb", "0"], 1, "warn  spool"),
        (["--watch", "/", "--send", "tcp://127.0.0.1:{port}", "--spool-mb", "1"], 0, "ok    tcp:"),
        (["--watch", "/", "--send", "tls://a?ca=/no/file"], 2, "/no/file"),
        (
            ["--watch", "/", "--send", "tcp://127.0.0.1:{port}", "--exclude-methods", "OPTONS,BYE"],
            1,
            "warn  exclude_methods: OPTONS: no method that is known\n",
        ),
    ],
)
def test_as_a_command(
    words: list[str],
    code: int,
    text: str,
    *,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """The exit code is that of the worst line."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    with TcpSink(AckingServer()) as sink:
        given = [word.format(port=sink.port) for word in words]
        assert run(parser.parse_args(["--check", *given])) == code
    assert text in capsys.readouterr().out
