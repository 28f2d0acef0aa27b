"""The command: arguments, exit codes, and what is printed where."""

import argparse
import gzip
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hep import HepPacket, decode3, is_hello
from hepscope_capture.cli import add_arguments, run
from hepscope_capture.pace import MAX_SPEED
from hepscope_capture.settings.texts import (
    parse_node_id,
    parse_patience,
    parse_rate,
    parse_speed,
)
from support.frames import (
    ethernet,
    ipv4,
    make_invite,
    make_options,
    pcap,
    pcapng,
    sip_frame,
    tcp,
    udp,
)
from support.rtp_packets import Voice
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
    assert sink.wait_for_connections(1)
    greeting, *packets = map(decode3, sink.packets)
    assert is_hello(greeting)
    return packets


def test_a_file_is_looked_into(capture: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A line a message, at once, and nothing is sent; the summary is not among the lines."""
    assert run(parse("--read", capture, "--print")) == 0
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert len(lines) == 20
    assert lines[3].startswith("2023-11-14T22:13:20.003000Z 192.0.2.1:5060 > ")
    assert lines[3].endswith("  call-3")
    assert "read      1 file, 20 frames" in printed.err
    assert "sent" not in printed.err


def test_who_reads_no_more_ends_it(capture: str) -> None:
    """As head does: without a word, and with exit code 0."""
    for words in (["--read", capture, "--print", "--loop", "2000"], ["--list-interfaces"]):
        command = [sys.executable, "-u", "-m", "hepscope_capture", *words]
        reading, writing = os.pipe()
        os.close(reading)
        with os.fdopen(writing, "wb") as pipe:
            done = subprocess.run(
                command, stdout=pipe, stderr=subprocess.PIPE, timeout=120, check=False
            )
        assert (done.returncode, done.stderr) == (0, b"")


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
        times = [decode3(packet).time_us for packet in sink.packets(2 * len(FRAMES))]
    assert times == [time for time, _ in FRAMES] * 2


def test_ports_are_a_list(capture: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What they exclude is said."""
    with TcpSink() as sink:
        target = f"tcp://127.0.0.1:{sink.port}"
        assert run(parse("--read", capture, "--send", target, "--ports", "1-2,80")) == 0
    assert "20 datagrams and segments on other ports" in capsys.readouterr().out


def test_what_the_capture_was_not_shown_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sums, and the streams that lack something; not when it is not asked for."""
    voice, whole = Voice(), Voice(ports=(30_002, 40_002))
    frames = [(voice.time_us(one), voice.frame(one)) for one in range(50) if one % 10 != 3]
    frames += [(whole.time_us(one), whole.frame(one)) for one in range(50)]
    path = tmp_path / "rtp.pcap"
    path.write_bytes(pcap(sorted([*frames, *FRAMES])))
    with TcpSink() as sink:
        words = ["--read", str(path), "--send", f"tcp://127.0.0.1:{sink.port}", "--speed", "max"]
        assert run(parse(*words)) == 0
        told = capsys.readouterr().out.splitlines()
        assert run(parse(*words, "--rtp-sample", "0")) == 0
        assert "seen" not in capsys.readouterr().out
    at = told.index("seen      by the capture: RTP 95 packets of 2 streams, 5 missing")
    stream = "RTP 192.0.2.10:30000 > 198.51.100.20:40000 (PCMA, SSRC 0x1234abcd)"
    assert told[at + 1] == f"{'':10}{stream}: 45 packets, 5 missing, nothing comes back"
    assert len(told) == at + 3


def test_a_gap_is_no_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A capture that was cut is read up to there."""
    path = tmp_path / "cut.pcap"
    path.write_bytes(pcap(FRAMES)[:-10])
    with TcpSink() as sink:
        target = f"tcp://127.0.0.1:{sink.port}"
        assert run(parse("--read", str(path), "--send", target, "--speed", "max")) == 0
        assert len(sent_to(sink)) == 19
    assert "1 gap" in capsys.readouterr().out


def test_sip_over_tcp_is_sent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And RTCP beside it; the summary tells them apart."""
    path = tmp_path / "tcp.pcap"
    invite = make_invite("call-7", "192.0.2.1", 4000)
    report = b"\x80\xc9\x00\x01\x00\x00\x00\x07"
    frames = [ipv4(tcp(invite), protocol=6), ipv4(udp(report, ports=(4001, 9001)))]
    path.write_bytes(pcap((START_US, ethernet(frame)) for frame in frames))
    words = ["--read", str(path), "--send"]
    with TcpSink() as sink:
        assert run(parse(*words, f"tcp://127.0.0.1:{sink.port}")) == 0
        found = [(one.protocol_type, one.ip_protocol) for one in sent_to(sink)]
    assert found == [(1, 6), (5, 17)]
    printed = capsys.readouterr().out
    assert "sent      2 packets to" in printed
    assert "1 SIP message\n" in printed
    assert "1 RTCP report\n" in printed
    with TcpSink() as sink:
        assert run(parse(*words, f"tcp://127.0.0.1:{sink.port}", "--no-rtcp")) == 0
        assert [one.protocol_type for one in sent_to(sink)] == [1]


def test_several_servers_are_mirrors(capture: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each is sent what is of its kinds."""
    with TcpSink() as first, TcpSink() as second:
        words = ["--send", f"tcp://127.0.0.1:{first.port}"]
        words += ["--send", f"tcp://127.0.0.1:{second.port}?only=rtcp"]
        assert run(parse("--read", capture, *words, "--speed", "max")) == 0
        assert (len(sent_to(first)), len(sent_to(second))) == (20, 0)
    assert capsys.readouterr().out.count("\nsent ") == 2


@pytest.mark.parametrize("scheme", ["udp", "tcp"])
def test_no_server_is_exit_code_1(
    capture: str, capsys: pytest.CaptureFixture[str], scheme: str
) -> None:
    """Each line names the server; over TCP there is one, since nothing was begun."""
    kind = socket.SOCK_DGRAM if scheme == "udp" else socket.SOCK_STREAM
    target = f"{scheme}://127.0.0.1:{closed_port(kind)}"
    words = ["--read", capture, "--send", target, "--speed", "max", "--patience", "0.5"]
    assert run(parse(*words)) == 1
    error = capsys.readouterr().err
    assert error.startswith("hepscope capture: ")
    assert all(target in line for line in error.splitlines())
    assert error.count("\n") == 1 or scheme == "udp"


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
    large = make_options() + random.Random(1).randbytes(65_420 - len(make_options()))
    frames = [ethernet(ipv4(udp(large))), sip_frame()]
    path.write_bytes(pcap((START_US, frame) for frame in frames))
    with UdpSink() as sink:
        assert run(parse("--read", str(path), "--send", f"udp://127.0.0.1:{sink.port}")) == 1
        assert len(sink.packets(1)) == 1
    assert "1 message too large for a UDP datagram" in capsys.readouterr().out


@pytest.mark.parametrize("data", [pcap(FRAMES), gzip.compress(pcapng(FRAMES))])
def test_standard_input_and_the_module_as_command(data: bytes) -> None:
    """``python -m hepscope_capture --read -`` is the same command."""
    with TcpSink() as sink:
        target = f"tcp://127.0.0.1:{sink.port}"
        command = [sys.executable, "-m", "hepscope_capture", "--read", "-", "--send", target]
        done = subprocess.run(
            [*command, "--speed", "max"], input=data, capture_output=True, check=False, timeout=120
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
            process.communicate(timeout=120)
            assert process.returncode == 0


def test_a_pipe_that_brings_no_capture_is_no_success(tmp_path: Path) -> None:
    """As of a program that could not begin: who started both must hear of it."""
    command = [sys.executable, "-m", "hepscope_capture", "--watch", "-", "--print"]
    found = subprocess.run(
        [*command, "--spool-dir", str(tmp_path)],
        input=b"tcpdump: eth7: No such device exists",
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert found.returncode == 1
    assert b"standard input: not a capture" in found.stderr


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
            # Its input stays open: an end of that would be an end of its own.
            assert process.wait(timeout=120) == 130
            out, error = process.communicate()
            assert out.startswith(b"read      1 file, 20 frames\nsent ")
            assert error == b"hepscope capture: interrupted\n"


def test_standard_input_twice_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """It can be read once."""
    assert run(parse("--read", "-", "-", "--send", "tcp://127.0.0.1:1")) == 2
    assert "only once" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
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
        (["--send", "tcp://localhost"], "what to capture: --read FILE, or one of --interface,"),
        (["--read", "a", "--interface", "lo", "--send", "tcp://x"], "not with --interface"),
        (["--read", "a.pcap"], "where to send: --send URL"),
        (["--interface", "lo"], "where to send: --send URL"),
        (["--read", "a.pcap", "--send", "tcp://x", "--spool-mb", "1"], "--spool-mb does not go"),
        (["--watch", ".", "--send", "tcp://x", "--workers", "2"], "--workers goes with --interf"),
        (["--watch", ".", "--send", "tcp://x", "--loop", "0"], "--loop goes with --read"),
        (["--read", "a.pcap", "--send", "tcp://x", "--filter", "udp"], "--filter goes with"),
        (["--interface", "lo", "--send", "tcp://x", "--now"], "--now goes with --read"),
        (["--interface", "lo", "any", "--send", "tcp://x"], "any is every interface"),
    ],
)
def test_what_to_capture_and_where_to_send(
    words: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says what does not go together."""
    assert run(parse(*words)) == 2
    assert text in capsys.readouterr().err


def test_interfaces_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Every machine has a loopback."""
    assert run(parse("--list-interfaces")) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split()[0] == "lo" and "loopback" in line for line in lines)


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
        assert run(parse(*words, "--patience", "2")) == 1
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
    writer.join(120)
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
