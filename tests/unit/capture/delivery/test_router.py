"""Packets to servers that come and go: nothing lost, nothing stored twice, everything counted."""

import random
import socket
from pathlib import Path

import pytest

from hepscope_capture.clock import SystemClock
from hepscope_capture.delivery.limits import Limits
from hepscope_capture.delivery.plan import parse_server
from hepscope_capture.delivery.router import make_router
from support.service import until
from unit.capture.delivery.disks import full_disk
from unit.capture.delivery.hep_server import HepServer, hep
from unit.capture.delivery.routing import is_whole, routing


def packets(first: int, count: int) -> list[bytes]:
    """Packets with rising numbers."""
    return [hep(number) for number in range(first, first + count)]


def url(server: HepServer) -> str:
    """Where it listens."""
    return f"tcp://127.0.0.1:{server.port}"


def test_a_server_that_acknowledges_is_sent_everything_once(tmp_path: Path) -> None:
    """And nothing touches the disk but the directory's lock."""
    with HepServer() as server, routing(url(server), spool=tmp_path) as router:
        for at in range(0, 10_000, 100):
            router.put(packets(at, 100), 1)
        assert router.end(60)
        counts = router.destinations[0].counts()
        assert server.stored == list(range(10_000))
        assert (counts.taken, counts.delivered, counts.acknowledged) == (10_000,) * 3
        assert (counts.sent, counts.resent, counts.spooled, counts.kept) == (10_000, 0, 0, 0)
        assert not list(tmp_path.glob("*/*.spool"))


def test_an_outage_goes_to_disk_and_comes_back_in_order(tmp_path: Path) -> None:
    """Newer packets queue behind."""
    with HepServer() as server:
        server.kill()
        with routing(url(server), spool=tmp_path) as router:
            destination = router.destinations[0]
            router.put(packets(0, 1000), 1)
            until(lambda: destination.counts().kept_on_disk == 1000, "all is on disk")
            assert "refused" in destination.trouble
            assert not destination.connected_to
            router.put(packets(1000, 1000), 1)
            server.start()
            until(lambda: len(server.stored) == 2000, "all is stored")
            router.put(packets(2000, 1), 1)
            assert router.end(60)
            counts = destination.counts()
            assert server.stored == list(range(2001))
            assert counts.acknowledged == 2001
            assert counts.kept == 0
            assert is_whole(counts)
            assert not list(tmp_path.glob("*/*.spool"))


def test_what_one_process_leaves_the_next_one_sends(tmp_path: Path) -> None:
    """Under the numbers it had, over the same connection as its own."""
    with HepServer() as server:
        server.kill()
        for process in range(3):
            with routing(url(server), spool=tmp_path) as router:
                router.put(packets(process * 500, 500), 1)
                assert router.end(60)
                counts = router.destinations[0].counts()
                assert (counts.recovered, counts.kept_on_disk) == (
                    500 * process,
                    500 * process + 500,
                )
        server.start()
        with routing(url(server), spool=tmp_path) as router:
            router.put(packets(1500, 500), 1)
            until(lambda: len(server.stored) == 2000, "all is stored")
            assert router.end(60)
            counts = router.destinations[0].counts()
        assert server.stored == list(range(2000))
        assert len(server.kept) == len(server.origins) == 4
        assert (counts.recovered, counts.acknowledged, counts.connects) == (1500, 2000, 1)
        assert is_whole(counts)


def test_a_server_that_falls_silent_fills_the_disk_not_the_memory(tmp_path: Path) -> None:
    """What waits for a second is safe from our own death; afterwards all is let go."""
    limits = Limits(spill_seconds=0.2)
    with HepServer() as server, routing(url(server), spool=tmp_path, limits=limits) as router:
        destination = router.destinations[0]
        until(lambda: bool(destination.connected_to), "it is connected")
        server.is_stalled.set()
        router.put(packets(0, 3000), 1)
        until(lambda: destination.counts().kept_on_disk == 3000, "all is on disk")
        assert destination.counts().memory_bytes == 0
        server.is_stalled.clear()
        until(lambda: not destination.counts().kept, "all is acknowledged")
        assert server.stored == list(range(3000))
        assert destination.counts().resent == 0
        assert not list(tmp_path.glob("*/*.spool"))


def test_a_silent_connection_is_given_up(tmp_path: Path) -> None:
    """What is in flight goes over the next one, under the same numbers."""
    with HepServer() as server, routing(url(server), spool=tmp_path, stall_seconds=0.3) as router:
        destination = router.destinations[0]
        until(lambda: bool(destination.connected_to), "it is connected")
        server.is_stalled.set()
        router.put(packets(0, 3000), 1)
        until(lambda: destination.counts().connects > 1, "it has connected again")
        server.is_stalled.clear()
        until(lambda: not destination.counts().kept, "all is acknowledged")
        assert server.stored == list(range(3000))
        assert destination.counts().resent > 0


