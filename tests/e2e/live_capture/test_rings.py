"""Captures that another program writes: a ring of files that is watched, a pipe."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.live_capture import AckingSink, LiveCapture
from support.live_wire import options, send_datagrams
from support.namespaces import Namespace
from support.service import until
from support.siptools import program

_RINGS = ("-b", "filesize:20", "-b", "files:200")
_FILES = 5
_ROUNDS, _EACH = 6, 50


@contextmanager
def dumpcap(
    place: Namespace, *words: str, stdout: int | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """Dumpcap on the wire, from its beginning on."""
    process = subprocess.Popen(
        place.command(program("dumpcap"), "-i", place.wire, "-f", "udp", *words),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if line.startswith(b"File:"):
                break
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(120)
        process.stderr.close()
        if process.stdout is not None:
            process.stdout.close()


def arguments(sink: AckingSink) -> list[str]:
    """Where a capture sends."""
    return ["--send", f"tcp://127.0.0.1:{sink.port}", "--acks", "require"]


def test_a_ring_of_files_is_followed_over_a_restart(
    wire: tuple[Namespace, Namespace], sink: AckingSink, tmp_path: Path
) -> None:
    """Every message once: of files that are done, of the one that grows, of those in between."""
    alice, bob = wire
    ring = tmp_path / "ring"
    ring.mkdir()
    words = [*arguments(sink), "--watch", str(ring), "--spool-dir", str(tmp_path / "spool")]
    sent: list[bytes] = []

    def send() -> None:
        messages = options(_EACH, f"round-{len(sent)}")
        send_datagrams(alice, messages)
        sent.extend(messages)

    with dumpcap(bob, "-q", *_RINGS, "-w", str(ring / "wire.pcapng")):
        send()
        with LiveCapture(bob, *words, interface=None) as capture:
            for _ in range(_ROUNDS):
                send()
            sink.wait_for(_ROUNDS * _EACH)
            assert capture.end() == 0, capture.log
        send()
        with LiveCapture(bob, *words, interface=None) as capture:
            send()
            sink.wait_for(len(sent))
            assert capture.end() == 0, capture.log
    assert len(list(ring.iterdir())) > _FILES
    assert sorted(sink.payloads) == sorted(sent)


def test_a_pipe_is_read_as_it_comes(wire: tuple[Namespace, Namespace], sink: AckingSink) -> None:
    """Each message is there while the writer runs; when it ends the capture ends."""
    alice, bob = wire
    with dumpcap(bob, "-q", "-P", "-w", "-", stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        words = [*arguments(sink), "--watch", "-"]
        with LiveCapture(bob, *words, interface=None, stdin=writer.stdout.fileno()) as capture:
            writer.stdout.close()
            messages = options(20)
            send_datagrams(alice, messages)
            sink.wait_for(len(messages))
            writer.send_signal(signal.SIGINT)
            until(lambda: capture.has_ended, "the capture to end")
            assert capture.process.returncode == 0, capture.log
    assert sink.payloads == messages
