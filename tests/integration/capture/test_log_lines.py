"""Log lines of real programs: the Call-ID is found in them, however they are framed."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.inputs.file_tail import FileTail
from hepscope_capture.inputs.input import Input
from hepscope_capture.inputs.plans import LogPlan, parse_syslog
from hepscope_capture.inputs.syslog_input import SyslogInput
from support.kamailio import CONFIG, call, udp_port_is_taken, user_agent
from support.service import until
from support.siptools import free_port, run, running
from unit.capture.inputs.collecting import CollectingSink

SECONDS = 60.0
CALL_ID = "a/b-1@host.example.org"


@contextmanager
def taking(given: Input) -> Iterator[list[Datagram]]:
    """An input that runs; gives its messages."""
    sink = CollectingSink()
    given.start(sink)
    try:
        yield sink.messages
    finally:
        given.stop()


@pytest.mark.parametrize(
    "options",
    [
        ("-d", "--rfc3164"),
        ("-d", "--rfc5424"),
        ("-T", "--rfc3164"),
        ("-T", "--rfc5424"),
        ("-T", "--rfc5424", "--octet-count"),
    ],
)
def test_logger_over_udp_and_tcp(options: tuple[str, ...]) -> None:
    """Of util-linux: both forms of syslog, both framings."""
    syslog = SyslogInput(LogPlan(parse_syslog("udp://127.0.0.1:0,tcp://127.0.0.1:0")))
    with taking(syslog) as messages:
        udp, tcp = (one.port for one in syslog.addresses)
        port = tcp if "-T" in options else udp
        line = f"new call callid={CALL_ID} done"
        done = run("logger", "-n", "127.0.0.1", "-P", str(port), *options, "-t", "sbc", line)
        assert done.returncode == 0, done.stderr
        until(lambda: bool(messages), "the line to come", seconds=SECONDS)
        assert [one.correlation_id.decode() for one in messages] == [CALL_ID]
        assert messages[0].payload.startswith(b"<13>")
        assert messages[0].payload.endswith(line.encode())


def test_kamailio_with_its_usual_prefix(tmp_path: Path) -> None:
    """Each line about a message names its call; sipp chose the Call-IDs."""
    port, agents = free_port(), tmp_path / "agents"
    agents.mkdir()
    log = tmp_path / "kamailio.log"
    with taking(FileTail(LogPlan(files=(str(log),)))) as messages, user_agent(agents) as agent:
        config = tmp_path / "kamailio.cfg"
        config.write_text(_config(port, agent))
        options = ("-DD", "-E", "-m", "64", "-M", "8", "-Y", str(tmp_path), "-f", str(config))
        with running("kamailio", *options, cwd=tmp_path):
            until(lambda: udp_port_is_taken(port), "kamailio to listen")
            assert call(tmp_path, port, caller=free_port(), prefix="real", count=2) == 0
            # Of a call the proxy is asked three times: INVITE, ACK and BYE.
            until(lambda: len(messages) >= 6, "the lines to come", seconds=SECONDS)
    wanted = [line for line in log.read_bytes().splitlines() if b"<script>" in line]
    assert [one.payload for one in messages] == wanted
    call_ids = {one.correlation_id.decode() for one in messages}
    assert len(call_ids) == 2
    assert all(call_id.startswith("real-") for call_id in call_ids)


def _config(port: int, agent: int) -> str:
    text = CONFIG.read_text()
    words = {
        "PROXY_PORT": port,
        "HEP_VERSION": 3,
        "NODE_ID": 1,
        "HEP_PORT": free_port(),
        "AGENT_PORT": agent,
    }
    for word, value in words.items():
        text = text.replace(f"@{word}@", str(value))
    prefix = 'debug=2\nlog_prefix="{$mt $hdr(CSeq) $ci} "\nloadmodule "xlog.so"\n'
    route = 'request_route {\n    xlog("L_INFO", "request of $fU\\n");\n'
    return text.replace("debug=1\n", prefix).replace("request_route {\n", route)


def test_rtpengine_names_the_call_of_each_line(tmp_path: Path) -> None:
    """An offer and its deletion; what has no call is not sent."""
    control, log = free_port(), tmp_path / "rtpengine.log"
    plain = ("--config-file=none", "--foreground", "--log-stderr", "--log-level=6")
    options = (*plain, "--no-fallback", "--table=-1")
    places = ("--interface=127.0.0.1", f"--listen-ng=127.0.0.1:{control}")
    with (
        taking(FileTail(LogPlan(files=(str(log),)))) as messages,
        running("rtpengine", *options, *places, cwd=tmp_path),
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client,
    ):
        client.settimeout(SECONDS)
        client.connect(("127.0.0.1", control))
        until(lambda: udp_port_is_taken(control), "rtpengine to listen")
        for command in ("offer", "delete"):
            # With the same cookie it would be taken for a repetition.
            cookie = command.encode()
            client.send(cookie + b" " + _command(command))
            assert client.recv(4096).startswith(cookie + b" d")

        def has_ended() -> bool:
            return any(b"Replying to 'delete'" in one.payload for one in messages)

        until(has_ended, "the lines to come", seconds=SECONDS)
    wanted = [line for line in log.read_bytes().splitlines() if CALL_ID.encode() in line]
    assert [one.payload for one in messages] == wanted
    assert {one.correlation_id.decode() for one in messages} == {CALL_ID}


def _command(name: str) -> bytes:
    """A command of rtpengine's control protocol, in bencode."""
    rows = ("v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0")
    sdp = "\r\n".join((*rows, "m=audio 41000 RTP/AVP 0", ""))
    words = {"call-id": CALL_ID, "command": name, "from-tag": "one", "sdp": sdp}
    pairs = (f"{len(one)}:{one}" for pair in sorted(words.items()) for one in pair)
    return ("d" + "".join(pairs) + "e").encode()