@pytest.mark.parametrize("seed", range(3))
def test_chaos(tmp_path: Path, seed: int) -> None:
    """A server killed, cut off, silent and started again, under traffic that does not care."""
    chance = random.Random(seed)
    limits = Limits(spill_seconds=0.1, spill_bytes=100_000)
    given = 0
    with HepServer() as server, routing(url(server), spool=tmp_path, limits=limits) as router:
        destination = router.destinations[0]

        def put_some() -> None:
            nonlocal given
            for _ in range(20):
                count = chance.randint(1, 200)
                router.put(packets(given, count), 1)
                given += count

        for _ in range(12):
            fault = chance.choice((server.kill, server.break_connections, server.is_stalled.set))
            put_some()
            fault()
            put_some()
            until(lambda: not destination.queued, "all is taken")
            server.is_stalled.clear()
            if fault == server.kill:
                server.start()
        until(lambda: not router.destinations[0].counts().kept, "all is acknowledged")
        assert router.end(60)
        counts = router.destinations[0].counts()
        assert server.stored == list(range(given))
        assert (counts.taken, counts.acknowledged, counts.kept) == (given, given, 0)
        assert is_whole(counts)


def test_one_stalled_server_holds_up_no_other(tmp_path: Path) -> None:
    """Each has a thread and a spool of its own."""
    with (
        HepServer() as good,
        HepServer(is_acking=False) as bad,
        routing(url(good), url(bad), spool=tmp_path) as router,
    ):
        bad.is_stalled.set()
        for at in range(0, 20_000, 200):
            router.put(packets(at, 200), 1)
        until(lambda: len(good.stored) == 20_000, "the good one has all")
        assert bad.stored == []
        bad.is_stalled.clear()
        assert router.end(60)
        until(lambda: len(bad.stored) == 20_000, "the other one has all in the end")
        assert bad.stored == good.stored


def test_packets_go_where_their_kind_goes() -> None:
    """To every server that is for it, and to none that is not."""
    with (
        HepServer() as everything,
        HepServer() as logs,
        routing(url(everything), url(logs) + "?only=log,5") as router,
    ):
        for number, kind in enumerate((1, 5, 100, 1, 100)):
            router.put([hep(number)], kind)
        assert router.end(60)
        assert everything.stored == [0, 1, 2, 3, 4]
        assert logs.stored == [1, 2, 4]


def test_a_full_memory_drops_the_oldest() -> None:
    """Where there is no disk; and counts them."""
    limits = Limits(memory_bytes=200_000)
    with HepServer() as server:
        server.kill()
        with routing(url(server), limits=limits) as router:
            destination = router.destinations[0]
            for at in range(0, 2000, 100):
                router.put(packets(at, 100), 1)
                until(lambda: not destination.queued, "it is collected")
            server.start()
            assert router.end(60)
            counts = destination.counts()
        assert server.stored == list(range(2000 - len(server.stored), 2000))
        assert len(server.stored) >= 50
        assert counts.dropped["memory_full"] == 2000 - len(server.stored)
        assert is_whole(counts)


def test_a_full_disk_lets_memory_take_over(tmp_path: Path) -> None:
    """And is used again once it has room: order and number hold."""
    told: list[str] = []
    with HepServer() as server:
        server.kill()
        with routing(url(server), spool=tmp_path, told=told) as router:
            destination = router.destinations[0]
            with full_disk(100_000):
                router.put(packets(0, 150), 1)
                until(lambda: destination.counts().kept_on_disk > 0, "some is on disk")
                router.put(packets(150, 350), 1)
                until(lambda: destination.counts().spool_errors > 0, "the disk is full")
                assert destination.counts().memory_bytes > 0
                until(lambda: says(told, "the spool takes nothing"), "it is told")
            until(lambda: destination.counts().kept_on_disk == 500, "all is on disk")
            server.start()
            until(lambda: len(server.stored) == 500, "all is stored")
            assert router.end(60)
        assert server.stored == list(range(500))
        assert "the spool works again" in told


def says(told: list[str], beginning: str) -> bool:
    """Whether a line was told that begins so."""
    return any(line.startswith(beginning) for line in told)


def test_without_a_place_for_a_spool_memory_is_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """And a warning says so."""
    (tmp_path / "file").touch()
    with HepServer() as server, routing(url(server), spool=tmp_path / "file") as router:
        router.put(packets(0, 10), 1)
        assert router.end(60)
        assert server.stored == list(range(10))
        assert router.destinations[0].spool_limit_bytes == 0
    assert "packets wait in memory only" in caplog.text


def test_the_end_without_a_spool_is_told() -> None:
    """Nothing of it is safe."""
    with HepServer() as server:
        server.kill()
        with routing(url(server)) as router:
            router.put(packets(0, 10), 1)
            assert not router.end(0.2)
            assert router.destinations[0].counts().kept == 10


