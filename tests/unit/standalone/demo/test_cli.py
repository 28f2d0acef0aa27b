"""The demo command: sends to a real socket, prints what was sent and where to look."""

import argparse
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

import pytest

from hep import StreamDecoder, decode3
from hepscope_standalone.demo.cli import add_arguments, run
from hepscope_standalone.demo.traffic import generate

END_US = 1_795_000_000_000_000


class StillClock:
    """A clock at one time of day, whose waits are added up instead of waited."""

    def __init__(self) -> None:
        self.waited = 0.0

    def now_us(self) -> int:
        """The end of the demo's hour."""
        return END_US

    def elapsed_seconds(self) -> float:
        """What was waited."""
        return self.waited

    def sleep(self, seconds: float) -> None:
        """Add up."""
        self.waited += seconds


@dataclass
class Received:
    """What arrived at a listening socket."""

    port: int
    packets: list[bytes] = field(default_factory=list)


@contextmanager
def hep_server() -> Iterator[Received]:
    """One TCP connection is read to its end within the block."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        received = Received(server.getsockname()[1])

        def read() -> None:
            decoder = StreamDecoder()
            connection, _ = server.accept()
            with connection:
                while data := connection.recv(65_536):
                    received.packets += decoder.feed(data)

        thread = threading.Thread(target=read)
        thread.start()
        yield received
        thread.join(30)


def options(*words: str) -> argparse.Namespace:
    """The options of a command line."""
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_arguments(parser)
    return parser.parse_args(words)


def test_defaults_are_the_local_hep_port_and_page() -> None:
    """Without options the demo goes to the hepscope on this machine."""
    chosen = options()

    assert str(chosen.send) == "tcp://127.0.0.1:9060"
    assert (chosen.page, chosen.seed, chosen.minutes) == ("http://localhost:9080", 1, 60)


def test_everything_is_sent_and_the_link_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Every packet arrives whole and in order; the link holds the percent-encoded Call-ID."""
    with hep_server() as received:
        target = f"tcp://127.0.0.1:{received.port}"
        code = run(options("--send", target, "--calls", "60", "--page", "http://x/"), StillClock())
    expected = generate(1, END_US, calls=60)

    assert code == 0
    payloads = [decode3(packet).payload for packet in received.packets]
    assert payloads == [capture.payload for capture in expected.captures]
    assert expected.interesting is not None
    printed = capsys.readouterr().out
    assert f"sent {len(payloads):,} messages" in printed
    call_id = expected.interesting.call_id.replace("@", "%40")
    assert printed.splitlines()[-1].strip() == f"http://x/calls/{call_id}"


def test_nobody_listening_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A refused connection is explained, not raised."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]

    assert run(options("--send", f"tcp://127.0.0.1:{port}", "--calls", "1"), StillClock()) == 1
    said = capsys.readouterr().err
    assert said.startswith("hepscope demo: cannot connect to")
    assert said.count("\n") == 1
    assert "hepscope run" in said


def test_udp_is_sent_no_faster_than_a_server_takes_it() -> None:
    """Over UDP each message is a datagram, and the sender waits between bursts."""
    clock = StillClock()
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as server:
        server.bind(("127.0.0.1", 0))
        target = f"udp://127.0.0.1:{server.getsockname()[1]}"
        code = run(options("--send", target, "--calls", "1", "--minutes", "1"), clock)
        first = decode3(server.recv(65_536))

    assert code == 0
    assert first.node_id in {2001, 2002}
    assert clock.waited > 0


@pytest.mark.parametrize(
    "words",
    [
        ("--send", "http://x"),
        ("--send", "tcp://"),
        ("--calls", "0"),
        ("--calls", "many"),
        ("--minutes", "99999"),
    ],
)
def test_impossible_options_are_refused(words: tuple[str, ...]) -> None:
    """What cannot be done is said before anything is generated."""
    with pytest.raises(argparse.ArgumentError):
        options(*words)
