"""Servers without acknowledgements: at least once, as far as TCP and UDP can tell."""

import random
import socket
import struct
from pathlib import Path

from hepscope_capture.delivery.choice import Choice, Times
from hepscope_capture.delivery.limits import Limits
from support.service import until
from support.sinks import UdpSink, closed_port, cut_packets, widen
from unit.capture.delivery.hep_server import HepServer, hep
from unit.capture.delivery.routing import is_whole, routing

_SO_TIMESTAMPNS = 35  # asm-generic/socket.h


def packets(first: int, count: int) -> list[bytes]:
    """Packets with rising numbers."""
    return [hep(number) for number in range(first, first + count)]


def test_a_plain_server_is_sent_what_was_given_byte_for_byte(tmp_path: Path) -> None:
    """Without numbers; greeted once, which it skips."""
    given = packets(0, 3000)
    with (
        HepServer(is_acking=False) as server,
        routing(f"tcp://127.0.0.1:{server.port}", spool=tmp_path) as router,
    ):
        router.put(given, 1)
        assert router.end(60)
        until(lambda: len(server.stored) == 3000, "all is stored")
        counts = router.destinations[0].counts()
        assert server.stored == list(range(3000))
        assert not server.kept
        assert (counts.delivered, counts.acknowledged, counts.maybe_lost) == (3000, 0, 0)
        assert router.destinations[0].is_acknowledging is False


def test_a_plain_server_that_is_not_asked_hears_nothing_else() -> None:
    """Not even a greeting: acks=never."""
    given = packets(0, 100)
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        routing(f"tcp://127.0.0.1:{listening.getsockname()[1]}?acks=never") as router,
    ):
        router.put(given, 1)
        connection, _ = listening.accept()
        with connection:
            data = b""
            while len(data) < sum(map(len, given)):
                data += connection.recv(65_536)
            assert cut_packets(data) == given
            assert router.destinations[0].connected_to


def test_what_tcp_has_not_acknowledged_is_sent_again(tmp_path: Path) -> None:
    """A server that reads nothing until it dies: what its machine took is lost, and counted."""
    limits = Limits(spill_seconds=0.1, flight_bytes=64_000_000)
    given = 30_000
    with HepServer(is_acking=False) as server:
        server.is_stalled.set()
        with routing(
            f"tcp://127.0.0.1:{server.port}?acks=never", spool=tmp_path, limits=limits
        ) as router:
            destination = router.destinations[0]
            for at in range(0, given, 100):
                router.put(packets(at, 100), 1)
            until(lambda: destination.counts().delivered > 0, "its machine takes some")
            until(lambda: destination.counts().memory_bytes == 0, "the rest is on disk")
            server.kill()
            server.is_stalled.clear()
            server.start()
            until(lambda: destination.counts().kept == 0, "all is delivered")
            counts = destination.counts()
            until(lambda: bool(server.stored) and server.stored[-1] == given - 1, "it has the last")
        missing = set(range(given)) - set(server.stored)
        assert len(missing) <= counts.maybe_lost < given
        assert counts.resent > 0
        assert server.stored == list(range(server.stored[0], given))
        assert is_whole(counts)


def test_a_server_that_cannot_bear_the_question_is_not_asked_again() -> None:
    """It closes the connection at each greeting; the third try does without."""
    with HepServer(is_acking=False, closes_on_hello=True) as server:
        with routing(f"tcp://127.0.0.1:{server.port}") as router:
            router.put(packets(0, 100), 1)
            until(lambda: len(server.stored) == 100, "all is stored")
            assert router.end(60)
        assert server.hellos == 2


def test_who_acknowledges_is_not_taken_for_another_at_once(tmp_path: Path) -> None:
    """A second of silence after a restart is no reason to send without numbers."""
    with (
        HepServer() as server,
        routing(f"tcp://127.0.0.1:{server.port}", spool=tmp_path) as router,
    ):
        router.put(packets(0, 100), 1)
        until(lambda: len(server.stored) == 100, "all is stored")
        server.kill()
        server.is_acking = False
        server.start()
        router.put(packets(100, 100), 1)
        until(lambda: server.hellos > 2, "it was asked more than once")
        assert len(server.stored) == 100
        server.kill()
        server.is_acking = True
        server.start()
        destination = router.destinations[0]
        until(lambda: destination.counts().acknowledged == 200, "all is acknowledged")
        assert server.stored == list(range(200))


def test_a_server_must_acknowledge_where_that_is_required() -> None:
    """Else it is sent nothing."""
    with HepServer(is_acking=False) as server:
        with routing(f"tcp://127.0.0.1:{server.port}?acks=require") as router:
            router.put(packets(0, 100), 1)
            destination = router.destinations[0]
            until(lambda: "does not acknowledge" in destination.trouble, "it is told")
            assert not router.end(0)
        assert server.stored == []


def test_datagrams_hold_one_packet_each() -> None:
    """As they were given."""
    given = packets(0, 50)
    with UdpSink() as sink, routing(f"udp://127.0.0.1:{sink.port}") as router:
        router.put(given, 1)
        assert router.end(60)
        assert sink.packets(len(given)) == given
        counts = router.destinations[0].counts()
        assert (counts.sent, counts.delivered, counts.acknowledged) == (50, 50, 0)


