"""Syslog servers and followed files as they run: lines in, messages out."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from hepscope_capture.inputs.file_tail import MOST_FILES, FileTail
from hepscope_capture.inputs.input import Input, InputError
from hepscope_capture.inputs.making import make_inputs
from hepscope_capture.inputs.plans import LogPlan, RelayPlan, parse_relay, parse_syslog
from hepscope_capture.inputs.syslog_input import SyslogInput
from support.service import until
from unit.capture.inputs.collecting import CollectingSink
from unit.capture.inputs.rulings import Rulings

SECONDS = 60.0


@contextmanager
def running(given: Input) -> Iterator[CollectingSink]:
    """An input that runs, and what comes out of it."""
    sink = CollectingSink()
    given.start(sink)
    try:
        yield sink
    finally:
        given.stop()


def payloads(sink: CollectingSink, count: int) -> list[bytes]:
    """The lines, once there are so many."""
    until(lambda: sink.has(count), f"{count} lines come out", seconds=SECONDS)
    return [message.payload for message in sink.messages]


def test_syslog_over_udp_tells_who_sent_it() -> None:
    """A datagram is one message, whatever line ends are in it."""
    syslog = SyslogInput(LogPlan(parse_syslog("udp://127.0.0.1:0")))
    with running(syslog) as sink, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.sendto(b"<13>callid=one\nsecond row", ("127.0.0.1", syslog.addresses[0].port))
        assert payloads(sink, 1) == [b"<13>callid=one\nsecond row"]
        message = sink.messages[0]
        host = socket.inet_aton("127.0.0.1")
        assert (message.source, message.source_port) == (host, peer.getsockname()[1])
        assert (message.destination, message.destination_port) == (
            host,
            syslog.addresses[0].port,
        )
        assert (message.protocol, message.kind, message.correlation_id) == (17, 100, b"one")


def test_one_socket_for_both_families_keeps_addresses_of_one() -> None:
    """HEP cannot mix them."""
    syslog = SyslogInput(LogPlan(parse_syslog("udp://[::]:0")))
    with running(syslog) as sink:
        port = syslog.addresses[0].port
        for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            with socket.socket(family, socket.SOCK_DGRAM) as peer:
                peer.sendto(b"<13>callid=one", (host, port))
        assert len(payloads(sink, 2)) == 2
        assert [len(one.source) for one in sink.messages] == [4, 16]
        assert [len(one.destination) for one in sink.messages] == [4, 16]


def test_syslog_over_tcp_in_both_framings() -> None:
    """The end of the stream ends the last message."""
    syslog = SyslogInput(LogPlan(parse_syslog("tcp://127.0.0.1:0"), needs_call_id=False))
    with running(syslog) as sink:
        address = ("127.0.0.1", syslog.addresses[0].port)
        with socket.create_connection(address, timeout=SECONDS) as peer:
            peer.sendall(b"<13>one\n7 <13>two<13>three")
        assert payloads(sink, 3) == [b"<13>one", b"<13>two", b"<13>three"]
        assert {message.protocol for message in sink.messages} == {6}


def plan_of(tmp_path: Path, *names: str, **more: object) -> LogPlan:
    """A plan that follows files below a directory and keeps positions beside them."""
    plan = LogPlan(
        files=tuple(str(tmp_path / name) for name in names),
        positions=tmp_path / "state" / "positions.json",
    )
    return replace(plan, **more)  # type: ignore[arg-type]


def test_files_are_followed_over_a_restart(tmp_path: Path) -> None:
    """From the end at first, then from where it was."""
    log = tmp_path / "k.log"
    log.write_text("callid=old\n")
    plan = plan_of(tmp_path, "k.log")
    with running(FileTail(plan)) as sink, log.open("a") as file:
        file.write("callid=one\n")
        file.flush()
        assert payloads(sink, 1) == [b"callid=one"]
        message = sink.messages[0]
        assert (message.source, message.destination) == (b"\x7f\0\0\1", b"\x7f\0\0\1")
        file.write("callid=two\n")
    assert [message.correlation_id for message in sink.messages] == [b"one", b"two"]
    with log.open("a") as file:
        file.write("callid=three\n")
    with running(FileTail(plan)) as sink:
        assert payloads(sink, 1) == [b"callid=three"]


def test_patterns_of_names_follow_new_files_and_no_rotated_ones(tmp_path: Path) -> None:
    """Else each line would come twice."""
    (tmp_path / "a.log").write_text("callid=aa\n")
    (tmp_path / "a-20261129.log").write_text("callid=older\n")
    os.utime(tmp_path / "a-20261129.log", (1, 1))
    tail = FileTail(plan_of(tmp_path, "*.log*", is_from_start=True))
    with running(tail) as sink:
        assert payloads(sink, 1) == [b"callid=aa"]
        (tmp_path / "a.log").rename(tmp_path / "a.log.1")
        (tmp_path / "a.log").write_text("callid=new\n")
        assert payloads(sink, 2) == [b"callid=aa", b"callid=new"]
        assert tail.followed == [str(tmp_path / "a.log")]


def test_what_cannot_be_read_is_counted_and_the_others_go_on(tmp_path: Path) -> None:
    """The input is not in trouble for one of them."""
    os.mkfifo(tmp_path / "pipe.log")
    (tmp_path / "k.log").write_text("callid=one\n")
    tail = FileTail(plan_of(tmp_path, "pipe.log", "k.log", is_from_start=True))
    with running(tail) as sink:
        assert payloads(sink, 1) == [b"callid=one"]
        assert tail.counts.unreadable > 0
        assert tail.trouble() == ""


def test_positions_that_cannot_be_kept_are_told(tmp_path: Path) -> None:
    """At the start, not at the first restart."""
    (tmp_path / "state").write_text("a file where a directory is wanted")
    with pytest.raises(InputError, match=r"positions\.json"):
        FileTail(plan_of(tmp_path, "k.log")).start(CollectingSink())


def test_what_is_asked_for_is_made(tmp_path: Path) -> None:
    """Nothing else."""
    relay = RelayPlan(parse_relay("udp://127.0.0.1:0"))
    logs = plan_of(tmp_path, "k.log", listen=parse_syslog("udp://127.0.0.1:0"))
    made = make_inputs(relay, logs, auth_key=None, rules=Rulings)
    assert [one.name for one in made] == ["relay", "syslog", "log_files"]
    assert make_inputs(RelayPlan(), LogPlan(), auth_key=None, rules=Rulings) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("udp://0.0.0.0", ["udp://0.0.0.0:9060"]),
        ("udp://[::]:9060, tls://[::1]:9061", ["udp://[::]:9060", "tls://[::1]:9061"]),
    ],
)
def test_addresses_to_listen_at(text: str, shown: list[str]) -> None:
    """Without a port the usual one."""
    assert [str(one) for one in parse_relay(text)] == shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        "0.0.0.0:9060",
        "http://x",
        "udp://",
        "udp://x:99999",
        "udp://x/y",
        "udp://a,udp://a",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    """With a line for the user."""
    with pytest.raises(ValueError, match=r"address|must be"):
        parse_relay(text)


def test_of_too_many_files_those_written_last_are_followed(tmp_path: Path) -> None:
    """A log a day, or an hour: each new one is, however long that goes on."""
    for number in range(MOST_FILES + 2):
        path = tmp_path / f"{number:04}.log"
        path.write_text("callid=before\n")
        os.utime(path, (number, number))
    tail = FileTail(plan_of(tmp_path, "*.log"), search_seconds=0.1)
    with running(tail) as sink:
        assert len(tail.followed) == MOST_FILES
        assert str(tmp_path / "0001.log") not in tail.followed
        with (tmp_path / "0000.log").open("a") as oldest:
            oldest.write("callid=late\n")
        (tmp_path / "new.log").write_text("callid=new\n")
        assert sorted(payloads(sink, 2)) == [b"callid=late", b"callid=new"]
        assert len(tail.followed) == MOST_FILES


class UnsafeSink(CollectingSink):
    """Nothing that it takes is delivered, or on disk."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def is_safe(self, position: tuple[int, ...]) -> bool:
        """Count the questions."""
        del position
        self.asked += 1
        return False


def test_lines_that_are_not_safe_come_again_after_a_kill(tmp_path: Path) -> None:
    """Up to where a file is done with is noted once its lines are delivered, or on disk."""
    (tmp_path / "k.log").write_text("callid=one\n")
    plan = plan_of(tmp_path, "k.log", is_from_start=True)
    killed, sink = FileTail(plan), UnsafeSink()
    killed.start(sink)
    try:
        assert payloads(sink, 1) == [b"callid=one"]
        until(lambda: sink.asked > 0, "it wants to note", seconds=SECONDS)
        with running(FileTail(plan)) as again:
            assert payloads(again, 1) == [b"callid=one"]
    finally:
        killed.stop()
