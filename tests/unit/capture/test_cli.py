"""The command: arguments, exit codes, and what is printed where."""

import argparse
import gzip
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hep import HepPacket, decode3, is_hello
from hepscope_capture.arguments import parse_node_id, parse_patience, parse_rate, parse_speed
from hepscope_capture.cli import add_arguments, run
from hepscope_capture.pace import MAX_SPEED
from support.frames import ethernet, ipv4, make_options, pcap, pcapng, sip_frame, tcp, udp
from support.sinks import TcpSink, UdpSink, closed_port
from unit.capture.acking_server import AckingServer, silence

START_US = 1_700_000_000_000_000
FRAMES = [(START_US + at * 1000, sip_frame(f"call-{at}")) for at in range(20)]


@pytest.fixture
def capture(tmp_path: Path) -> str:
    """A capture of twenty messages."""
    path = tmp_path / "twenty.pcap"
    path.write_bytes(pcap(FRAMES))
    return str(path)


def parse(*words: str) -> argparse.Namespace:
    """Parse a command line."""
    parser = argparse.ArgumentParser(prog="hepscope capture")
    add_arguments(parser)
    return parser.parse_args(words)


def sent_to(sink: TcpSink) -> list[HepPacket]:
    """Return what a plain server got behind the greeting, which it does not understand."""
    greeting, *packets = map(decode3, sink.packets)
    assert is_hello(greeting)
    return packets