def test_files_wait_for_room_and_give_up() -> None:
    """A replay's back-pressure: nothing is dropped."""
    limits = Limits(memory_bytes=400_000, flight_bytes=50_000)
    with HepServer() as server, routing(url(server), limits=limits) as router:
        for at in range(0, 5000, 50):
            assert router.put_waiting(packets(at, 50), 1)
        assert router.finish(60)
        assert server.stored == list(range(5000))
        assert router.destinations[0].counts().dropped["memory_full"] == 0
    with HepServer() as server:
        server.kill()
        with routing(url(server), limits=limits) as router:
            outcomes = [router.put_waiting(packets(0, 50), 1, seconds=0.3) for _ in range(10)]
            assert outcomes[0]
            assert not outcomes[-1]
            assert not router.finish(0.1)


def test_who_waits_for_one_server_gives_the_others_nothing_twice() -> None:
    """A watched file waits for a server that is away, while its mirror takes everything once."""
    limits = Limits(memory_bytes=400_000, flight_bytes=50_000)
    with HepServer() as away, HepServer() as server:
        away.kill()
        turns = 0

        def is_over() -> bool:
            nonlocal turns
            turns += 1
            return turns > 3

        with routing(url(server), url(away), limits=limits) as router:
            for at in range(0, 2000, 50):
                router.put_unless(packets(at, 50), 1, is_over, turn_seconds=0.5)
            assert not router.end(1)
            assert turns > 3
            here, there = (one.counts() for one in router.destinations)
            assert (here.taken, there.taken) == (2000, 2000)
            assert there.dropped["memory_full"] > 0
        assert server.stored == list(range(2000))


def test_compressed_payloads_are_the_same_payloads() -> None:
    """In chunk 0x10, which servers undo."""
    with HepServer() as server, routing(url(server) + "?compress=1") as router:
        router.put(packets(0, 100), 1)
        assert router.end(60)
        assert server.stored == list(range(100))
        assert server.received_bytes < 100 * 250


def test_packets_at_the_limit_of_hep_arrive() -> None:
    """Those without room for their number, too; what is no HEP3 is counted."""
    noise = random.Random(1).randbytes
    room = 65_535 - len(hep(0, 0))
    sizes = (room - 40, room - 36, room - 35, room - 20, room)
    large = [hep(at, 0, noise(size)) for at, size in enumerate(sizes)]
    assert max(map(len, large)) == 65_535
    with HepServer() as server, routing(url(server)) as router:
        router.put([*large, bytes(70_000), hep(5)], 1)
        router.put(packets(6, 1), 1)
        router.put([large[-1]], 1)
        assert router.end(60)
        assert sorted(server.stored) == [0, 1, 2, 3, 4, 4, 5, 6]
        counts = router.destinations[0].counts()
        assert (counts.dropped["oversize"], counts.unnumbered, counts.acknowledged) == (1, 4, 4)


def test_what_is_safe_is_known(tmp_path: Path) -> None:
    """Delivered or on disk, at every destination: a relay may acknowledge it then."""
    with HepServer() as good, HepServer() as bad:
        bad.kill()
        with routing(url(good), url(bad), spool=tmp_path) as router:
            assert router.is_safe(router.position())
            router.put(packets(0, 500), 1)
            position = router.position()
            assert position == (500, 500)
            until(lambda: router.is_safe(position), "all is delivered or on disk")
        with routing(url(good), url(bad)) as router:
            router.put(packets(0, 500), 1)
            position = router.position()
            until(lambda: router.destinations[0].counts().delivered == 500, "one has it")
            assert not router.is_safe(position)
            bad.start()
            until(lambda: router.is_safe(position), "both have it")


def test_two_servers_of_one_name_are_a_mistake() -> None:
    """They would share a spool."""
    plans = [parse_server("tcp://a?only=sip"), parse_server("tcp://a?only=log")]
    with pytest.raises(ValueError, match="named twice"):
        make_router(plans, SystemClock())


def test_an_unresolvable_name_is_tried_on(tmp_path: Path) -> None:
    """And nothing waits in memory for the resolver."""
    with routing("tcp://nowhere.invalid", spool=tmp_path) as router:
        destination = router.destinations[0]
        router.put(packets(0, 10), 1)
        until(lambda: destination.counts().kept_on_disk == 10, "all is on disk")
        assert router.end(0.1)


def test_a_server_that_never_answers_a_dial_costs_no_memory(tmp_path: Path) -> None:
    """A full queue of connections: the dial waits, the packets do not."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening:
        address = listening.getsockname()
        with socket.create_connection(address), socket.socket() as second:
            second.setblocking(False)
            second.connect_ex(address)
            limits = Limits(spill_seconds=0.1)
            with routing(f"tcp://127.0.0.1:{address[1]}", spool=tmp_path, limits=limits) as router:
                destination = router.destinations[0]
                router.put(packets(0, 10), 1)
                until(lambda: destination.counts().kept_on_disk == 10, "all is on disk")
                assert router.end(0.1)
