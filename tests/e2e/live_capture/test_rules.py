"""Filters and masks of a live capture: by a settings file, read again after SIGHUP."""

import signal
import subprocess
import sys
from pathlib import Path

from hep.sip import parse
from support.builders import make_request, make_response
from support.live_capture import AckingSink, LiveCapture
from support.live_wire import send_datagrams
from support.namespaces import Namespace
from support.service import until

FILTERS = '[capture.filters]\nexclude_methods = "OPTIONS"\n'
MASKS = '[capture.masks]\nusers = "hash"\nkey = "secret"\n'


def settings(path: Path, sink: AckingSink, more: str) -> None:
    """Write a settings file."""
    head = f'[capture]\nnode = "edge"\n[[capture.servers]]\nurl = "tcp://127.0.0.1:{sink.port}"\n'
    path.write_text(head + more)


def said_again(capture: LiveCapture, text: str, count: int) -> None:
    """Wait until the log has a text so often."""
    until(lambda: sum(text in line for line in capture.lines) >= count, text)


def test_rules_and_their_reload(
    wire: tuple[Namespace, Namespace], sink: AckingSink, tmp_path: Path
) -> None:
    """What a file says counts; a new one after SIGHUP; a broken one changes nothing."""
    alice, bob = wire
    path = tmp_path / "hepscope.toml"
    settings(path, sink, FILTERS)
    with LiveCapture(bob, "--config", str(path), "--spool-mb", "0") as capture:
        send_datagrams(alice, [make_request("OPTIONS"), make_request("INVITE", "first")])
        send_datagrams(alice, [make_response(200, "OK", "OPTIONS"), make_request("BYE", "first")])
        sink.wait_for(2)
        assert [parse(one).method for one in sink.payloads] == ["INVITE", "BYE"]

        settings(path, sink, FILTERS + MASKS)
        capture.process.send_signal(signal.SIGHUP)
        said_again(capture, "changed: mask_users, mask_key", 1)
        send_datagrams(alice, [make_request("INVITE", "second"), make_request("OPTIONS")])
        sink.wait_for(3)
        hidden = parse(sink.payloads[2])
        assert (hidden.call_id, len(hidden.from_user)) == ("second", len("alice"))
        assert hidden.from_user != "alice"

        path.write_text("[capture]\nports = 'x'\n")
        capture.process.send_signal(signal.SIGHUP)
        said_again(capture, "capture.ports: 'x' is no port", 1)
        send_datagrams(alice, [make_request("INVITE", "third")])
        sink.wait_for(4)
        assert parse(sink.payloads[3]).from_user == hidden.from_user
        assert "secret" not in capture.log
        assert capture.end() == 0, capture.log


def test_the_check_hears_what_passes(
    wire: tuple[Namespace, Namespace], sink: AckingSink, tmp_path: Path
) -> None:
    """Calls that come by, a server that acknowledges: nothing is missing."""
    alice, bob = wire
    words = ["--check", "--interface", bob.wire, "--send", f"tcp://127.0.0.1:{sink.port}"]
    words += ["--spool-dir", str(tmp_path), "--spool-mb", "1"]
    process = subprocess.Popen(
        bob.command(sys.executable, "-m", "hepscope_capture", *words),
        stdout=subprocess.PIPE,
        text=True,
    )

    def has_ended() -> bool:
        send_datagrams(alice, [make_request()])
        return process.poll() is not None

    until(has_ended, "the check to end")
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0, out
    assert "packets passed the filter" in out
    assert "it acknowledges" in out
