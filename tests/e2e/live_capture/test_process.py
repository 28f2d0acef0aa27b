"""Live capture as a process: its ops port, what it refuses, and the one right it needs."""

import json
import signal
import subprocess
import sys

from support.live_capture import AckingSink
from support.live_wire import capturing, send_datagrams
from support.namespaces import Namespace, namespace
from support.service import until
from support.siptools import program


def test_a_silent_interface_is_ready(sink: AckingSink, wire: tuple[Namespace, Namespace]) -> None:
    """Health, readiness, version and an unknown path."""
    with capturing(wire[1], sink) as capture:
        until(lambda: capture.readiness()[0], "ready")
        assert capture.get("/healthz") == (200, '{"status": "ok"}')
        assert json.loads(capture.get("/version")[1])["name"] == "hepscope"
        assert capture.get("/nowhere")[0] == 404
        assert capture.end(signal.SIGINT) == 0


def run_capture(place: Namespace, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run a capture that cannot begin."""
    python = sys.executable
    return subprocess.run(
        place.command(python, "-m", "hepscope_capture", *words),
        check=False, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def test_what_cannot_be_captured() -> None:
    """A wrong name, a wrong expression: one line, exit code 2."""
    with namespace("alone") as place:
        target = ["--send", "tcp://127.0.0.1:9", "--log-format", "text"]
        done = run_capture(place, "--interface", "nosuch0", *target)
        assert done.returncode == 2
        assert "there is no interface nosuch0; there are lo" in done.stderr
        done = run_capture(place, "--interface", "lo", "--filter", "prot 5060", *target)
        assert done.returncode == 2
        assert "libpcap does not take the filter" in done.stderr
        listed = run_capture(place, "--list-interfaces").stdout.splitlines()
        assert [line.split()[0] for line in listed] == ["interface", "lo", "any"]


def test_without_permission_it_says_what_it_needs() -> None:
    """Another user is told which capability is missing."""
    with namespace("alone") as place:
        setpriv = [program("setpriv"), "--reuid", "65534", "--clear-groups", "--inh-caps=-all"]
        words = [sys.executable, "-m", "hepscope_capture", "--interface", "lo", "--print"]
        done = subprocess.run(
            place.command(*setpriv, *words),
            check=False, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == 2
        assert "CAP_NET_RAW is needed" in done.stderr


def test_one_capability_is_enough(wire: tuple[Namespace, Namespace]) -> None:
    """As systemd starts it: another user with CAP_NET_RAW alone; lines go to standard output."""
    alice, bob = wire
    words = [
        program("setpriv"), "--reuid", "65534", "--clear-groups", "--inh-caps=-all,+net_raw",
        "--ambient-caps=-all,+net_raw", "--bounding-set=-all,+net_raw", "--no-new-privs",
        sys.executable, "-m", "hepscope_capture", "--interface", bob.wire, "--print",
    ]  # fmt: skip
    process = subprocess.Popen(
        bob.command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stderr is not None
    assert process.stdout is not None
    with process:
        try:
            while "capturing from" not in process.stderr.readline():
                assert process.poll() is None
            send_datagrams(alice, [b"OPTIONS sip:\x1b[31m@b SIP/2.0\r\nCall-ID: red\r\n\r\n"])
            line = process.stdout.readline()
            process.terminate()
            assert process.wait(120) == 0
        finally:
            process.kill()
    assert line.endswith("10.77.0.1:5070 > 10.77.0.2:5060 OPTIONS sip:\\x1b[31m@b SIP/2.0  red\n")
