"""Programs of the field, running, that send HEP: kamailio, sngrep, sipgrep and rtpengine."""

import json
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Self

import pytest

from support.corpus_replay import SipRecording, found, sip_recording
from support.kamailio import call, kamailio, user_agent
from support.service import PATIENCE_SECONDS, Json, Service, until
from support.siptools import free_port, program, run, running

pytestmark = pytest.mark.database

CALLS = 3

# What one call of sipp through the proxy is: per hop, what the caller's side and the callee's say.
REQUESTS = ("INVITE", "ACK", "BYE")
TO_CALLER = (100, 180, 200, 200)
FROM_CALLEE = (180, 200, 200)


def finished_calls(service: Service, prefix: str, count: int, messages: int) -> list[Json]:
    """Wait until so many calls have so many different messages each; return them."""

    def calls() -> list[Json]:
        return service.every("calls", call_id=f"{prefix}-*")

    def ask() -> list[Json] | None:
        whole = [one for one in calls() if different(one["call_id"]) >= messages]
        # Asked again: what was stored meanwhile has changed them.
        return calls() if len(whole) == count else None

    def different(call_id: str) -> int:
        # A SIP peer that waits for half a second sends again what it sent.
        return len(
            {
                (one["source"]["port"], one["destination"]["port"], what(one), one["cseq"])
                for one in service.messages(call_id)
            }
        )

    return until(ask, f"{count} calls of {prefix}")


@pytest.mark.parametrize("version", [1, 2, 3])
def test_kamailio_shows_both_hops_of_a_call(
    hepscope: Service, tmp_path: Path, version: int
) -> None:
    """Both hops of each call are there, answered and ended, whatever HEP version it speaks."""
    node_id, caller = 3000 + version, free_port()
    prefix = f"kam{version}-{time.time_ns()}"
    with (
        user_agent(tmp_path) as agent,
        kamailio(
            tmp_path, hepscope.udp[1], version=version, node_id=node_id, agent_port=agent
        ) as proxy,
    ):
        assert call(tmp_path, proxy, caller=caller, prefix=prefix, count=CALLS) == 0
        messages_per_call = 2 * len(REQUESTS) + len(TO_CALLER) + len(FROM_CALLEE)
        calls = finished_calls(hepscope, prefix, CALLS, messages_per_call)
    for one in calls:
        assert (one["method"], one["status"], one["state"]) == ("INVITE", 200, "completed")
        # Time as HEP 1 has none is that of arrival; a call is never shorter than sipp's pause.
        assert one["duration_s"] >= 0.05
        assert one["source"] == {"ip": "127.0.0.1", "port": caller, "name": None}
        seen = {
            (message["source"]["port"], message["destination"]["port"], what(message))
            for message in hepscope.messages(one["call_id"])
        }
        assert seen == (
            {(caller, proxy, method) for method in REQUESTS}
            | {(proxy, agent, method) for method in REQUESTS}
            | {(agent, proxy, status) for status in FROM_CALLEE}
            | {(proxy, caller, status) for status in TO_CALLER}
        )
        assert one["nodes"] == ["0" if version == 1 else str(node_id)]


def what(message: Json) -> str | int:
    """The method of a request, the status of a response."""
    named: str | int = message["method"] or message["status"]
    return named


def test_kamailio_that_refuses_a_call_itself(hepscope: Service, tmp_path: Path) -> None:
    """A busy call shows its status and reason."""
    prefix = f"busy-{time.time_ns()}"
    with kamailio(
        tmp_path, hepscope.udp[1], version=3, node_id=3010, agent_port=free_port()
    ) as proxy:
        call(tmp_path, proxy, caller=free_port(), prefix=prefix, user="busy")
        (one,) = finished_calls(hepscope, prefix, 1, 3)
    assert (one["status"], one["reason"], one["state"]) == (486, "Busy Here", "failed")


def sngrep_arguments(path: Path, port: int) -> list[str]:
    """The command line that replays a file and ends."""
    return ["sngrep", "-N", "-q", "-I", str(path), "-H", f"udp:127.0.0.1:{port}"]


def sipgrep_arguments(path: Path, port: int) -> list[str]:
    """The same of sipgrep, which wants to know the ports."""
    address = f"udp:127.0.0.1:{port}"
    return ["sipgrep", "-I", str(path), "-P", "5060-5090", "-C", "-H", address]


