"""The demo command: sends to a real socket, prints what was sent and where to look."""

import argparse
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from urllib.parse import quote

import pytest

from hep import StreamDecoder, decode3
from hepscope_capture.senders.target import parse_target
from hepscope_common.names import parse_names
from hepscope_standalone.demo import sending, summary
from hepscope_standalone.demo.cli import add_arguments, run
from hepscope_standalone.demo.names import leave_names, names_toml
from hepscope_standalone.demo.network import NAMED
from hepscope_standalone.demo.traffic import generate
from hepscope_standalone.postgres.lock import DirectoryLock

COMPOSE_NAMES = Path(__file__).parents[4] / "deploy/compose/demo/names.toml"
END_US = 1_795_000_000_000_000
PATIENCE_SECONDS = 60.0


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


class TickingClock(StillClock):
    """A clock that goes on by a second each time it is asked, and ends it all after two minutes."""

    def __init__(self, stop: Event) -> None:
        super().__init__()
        self._stop = stop
        self._asked = 0

    def now_us(self) -> int:
        """The next second."""
        self._asked += 1
        if self._asked > 300:
            self._stop.set()
        return END_US + self._asked * 1_000_000

    def elapsed_seconds(self) -> float:
        """Seconds of the machine, which connections wait by."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait, as connections do."""
        time.sleep(seconds)


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
        thread.join(PATIENCE_SECONDS)


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
        words = ("--send", target, "--calls", "60", "--minutes", "20", "--page", "http://x/")
        code = run(options(*words), StillClock())
    expected = generate(1, END_US, calls=60, minutes=20)

    assert code == 0
    payloads = [decode3(packet).payload for packet in received.packets]
    assert payloads == [capture.payload for capture in expected.captures]
    assert expected.interesting is not None
    printed = capsys.readouterr().out
    assert f"sent {len(payloads):,} packets" in printed
    assert "sent is not stored: http://x/ does not answer" in printed
    call_id = quote(expected.interesting.call_id, safe="")
    lines = [line.strip() for line in printed.splitlines()]
    assert f"http://x/calls/{call_id}" in lines
    assert "http://x/overview?from=-1h" in lines


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
    assert first.node_id in range(2001, 2032)
    assert clock.waited > 0


@pytest.mark.parametrize(
    "words",
    [
        ("--send", "http://x"),
        ("--send", "tcp://"),
        ("--calls", "0"),
        ("--calls", "many"),
        ("--minutes", "99999"),
        ("--end", "tomorrow"),
        ("--calls-per-hour", "0"),
    ],
)
def test_impossible_options_are_refused(words: tuple[str, ...]) -> None:
    """What cannot be done is said before anything is generated."""
    with pytest.raises(argparse.ArgumentError):
        options(*words)


def test_names_are_a_file_of_names(capsys: pytest.CaptureFixture[str]) -> None:
    """What --names prints can be used as names.toml as it is; Compose's overlay has the same."""
    assert run(options("--names")) == 0

    printed = capsys.readouterr().out
    entries = parse_names(printed)
    assert COMPOSE_NAMES.read_text() == printed
    assert {host.name for host in NAMED} < {entry.name for entry in entries}


def test_no_hour_and_no_trickle_is_nothing_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    """What would send nothing says so."""
    assert run(options("--minutes", "0")) == 2
    assert "--live" in capsys.readouterr().err


def test_end_of_the_hour_can_be_given() -> None:
    """With a time of its own the same packets come whenever it is run."""
    moment = "2026-11-23T17:05:00+01:00"
    assert options("--end", moment).end == options("--end", "2026-11-23T16:05:00Z").end


def test_live_sends_until_it_is_ended(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an hour the trickle begins at once, and its end says what became of it."""
    # What a busy machine has not sent by then would be lost.
    monkeypatch.setattr(sending, "END_SECONDS", PATIENCE_SECONDS)
    stop = Event()
    with hep_server() as received:
        target = f"tcp://127.0.0.1:{received.port}"
        words = ("--live", "--minutes", "0", "--calls-per-hour", "6000", "--send", target)
        code = run(options(*words), TickingClock(stop), stop)

    assert code == 0
    # The first packet is the connection's own greeting.
    sent = len(received.packets) - 1
    assert sent > 100
    assert f"live: sent {sent:,} packets" in capsys.readouterr().out


def test_names_are_offered_where_there_are_none(tmp_path: Path) -> None:
    """The hint is for a data directory of this machine that has no list of names."""
    assert str(tmp_path / "names.toml") in summary.names(tmp_path, None)
    assert summary.names(tmp_path / "nowhere", None) == ""
    (tmp_path / "names.toml").touch()
    assert summary.names(tmp_path, None) == ""


def test_names_are_left_where_hepscope_runs(tmp_path: Path) -> None:
    """Only where something runs on the directory, the calls go to this machine, and no list is."""
    here, elsewhere = parse_target("tcp://127.0.0.1:1"), parse_target("tcp://192.0.2.1:1")
    file = tmp_path / "names.toml"

    assert leave_names(tmp_path, here, {}) is None
    with DirectoryLock(tmp_path):
        assert leave_names(tmp_path, elsewhere, {}) is None
        assert leave_names(tmp_path, here, {"HEPSCOPE_NAMES__FILE": "other.toml"}) is None
        assert not file.exists()
        assert leave_names(tmp_path, here, {}) == file
        assert file.read_text() == names_toml()
        file.write_text("# mine")
        assert leave_names(tmp_path, here, {}) is None

    assert file.read_text() == "# mine"
    assert str(file) in summary.names(tmp_path, file)
