"""Datagrams to one server: when the link wants to be worked again, and how fast it is."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from hepscope_capture.delivery.custody import Custody
from hepscope_capture.delivery.limits import Limits
from hepscope_capture.delivery.udp_link import UdpLink
from support.clocks import FakeClock
from support.sinks import UdpSink
from unit.capture.delivery.disks import opened


@contextmanager
def linked(custody: Custody, clock: FakeClock) -> Iterator[tuple[UdpSink, UdpLink]]:
    """A server that takes datagrams, and a link to it."""
    with UdpSink() as sink, closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as ours:
        ours.connect(("127.0.0.1", sink.port))
        ours.setblocking(False)
        yield sink, UdpLink(ours, custody, clock, is_on_probation=False)


def test_many_small_batches_are_not_waited_between() -> None:
    """Each put of a replay is one; the link says so while there is more than a turn takes."""
    clock = FakeClock()
    custody = Custody(bytes(16), Limits())
    sent = [b"%03d" % number for number in range(100)]
    for packet in sent:
        custody.put([packet], clock.elapsed_seconds())
    with linked(custody, clock) as (sink, link):
        turns = 1
        link.work(clock.elapsed_seconds(), is_filling=True)
        while link.next_look(clock.elapsed_seconds()) == 0.0:
            link.work(clock.elapsed_seconds(), is_filling=True)
            turns += 1
        assert sink.packets(len(sent)) == sent
        assert turns > 1
        assert link.next_look(clock.elapsed_seconds()) > 0
        clock.sleep(1.0)
        link.work(clock.elapsed_seconds(), is_filling=True)
    assert (custody.counts.delivered, custody.kept) == (len(sent), 0)


def test_what_is_on_disk_goes_faster_than_what_comes(tmp_path: Path) -> None:
    """Else a moment's trouble at a rate above that of a replay would never be over."""
    clock = FakeClock()
    custody = Custody(bytes(16), Limits())
    a_turn = [b"%010d" % number for number in range(400)]
    with opened(tmp_path) as spool, linked(custody, clock) as (_, link):
        custody.disk.use(spool)
        turns = 0
        custody.put(a_turn * 50, clock.elapsed_seconds())
        custody.spill_all(clock.elapsed_seconds())
        while custody.disk.packets and turns < 300:
            # 20,000 come a second, and wait behind those on disk.
            turns += 1
            custody.put(a_turn, clock.elapsed_seconds())
            custody.spill(clock.elapsed_seconds(), is_down=False)
            for _ in range(10):
                clock.sleep(0.002)
                link.work(clock.elapsed_seconds(), is_filling=True)
        assert turns < 300


def test_what_is_on_disk_does_not_wait_for_what_went_before(tmp_path: Path) -> None:
    """However much went by this connection without a pace: that was not from disk."""
    clock = FakeClock()
    custody = Custody(bytes(16), Limits())
    with opened(tmp_path) as spool, linked(custody, clock) as (sink, link):
        custody.disk.use(spool)
        for _ in range(100):
            custody.put([b"fresh"] * 100, clock.elapsed_seconds())
            link.work(clock.elapsed_seconds(), is_filling=True)
            sink.packets()
            clock.sleep(1.0)
        custody.put([b"old"] * 100, clock.elapsed_seconds())
        custody.spill_all(clock.elapsed_seconds())
        link.work(clock.elapsed_seconds(), is_filling=True)
        assert 0 < link.next_look(clock.elapsed_seconds()) < 0.1