@pytest.mark.corpus
@pytest.mark.parametrize("arguments", [sngrep_arguments, sipgrep_arguments])
def test_replays_of_a_file(
    hepscope: Service, corpus: Path, tmp_path: Path, arguments: Callable[[Path, int], list[str]]
) -> None:
    """What sngrep and sipgrep send of a file is what tshark reads in it."""
    original = sip_recording(corpus, "sip_udp_basic")
    stem = f"{arguments.__name__[:6]}{original.stem}"[: len(original.stem)]
    recording = original.renamed(stem, tmp_path)
    done = run(*arguments(recording.path, hepscope.udp[1]), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for call_id, status in recording.statuses.items():
        check_call(hepscope, recording, call_id, status)


def check_call(service: Service, recording: SipRecording, call_id: str, status: int) -> None:
    """A call has its status and all its messages."""
    wanted = recording.of_call(call_id)
    assert service.call_with(call_id, len(wanted))["status"] == status
    got = [
        replace(found(one), payload_sha256="", node="", node_id=0, correlation_id=None)
        for one in service.messages(call_id, include="payload")
    ]
    assert sorted(got, key=repr) == sorted(wanted, key=repr)


def test_rtpengine_reports_rtcp(hepscope: Service, tmp_path: Path) -> None:
    """A sender report through rtpengine is stored as type 5 under the Call-ID."""
    program("rtpengine")
    call_id = f"rtpengine-{time.time_ns()}@example.org"
    control = free_port()
    options = (
        # The system's own names ports, which two at a time cannot share.
        "--config-file=none",
        "--interface=127.0.0.1", f"--listen-ng=127.0.0.1:{control}", "--table=-1", "--foreground",
        "--log-stderr", "--port-min=33000", "--port-max=33100",
        f"--homer=127.0.0.1:{hepscope.udp[1]}", "--homer-protocol=udp", "--homer-id=2002",
    )  # fmt: skip
    with (
        running("rtpengine", *options, cwd=tmp_path),
        Media() as caller,
        Media() as callee,
    ):
        until(lambda: ng(control, {"command": "ping"}), "rtpengine to answer")
        offered = ng(control, offer_of(call_id, "offer", caller.port))
        answered = ng(control, offer_of(call_id, "answer", callee.port))
        to_callee, to_caller = media_port(answered), media_port(offered)
        for number in range(10):
            caller.send_rtp(number, to_callee)
            callee.send_rtp(number, to_caller)
        caller.send_sender_report(to_callee + 1)

        def reports() -> list[Json] | None:
            listed = hepscope.every(
                "messages", protocol_type="5", correlation_id=call_id, include="payload"
            )
            return listed or None

        report = until(reports, "the RTCP report")[0]
    assert report["protocol_type"] == 5
    assert report["node_id"] == 2002
    assert json.loads(report["payload"])["sender_information"]["packets"] == 10
    assert hepscope.call(call_id) is None


class Media:
    """A pair of ports of 127.0.0.1 that speaks RTP and RTCP."""

    def __init__(self) -> None:
        self._rtp, self._rtcp = socket_pair()
        self.port: int = self._rtp.getsockname()[1]

    def __enter__(self) -> Self:
        """Do nothing: it is bound already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close both."""
        self._rtp.close()
        self._rtcp.close()

    def send_rtp(self, number: int, port: int) -> None:
        """Send 20 ms of silence as PCMA."""
        head = struct.pack("!BBHII", 0x80, 8, number, number * 160, self.port)
        self._rtp.sendto(head + b"\xd5" * 160, ("127.0.0.1", port))

    def send_sender_report(self, port: int) -> None:
        """Send a report of ten packets."""
        report = struct.pack(
            "!BBHIIIIII", 0x80, 200, 6, self.port, 3_900_000_000, 0, 1600, 10, 1600
        )
        name = b"caller@example.org"
        item = struct.pack("!IBB", self.port, 1, len(name)) + name + b"\0"
        item += b"\0" * (-len(item) % 4)
        description = struct.pack("!BBH", 0x81, 202, len(item) // 4) + item
        self._rtcp.sendto(report + description, ("127.0.0.1", port))


def socket_pair() -> tuple[socket.socket, socket.socket]:
    """Two sockets, the second one port above the first, which is even."""
    for port in range(34_000, 35_000, 2):
        first, second = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        try:
            first.bind(("127.0.0.1", port))
            second.bind(("127.0.0.1", port + 1))
        except OSError:
            first.close()
            second.close()
            continue
        return first, second
    pytest.fail("no two ports beside each other are free")


def offer_of(call_id: str, command: str, port: int) -> dict[str, str]:
    """The control message of one half of a call."""
    sdp = (
        f"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
    )
    tags = {"from-tag": "a"} | ({"to-tag": "b"} if command == "answer" else {})
    return {"command": command, "call-id": call_id, "sdp": sdp, **tags}


def media_port(answer: str | None) -> int:
    """The port that rtpengine puts into a session description."""
    assert answer is not None
    return int(answer.split("m=audio ")[1].split()[0])


def ng(port: int, message: dict[str, str]) -> str | None:
    """Send a control message to rtpengine; returns its answer, None without one."""
    words = b"".join(bencoded(word) for pair in sorted(message.items()) for word in pair)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        # Where nothing is bound, the kernel refuses at once.
        sender.settimeout(PATIENCE_SECONDS)
        sender.connect(("127.0.0.1", port))
        try:
            sender.send(f"{time.time_ns()} ".encode() + b"d" + words + b"e")
            return sender.recv(65_536).decode()
        except OSError:
            return None


def bencoded(text: str) -> bytes:
    """A string of bencode."""
    return f"{len(text)}:{text}".encode()