def test_tcp_takes_everything(capture: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 0, a summary on standard output, nothing on standard error."""
    with TcpSink() as sink:
        target = f"tcp://127.0.0.1:{sink.port}"
        words = ["--read", capture, "--send", target, "--speed", "max", "--node-id", "42"]
        words += ["--node", "edge-1", "--auth-key", "secret"]
        assert run(parse(*words)) == 0
        packets = sent_to(sink)
    assert [packet.payload for packet in packets] == [
        make_options(f"call-{at}") for at in range(20)
    ]
    assert {(packet.node_id, packet.node_name, packet.auth_key) for packet in packets} == {
        (42, b"edge-1", b"secret")
    }
    printed = capsys.readouterr()
    assert f"20 SIP messages to {target}" in printed.out
    assert printed.err == ""


def test_udp_takes_everything_at_its_pace(capture: str) -> None:
    """One datagram a message, several files in the order given."""
    with UdpSink() as sink:
        target = f"udp://127.0.0.1:{sink.port}"
        words = ["--read", capture, "--read", capture, "--send", target, "--speed", "max"]
        assert run(parse(*words)) == 0
        times = [decode3(packet).time_us for packet in sink.packets()]
    assert times == [time for time, _ in FRAMES] * 2


def test_ports_are_a_list(capture: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What they exclude is said."""
    with TcpSink() as sink:
        target = f"tcp://127.0.0.1:{sink.port}"
        assert run(parse("--read", capture, "--send", target, "--ports", "1-2,80")) == 0
    assert "20 datagrams and segments on other ports" in capsys.readouterr().out


def test_a_gap_is_no_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A capture that was cut is read up to there."""
    path = tmp_path / "cut.pcap"
    path.write_bytes(pcap(FRAMES)[:-10])
    with TcpSink() as sink:
        target = f"tcp://127.0.0.1:{sink.port}"
        assert run(parse("--read", str(path), "--send", target, "--speed", "max")) == 0
        assert len(sent_to(sink)) == 19
    assert "1 gap" in capsys.readouterr().out


def test_skipped_tcp_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """SIP over TCP is in the capture and not on the way; that is not silent."""
    path = tmp_path / "tcp.pcap"
    path.write_bytes(pcap([(START_US, ethernet(ipv4(tcp(make_options()), protocol=6)))]))
    with TcpSink() as sink:
        assert run(parse("--read", str(path), "--send", f"tcp://127.0.0.1:{sink.port}")) == 0
    assert "1 TCP segment that begins with SIP" in capsys.readouterr().out


@pytest.mark.parametrize("scheme", ["udp", "tcp"])
def test_no_server_is_exit_code_1(
    capture: str, capsys: pytest.CaptureFixture[str], scheme: str
) -> None:
    """One line that names the server."""
    kind = socket.SOCK_DGRAM if scheme == "udp" else socket.SOCK_STREAM
    target = f"{scheme}://127.0.0.1:{closed_port(kind)}"
    assert run(parse("--read", capture, "--send", target, "--speed", "max")) == 1
    error = capsys.readouterr().err
    assert error.startswith("hepscope capture: ")
    assert target in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("content", [None, b"", b"INVITE sip:bob@example.com SIP/2.0\r\n"])
def test_no_capture_is_exit_code_2_before_anything_is_sent(
    capture: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    """Missing, empty or something else: one line that names the file."""
    path = tmp_path / "other"
    if content is not None:
        path.write_bytes(content)
    with TcpSink() as sink:
        target = f"tcp://127.0.0.1:{sink.port}"
        assert run(parse("--read", capture, str(path), "--send", target)) == 2
        assert sink.connections == []
    printed = capsys.readouterr()
    assert printed.err.startswith(f"hepscope capture: {path}: ")
    assert printed.err.count("\n") == 1
    assert printed.out == ""


def test_a_message_that_was_not_sent_is_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """HEP can carry it but a datagram cannot; the other one is sent."""
    path = tmp_path / "large.pcap"
    large = make_options() + bytes(65_420 - len(make_options()))
    frames = [ethernet(ipv4(udp(large))), sip_frame()]
    path.write_bytes(pcap((START_US, frame) for frame in frames))
    with UdpSink() as sink:
        assert run(parse("--read", str(path), "--send", f"udp://127.0.0.1:{sink.port}")) == 1
        assert len(sink.packets()) == 1
    assert "1 message too large for a UDP datagram" in capsys.readouterr().out


@pytest.mark.parametrize("data", [pcap(FRAMES), gzip.compress(pcapng(FRAMES))])
def test_standard_input_and_the_module_as_command(data: bytes) -> None:
    """``python -m hepscope_capture --read -`` is the same command."""
    with TcpSink() as sink:
        target = f"tcp://127.0.0.1:{sink.port}"
        command = [sys.executable, "-m", "hepscope_capture", "--read", "-", "--send", target]
        done = subprocess.run(
            [*command, "--speed", "max"], input=data, capture_output=True, check=False, timeout=30
        )
        assert done.returncode == 0, done.stderr
        assert len(sent_to(sink)) == 20
    assert done.stdout.startswith(b"read      1 file, 20 frames\n")


def test_a_live_pipe_is_sent_as_it_comes() -> None:
    """What has been read leaves before the reader waits for more."""
    data = pcap(FRAMES)
    with TcpSink() as sink:
        target = f"tcp://127.0.0.1:{sink.port}"
        command = [sys.executable, "-m", "hepscope_capture", "--read", "-", "--send", target]
        with subprocess.Popen(
            [*command, "--speed", "max"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdin is not None
            process.stdin.write(data)
            process.stdin.flush()
            assert sink.wait_for_bytes(20 * 200)
            process.communicate(timeout=30)
            assert process.returncode == 0


def test_an_interrupt_still_sums_up() -> None:
    """Ctrl-C: exit code 130, and the user sees how far it came."""
    with TcpSink() as sink:
        target = f"tcp://127.0.0.1:{sink.port}"
        command = [sys.executable, "-m", "hepscope_capture", "--read", "-", "--send", target]
        with subprocess.Popen(
            [*command, "--speed", "max"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdin is not None
            process.stdin.write(pcap(FRAMES))
            process.stdin.flush()
            assert sink.wait_for_bytes(20 * 200)
            process.send_signal(signal.SIGINT)
            out, error = process.communicate(timeout=30)
            assert process.returncode == 130
            assert out.startswith(b"read      1 file, 20 frames\nsent ")
            assert error == b"hepscope capture: interrupted\n"


def test_standard_input_twice_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """It can be read once."""
    assert run(parse("--read", "-", "-", "--send", "tcp://127.0.0.1:1")) == 2
    assert "only once" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["--send", "tcp://localhost"],
        ["--read", "a.pcap"],
        ["--read", "a.pcap", "--send", "localhost:9060"],
        ["--read", "a.pcap", "--send", "tcp://localhost", "--speed", "fast"],
        ["--read", "a.pcap", "--send", "tcp://localhost", "--speed", "0"],
        ["--read", "a.pcap", "--send", "tcp://localhost", "--ports", "sip"],
        ["--read", "a.pcap", "--send", "tcp://localhost", "--rate", "-1"],
        ["--read", "a.pcap", "--send", "tcp://localhost", "--node-id", "4294967296"],
        ["--read", "a.pcap", "--send", "tcp://localhost", "--acks", "sometimes"],
        ["--read", "a.pcap", "--send", "tcp://localhost", "--patience", "0"],
    ],
)
def test_wrong_arguments_are_exit_code_2(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Argparse prints the usage and what is wrong."""
    with pytest.raises(SystemExit) as left:
        parse(*words)
    assert left.value.code == 2
    assert "error:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["tcp://localhost", "--ca", "ca.pem"], "--ca needs --send tls://"),
        (["udp://localhost", "--insecure"], "--insecure needs --send tls://"),
        (["tcp://localhost", "--server-name", "x"], "--server-name needs --send tls://"),
        (["udp://localhost", "--acks", "require"], "nothing is acknowledged over UDP"),
        (["tls://localhost", "--insecure", "--ca", "ca.pem"], "--insecure believes any server"),
        (["tls://localhost", "--key", "agent.key"], "--key needs --cert"),
        (["tls://localhost", "--ca", "/nowhere/ca.pem"], "/nowhere/ca.pem: No such file"),
    ],
)
def test_arguments_that_do_not_go_together_are_exit_code_2(
    capture: str, words: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing that was asked for is ignored; one line says what is wrong."""
    assert run(parse("--read", capture, "--send", *words)) == 2
    error = capsys.readouterr().err
    assert text in error
    assert error.count("\n") == 1


def test_acknowledged_is_exit_code_0(capture: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The summary counts what is safe."""
    server = AckingServer()
    with TcpSink(server) as sink:
        words = ["--read", capture, "--send", f"tcp://127.0.0.1:{sink.port}", "--speed", "max"]
        assert run(parse(*words, "--acks", "require")) == 0
    printed = capsys.readouterr()
    assert "20 messages acknowledged" in printed.out
    assert printed.err == ""
    assert [packet.time_us for packet in server.stored.values()] == [time for time, _ in FRAMES]


def test_not_acknowledged_is_exit_code_1(capture: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The line on standard error and the summary say how many are not known to be safe."""
    with TcpSink(AckingServer(acknowledge=silence)) as sink:
        words = ["--read", capture, "--send", f"tcp://127.0.0.1:{sink.port}", "--speed", "max"]
        assert run(parse(*words, "--patience", "0.5")) == 1
    printed = capsys.readouterr()
    assert "20 messages are not known to be safe" in printed.err
    assert "not safe  20 messages sent and not acknowledged" in printed.out


def test_no_acknowledgements_are_exit_code_1_where_they_are_required(
    capture: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing was sent, so the other server can be asked."""
    with TcpSink() as sink:
        words = ["--read", capture, "--send", f"tcp://127.0.0.1:{sink.port}"]
        assert run(parse(*words, "--acks", "require")) == 1
        assert sent_to(sink) == []
    assert "does not acknowledge" in capsys.readouterr().err


def test_a_file_that_breaks_off_as_no_capture_does_not_take_the_others_along(
    capture: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pipe is looked at only when its turn comes; what was read before is sent."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"no capture at all",), daemon=True)
    writer.start()
    with TcpSink() as sink:
        words = ["--read", capture, str(pipe), "--send", f"tcp://127.0.0.1:{sink.port}"]
        assert run(parse(*words, "--speed", "max")) == 2
        assert len(sent_to(sink)) == 20
    writer.join(10)
    printed = capsys.readouterr()
    assert "20 SIP messages" in printed.out
    assert f"{pipe}: not a capture file" in printed.err


def test_numbers_are_read_strictly() -> None:
    """Unknown values are refused, never replaced by a default."""
    assert (parse_speed("max"), parse_speed("2.5"), parse_rate("1e4")) == (MAX_SPEED, 2.5, 10_000)
    assert parse_node_id("4294967295") == 2**32 - 1
    for text in ("nan", "inf", "-1", "0", "x", ""):
        with pytest.raises(ValueError, match="a speed is"):
            parse_speed(text)
    for text in ("-1", "1.5", "x", "", "9" * 50):
        with pytest.raises(ValueError, match="a node id is"):
            parse_node_id(text)
    assert parse_patience("0.5") == 0.5
    for text in ("0", "86401", "inf", "x"):
        with pytest.raises(ValueError, match="a patience is"):
            parse_patience(text)