def test_refused_datagrams_wait_on_disk_until_the_port_is_open(tmp_path: Path) -> None:
    """In order; the first after the refusal go alone. Of each change a line is told, once."""
    told: list[str] = []
    port = closed_port(socket.SOCK_DGRAM)
    with routing(f"udp://127.0.0.1:{port}", spool=tmp_path, told=told) as router:
        destination = router.destinations[0]
        for at in range(0, 2000, 100):
            router.put(packets(at, 100), 1)
        until(lambda: destination.counts().kept_on_disk == 2000, "all is on disk")
        assert "refused" in destination.trouble
        connects = destination.counts().connects
        until(lambda: destination.counts().connects > connects, "another attempt")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            widen(server)
            server.bind(("127.0.0.1", port))
            server.settimeout(30)
            found = [server.recv(65_536) for _ in range(2000)]
            until(lambda: destination.counts().kept == 0, "all is delivered")
        assert found == packets(0, 2000)
        until(lambda: is_whole(destination.counts()), "everything is counted")
    words = [line.partition(": ")[2] for line in told if line.startswith("udp:")]
    assert words == [
        "connected; nothing tells whether packets arrive",
        "Connection refused; trying again",
        "datagrams are not refused any more",
    ]


def test_what_no_datagram_holds_goes_over_a_stream_of_the_group(tmp_path: Path) -> None:
    """Or is counted where there is none."""
    large = hep(1, 0, random.Random(2).randbytes(65_420))
    assert len(large) > 65_507
    with UdpSink() as sink, HepServer() as server:
        group = f"udp://127.0.0.1:{sink.port}|tcp://127.0.0.1:{server.port}"
        with routing(group, spool=tmp_path) as router:
            router.put([hep(0), large, hep(2)], 1)
            until(lambda: server.stored == [1], "the stream has it")
            assert router.end(60)
            assert sink.packets(2) == [hep(0), hep(2)]
            assert is_whole(router.destinations[0].counts())
        with routing(f"udp://127.0.0.1:{sink.port}") as router:
            router.put([large, hep(3)], 1)
            assert router.end(60)
            counts = router.destinations[0].counts()
            assert counts.dropped["too_large"] == 1
            assert is_whole(counts)
            assert sink.packets(1) == [hep(3)]


def test_what_waits_for_a_stream_of_the_group_is_not_delivered() -> None:
    """Though it was handed on: with the stream's server away it is kept, and its losses count."""
    large = [hep(at, 0, random.Random(at).randbytes(65_420)) for at in range(20)]
    with UdpSink() as sink, HepServer() as away:
        away.kill()
        group = f"udp://127.0.0.1:{sink.port}|tcp://127.0.0.1:{away.port}"
        with routing(group, limits=Limits(memory_bytes=600_000)) as router:
            destination = router.destinations[0]
            for one in large:
                router.put([one], 1)
                until(lambda: not destination.queued, "it is collected")
            router.put([hep(99)], 1)
            until(lambda: destination.counts().dropped["memory_full"] > 0, "it has no more room")
            until(lambda: destination.counts().delivered == 1, "the small one is delivered")
            counts = destination.counts()
            assert counts.kept > 0
            assert counts.kept + sum(counts.dropped.values()) == len(large)
            assert is_whole(counts)
            assert not router.end(0.1)


def test_a_replay_over_udp_is_paced(tmp_path: Path) -> None:
    """No receive buffer of usual size overflows."""
    port = closed_port(socket.SOCK_DGRAM)
    with routing(f"udp://127.0.0.1:{port}", spool=tmp_path) as router:
        for at in range(0, 1500, 100):
            router.put(packets(at, 100), 1)
        destination = router.destinations[0]
        until(lambda: destination.counts().kept_on_disk == 1500, "all is on disk")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            widen(server)
            server.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            server.bind(("127.0.0.1", port))
            server.settimeout(30)
            times = [arrival(server) for _ in range(1500)]
    # The first go alone, and are waited for; then there are at most 10,000 a second.
    assert times[-1] - times[-1000] > 0.09


def arrival(server: socket.socket) -> float:
    """Take a datagram; return when the kernel got it, however late we come for it."""
    _, extra, _, _ = server.recvmsg(65_536, 64)
    ((_, _, data),) = extra
    seconds, nanos = struct.unpack("ll", data)
    return float(seconds) + float(nanos) / 1e9


def test_who_acknowledged_one_process_is_known_to_the_next(tmp_path: Path) -> None:
    """An ingest that is just starting is slow to greet; what waits on disk needs its numbers."""
    with HepServer() as server:
        url = f"tcp://127.0.0.1:{server.port}"
        with routing(url, spool=tmp_path) as router:
            router.put(packets(0, 100), 1)
            until(lambda: len(server.stored) == 100, "all is stored")
        server.is_acking = False
        with routing(url, spool=tmp_path) as router:
            destination = router.destinations[0]
            router.put(packets(100, 100), 1)
            until(lambda: "does not answer" in destination.trouble, "it is waited for")
            server.is_acking = True
            until(lambda: destination.counts().acknowledged == 100, "all is acknowledged")
        assert server.stored == list(range(200))


def test_a_port_of_another_protocol_is_told_once_and_left_alone_for_longer_and_longer() -> None:
    """It takes what it is sent and closes: a web server does so, and a port of TLS."""
    told: list[str] = []
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        routing(f"tcp://127.0.0.1:{listening.getsockname()[1]}?acks=never", told=told) as router,
    ):
        for number in range(4):
            router.put(packets(number, 1), 1)
            connection, _ = listening.accept()
            with connection:
                assert connection.recv(65_536)
        until(lambda: len(told) > 1, "the trouble is told")
        assert router.destinations[0].trouble
    assert [line.partition(": ")[2] for line in told] == [
        "connected; no acknowledgements",
        "it closed the connection; trying again",
    ]


def test_a_connection_that_proves_nothing_changes_nothing() -> None:
    """Until it has lasted; of a server that acknowledges each packet is proof."""
    choice = Choice(1, Times(), 0.0)
    choice.connect(0, 10.0)
    assert not choice.get_on(10.5, is_certain=False)
    assert choice.get_on(10.5, is_certain=True)
    assert choice.get_on(13.5, is_certain=False)
