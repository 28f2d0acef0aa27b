"""Groups: the next server while the first is away, the first again when it is back, no gap."""

import socket
from pathlib import Path

from hepscope_capture.delivery.choice import Times
from hepscope_capture.senders.trust import Trust
from support.service import until
from support.sinks import closed_port
from unit.capture.delivery.hep_server import HepServer, hep
from unit.capture.delivery.routing import is_whole, routing

QUICK = Times(away_seconds=0.3, return_seconds=0.3)


def packets(first: int, count: int) -> list[bytes]:
    """Packets with rising numbers."""
    return [hep(number) for number in range(first, first + count)]


def test_the_next_server_takes_over_and_gives_back(tmp_path: Path) -> None:
    """Whatever one has not acknowledged, the other gets; in one database all is stored once."""
    with HepServer() as first, HepServer() as second:
        second.stored, second.kept = first.stored, first.kept
        group = f"tcp://127.0.0.1:{first.port}|tcp://127.0.0.1:{second.port}"
        with routing(group, spool=tmp_path, times=QUICK) as router:
            destination = router.destinations[0]
            router.put(packets(0, 1000), 1)
            until(lambda: destination.counts().acknowledged == 1000, "the first has it")
            assert second.received == 0
            first.kill()
            router.put(packets(1000, 1000), 1)
            until(lambda: destination.counts().acknowledged == 2000, "the second has it")
            assert destination.connected_to == f"tcp://127.0.0.1:{second.port}"
            first.start()
            until(lambda: destination.connected_to.endswith(str(first.port)), "the first is back")
            router.put(packets(2000, 1000), 1)
            until(lambda: destination.counts().kept == 0, "all is acknowledged")
            assert router.end(60)
            counts = destination.counts()
        assert first.stored == list(range(3000))
        assert first.received + second.received == 3000
        assert (counts.acknowledged, counts.failovers, counts.connects) == (3000, 2, 3)
        assert is_whole(counts)


def test_what_a_stalled_server_holds_goes_to_the_next(tmp_path: Path) -> None:
    """It had acknowledged none of it; where both store into one database, it is there once."""
    with HepServer() as first, HepServer() as second:
        second.stored, second.kept = first.stored, first.kept
        group = f"tcp://127.0.0.1:{first.port}|tcp://127.0.0.1:{second.port}"
        with routing(group, spool=tmp_path, stall_seconds=0.9, times=QUICK) as router:
            destination = router.destinations[0]
            until(lambda: bool(destination.connected_to), "it is connected")
            first.is_stalled.set()
            router.put(packets(0, 2000), 1)
            until(lambda: len(second.stored) == 2000, "the second has it")
            # What lies in the first now comes to the same database, late.
            first.is_stalled.clear()
            until(lambda: destination.connected_to.endswith(str(first.port)), "the first is back")
            router.put(packets(2000, 10), 1)
            until(lambda: destination.counts().kept == 0, "all is acknowledged")
        assert first.stored == list(range(2010))


def test_a_group_of_the_dead_keeps_everything(tmp_path: Path) -> None:
    """And the first that lives gets it."""
    ports = [closed_port(socket.SOCK_STREAM) for _ in range(3)]
    group = "|".join(f"tcp://127.0.0.1:{port}" for port in ports)
    with routing(group, spool=tmp_path, times=QUICK) as router:
        destination = router.destinations[0]
        router.put(packets(0, 500), 1)
        until(lambda: destination.counts().kept_on_disk == 500, "all is on disk")
        with HepServer(port=ports[2]) as server:
            until(lambda: destination.counts().kept == 0, "all is acknowledged")
            assert server.stored == list(range(500))


def test_a_stream_takes_over_from_datagrams(tmp_path: Path) -> None:
    """Once they are refused; and gives back, though nobody can say that the port is open again."""
    port = closed_port(socket.SOCK_DGRAM)
    with HepServer() as second:
        group = f"udp://127.0.0.1:{port}|tcp://127.0.0.1:{second.port}"
        with routing(group, spool=tmp_path, times=QUICK) as router:
            destination = router.destinations[0]
            router.put(packets(0, 500), 1)
            until(lambda: destination.counts().kept == 0, "all is delivered")
            assert second.stored == list(range(500))
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
                server.bind(("127.0.0.1", port))
                server.settimeout(30)
                until(lambda: destination.connected_to.startswith("udp"), "the first is tried")
                router.put(packets(500, 1), 1)
                assert server.recv(65_536) == hep(500)


def test_servers_of_a_group_need_not_acknowledge_alike(tmp_path: Path) -> None:
    """What the plain one has not taken goes under its number to the other."""
    with HepServer(is_acking=False) as plain, HepServer() as other:
        group = f"tcp://127.0.0.1:{plain.port}|tcp://127.0.0.1:{other.port}"
        with routing(group, spool=tmp_path, times=QUICK) as router:
            destination = router.destinations[0]
            router.put(packets(0, 200), 1)
            until(lambda: len(plain.stored) == 200, "the plain one has it")
            until(lambda: destination.counts().kept == 0, "it is known")
            plain.kill()
            router.put(packets(200, 200), 1)
            until(lambda: destination.counts().kept == 0, "all is acknowledged")
            counts = destination.counts()
        assert other.stored == list(range(200, 400))
        assert (counts.delivered, counts.acknowledged) == (400, 200)


def test_a_server_before_its_time_is_not_forgotten() -> None:
    """Certificates belong to the group: a server over TLS beside one without."""
    with HepServer() as server:
        port = closed_port(socket.SOCK_STREAM)
        group = f"tls://127.0.0.1:{port}?insecure=1|tcp://127.0.0.1:{server.port}"
        with routing(group, times=QUICK, trust=Trust()) as router:
            router.put(packets(0, 10), 1)
            until(lambda: len(server.stored) == 10, "the second has it")
