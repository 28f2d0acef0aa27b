"""What ingest tells of its nodes: who has a row, what it says, and what goes to the bus."""

import asyncio
from collections.abc import Sequence
from functools import partial

import pytest

from hep import Quirk
from hepscope_common.bus import LOG, TOPICS
from hepscope_common.bus.origins import numbering_of
from hepscope_common.node_report import (
    MAX_SLOTS,
    NodeKind,
    NodeReport,
    NodeState,
    decode_report,
    is_report,
)
from hepscope_ingest.node_reporter import LOOK_SECONDS, MAX_EARLY, instance_name
from hepscope_ingest.node_reports import MAX_ADDRESSES, MAX_STRANGERS, NodeReports
from hepscope_ingest.nodes import MAX_QUIRK_SETS, Node, NodeTable
from hepscope_ingest.peers import PeerTable
from support.builders import make_packet, make_request
from unit.ingest.conftest import MakeRig, Rig
from unit.ingest.test_component import read_all
from unit.ingest.test_listeners import send_udp

NOW_US = 1_795_424_030_000_000
SECOND = 1_000_000


class World:
    """Tables of an ingest, and reports on them."""

    def __init__(self, *, max_nodes: int = 500) -> None:
        self.nodes = NodeTable(max_nodes=max_nodes)
        self.peers = PeerTable()
        self.reports = NodeReports(self.nodes, self.peers)
        self.now_us = NOW_US

    def accept(self, name: str, packets: int = 1, *, size: int = 100) -> Node:
        """Count packets of a node, as the intake does."""
        node = self.nodes.meet(name.encode(), 7)
        node.accepted += packets
        node.packet_bytes += packets * size
        node.last_us = self.now_us
        return node

    def refuse(self, name: str, reason: str = "auth_key", count: int = 1) -> None:
        """Count refusals that belong to a node."""
        node = self.nodes.meet(name.encode(), 7)
        node.refused[reason] = node.refused.get(reason, 0) + count

    def refuse_peer(self, address: str, reason: str = "network", *, nameless: bool = True) -> None:
        """Count a refusal of an address."""
        peer = self.peers.endpoint((address, 5060)).peer
        for counts in (peer.refused, peer.nameless) if nameless else (peer.refused,):
            counts[reason] = counts.get(reason, 0) + 1

    def collect(self, *, seconds: float = 10.0, whole: bool = False) -> list[NodeState]:
        """A report after so long."""
        self.now_us += int(seconds * SECOND)
        return self.reports.collect(self.now_us, elapsed_seconds=seconds, whole=whole)

    def named(self, *, seconds: float = 10.0) -> dict[str, NodeState]:
        """The same by name, without the others."""
        return {
            state.name: state
            for state in self.collect(seconds=seconds)
            if state.kind is not NodeKind.OTHER
        }


def test_rates_are_of_the_time_since_the_report_before() -> None:
    """Counts go on from the start of the ingest."""
    world = World()
    world.accept("a", 20, size=50)
    first = world.named(seconds=2)["a"]
    world.accept("a", 5, size=50)
    world.refuse("a", count=3)
    second = world.named(seconds=10)["a"]

    assert (first.packets, first.packet_bytes, first.packets_per_s) == (20, 1000, 10.0)
    assert (second.packets, second.packets_per_s, second.bytes_per_s) == (25, 0.5, 25.0)
    assert (second.refused, second.refused_per_s) == ({"auth_key": 3}, 0.3)
    assert second.first_seen_us == first.first_seen_us == NOW_US + 2 * SECOND
    assert (first.last_refused_us, second.last_refused_us) == (None, NOW_US + 12 * SECOND)


def test_only_what_changed_is_told() -> None:
    """A node that falls silent is told once more, with rates of zero; then only the others are."""
    world = World()
    world.accept("a", 10)
    world.accept("b", 10)
    assert set(world.named()) == {"a", "b"}
    world.accept("a")
    assert {name: state.packets_per_s for name, state in world.named().items()} == {
        "a": 0.1,
        "b": 0.0,
    }
    assert set(world.named()) == {"a"}
    assert [state.slot for state in world.collect()] == [0]
    assert {state.name for state in world.collect(whole=True)} == {"other", "a", "b"}


def test_skew_versions_and_quirks_are_told() -> None:
    """Of the node itself; quirks by how many packets had each."""
    world = World()
    node = world.accept("a")
    node.note_skew(NOW_US - 5 * SECOND, NOW_US)
    node.note_version(3)
    node.note_version(1)
    for _ in range(3):
        node.note_quirks(Quirk.NO_TIME | Quirk.TIME_CARRY)
    node.note_quirks(Quirk.NO_TIME)

    state = world.named()["a"]
    assert (state.clock_skew_us, state.hep_versions) == (-5 * SECOND, [1, 3])
    assert state.quirks == {"no_time": 4, "time_carry": 3}


def test_quirks_in_ever_new_company_are_still_counted() -> None:
    """A sender that varies them costs a bounded memory, and no count is lost."""
    node = Node("a", 1)
    for quirks in range(1, 2000):
        node.note_quirks(quirks)

    assert len(node.quirk_counts) <= MAX_QUIRK_SETS + len(Quirk)
    for quirk in Quirk:
        packets = sum(count for quirks, count in node.quirk_counts.items() if quirks & quirk)
        assert packets == sum(1 for quirks in range(1, 2000) if quirks & quirk)


def test_an_address_without_any_node_is_told() -> None:
    """Refused altogether: with all its refusals. Else only with those that no node has."""
    world = World()
    world.refuse_peer("192.0.2.1")
    world.refuse_peer("192.0.2.2", "auth_key", nameless=False)
    good = world.peers.endpoint(("192.0.2.3", 5060)).peer
    good.accepted = 5
    world.refuse_peer("192.0.2.3", "no_payload", nameless=False)
    world.refuse_peer("192.0.2.4", "rate_limit")
    world.peers.endpoint(("192.0.2.4", 5060)).peer.accepted = 5

    found = world.named()
    assert {name: state.refused for name, state in found.items()} == {
        "192.0.2.1": {"network": 1},
        "192.0.2.2": {"auth_key": 1},
        "192.0.2.4": {"rate_limit": 1},
    }
    assert {state.kind for state in found.values()} == {NodeKind.ADDRESS}
    assert {state.last_seen_us for state in found.values()} == {None}


def test_news_are_first_packets_and_first_refusals() -> None:
    """Each once; what goes on in the usual way waits for the next report."""
    world = World()
    heard: list[bool] = []

    def look() -> None:
        heard.append(world.reports.has_news())
        world.collect(seconds=1)

    look()
    look()
    world.accept("a")
    look()
    world.accept("a")
    look()
    world.refuse("a")
    look()
    world.refuse("a")
    look()
    world.refuse_peer("192.0.2.1")
    look()
    assert heard == [True, False, True, False, True, False, True]


def test_a_flood_of_names_takes_a_bounded_number_of_slots() -> None:
    """Strangers beyond it are counted with the others, and nodes that send keep their row."""
    world = World()
    world.accept("good")
    slot = world.named()["good"].slot
    slots: set[int] = set()
    for number in range(3000):
        world.refuse(f"forged-{number}")
        world.refuse_peer(f"2001:db8::{number:x}")
        if number % 100 == 99:
            slots |= {state.slot for state in world.collect()}

    states = world.collect(whole=True)
    named = [state for state in states if state.kind is NodeKind.NODE and state.name]
    assert [state.slot for state in named if state.name == "good"] == [slot]
    assert len(named) <= 1 + MAX_STRANGERS
    assert len([one for one in states if one.kind is NodeKind.ADDRESS]) <= MAX_ADDRESSES
    assert max(slots) < MAX_SLOTS
    assert len(slots) <= 2 + MAX_STRANGERS + MAX_ADDRESSES
    told = sum(sum(state.refused.values()) for state in states)
    assert told == 6000


def test_a_slot_that_gets_free_is_told_unless_it_is_taken_at_once() -> None:
    """Or the name of a forgotten stranger would stand in the database for ever."""
    world = World(max_nodes=2)
    world.accept("a")
    world.refuse("stranger")
    slot = world.named()["stranger"].slot
    world.accept("b")

    freed = world.named()
    assert freed["b"].slot == slot or freed[""].slot == slot
    assert "stranger" not in {state.name for state in world.collect(whole=True)}

    world = World()
    world.refuse_peer("192.0.2.1", "auth_key", nameless=False)
    slot = world.named()["192.0.2.1"].slot
    world.peers.endpoint(("192.0.2.1", 5060)).peer.accepted = 1
    assert world.named() == {"": NodeState(slot=slot)}
    assert world.named() == {}


@pytest.mark.parametrize("time_us", [0, -5, 1 << 62])
def test_an_absurd_clock_makes_no_absurd_report(time_us: int) -> None:
    """A time that is none is left out."""
    world = World()
    node = world.accept("a")
    node.last_us = time_us
    node.note_skew(1 << 62, NOW_US)
    assert world.named()["a"].last_seen_us is None


@pytest.mark.parametrize(
    ("given", "name"), [("ams-1", "ams-1"), ("a\0b", "a\ufffdb"), ("", ":9060")]
)
def test_an_ingest_has_one_name_through_all_its_starts(given: str, name: str) -> None:
    """As set, else by host and port."""
    assert instance_name(given, 9060).endswith(name)
    assert instance_name(given, 9060) == instance_name(given, 9060)


# On the bus


def reports_on(rig: Rig) -> Sequence[NodeReport]:
    """The reports on the bus, in order."""
    return [decode_report(packet) for packet in rig.on_bus() if is_report(packet)]


def has_more_reports(rig: Rig, told: float) -> bool:
    """Whether more were sent than so many."""
    return rig.count("node_reports_total") > told


def good(name: bytes) -> bytes:
    """A packet of a node."""
    return make_packet(make_request("OPTIONS", "one@example.org"), node_name=name)


async def test_reports_come_within_a_second_of_a_first_packet(make_rig: MakeRig) -> None:
    """Long before the period is over, and say what was accepted and refused by then."""
    async with make_rig(reports={"every_seconds": 3000, "instance": "ams-1"}) as rig:
        await rig.until(lambda: len(reports_on(rig)) == 1)
        await send_udp(rig, good(b"edge"), b"garbage")
        await rig.until(lambda: len(reports_on(rig)) == 2)
        first, second = reports_on(rig)
        states = {state.name: state for state in second.nodes}

        assert {first.instance, second.instance} == {"ams-1"}
        assert first.started_us == second.started_us < first.reported_us < second.reported_us
        assert second.period_ms == 3_000_000
        assert [state.kind for state in first.nodes] == [NodeKind.OTHER]
        assert states["edge"].packets == 1
        assert states["edge"].packet_bytes == len(good(b"edge"))
        assert states["127.0.0.1"].refused == {"not_hep": 1}
        assert rig.count("node_reports_total") == 2
        assert rig.count("accepted_total", version="3") == 1


async def test_a_flood_of_news_makes_few_reports(make_rig: MakeRig) -> None:
    """Each name is news, but after some reports the next waits for its time."""
    async with make_rig(reports={"every_seconds": 3000}) as rig:
        told = 0.0
        while told < MAX_EARLY:
            await send_udp(rig, good(b"forged-%d" % told))
            await rig.until(partial(has_more_reports, rig, told))
            told = rig.count("node_reports_total")
        await send_udp(rig, good(b"one more"))
        loop = asyncio.get_running_loop()
        next_look = loop.time() + 1.5 * LOOK_SECONDS
        await rig.until(lambda: loop.time() > next_look)
        assert rig.count("node_reports_total") == MAX_EARLY


async def test_reports_are_numbered_like_the_packets_of_plain_senders(make_rig: MakeRig) -> None:
    """On one partition of the log topic, under the origin of this start, so each is stored once."""
    async with make_rig(reports={"every_seconds": 0.01}) as rig:
        await rig.until(lambda: rig.count("node_reports_total") > 3)
        await rig.until(lambda: len(reports_on(rig)) > 3)
        logs = [log for log in rig.bus.logs.values() if log.where.topic in TOPICS and log.end]
        (log,) = logs
        assert log.where.topic == LOG
        records = log.read(log.start, 1 << 30)
        numbers = [numbering_of(record.headers) for record in records]

    assert len({number.origin for number in numbers if number}) == 1
    firsts = [number.first_seq for number in numbers if number]
    assert firsts == [1 + sum(one.packets for one in records[:n]) for n in range(len(records))]


async def test_nothing_is_reported_while_the_bus_is_full(make_rig: MakeRig) -> None:
    """It would only grow what waits; the next report says it all."""
    async with make_rig(
        max_bytes=20_000, record_bytes=2_000, reports={"every_seconds": 0.01}
    ) as rig:
        await send_udp(rig, *[good(b"edge")] * 150)
        await rig.until(lambda: not rig.ingest.ready()[0])
        told = rig.count("node_reports_total")
        loop = asyncio.get_running_loop()
        ten_periods = loop.time() + 0.1
        await rig.until(lambda: loop.time() > ten_periods)
        assert rig.count("node_reports_total") == told

        assert await read_all(rig, 150) >= 150
        await rig.until(lambda: rig.count("node_reports_total") > told)


async def test_a_forged_report_from_outside_is_a_log_line(rig: Rig) -> None:
    """Its mark is removed and counted, as with all that only ingest may write."""
    forged = make_packet(b"{}", protocol_type=100)
    forged = forged[:4] + (len(forged) + 7).to_bytes(2, "big") + forged[6:]
    await send_udp(rig, forged + b"\x48\x53\x00\x05\x00\x07\x01")
    await rig.until(lambda: rig.count("accepted_total", version="3") == 1)
    await rig.until(lambda: len(rig.on_bus()) == 1)

    assert reports_on(rig) == []
    assert rig.count("foreign_annotations_total") == 1


async def test_reports_say_where_packets_are_taken_and_how_many_came(make_rig: MakeRig) -> None:
    """The address that was bound, and all that came there, refused or not."""
    async with make_rig(reports={"every_seconds": 0.01}) as rig:
        await send_udp(rig, good(b"edge"), b"garbage")

        def told() -> bool:
            listeners = (reports_on(rig)[-1].listeners or []) if reports_on(rig) else []
            return [one.received for one in listeners[:1]] == [2]

        await rig.until(told)
        (first, *_) = reports_on(rig)[-1].listeners or []
        assert (first.transport, first.host) == ("udp", rig.ingest.udp[0].address.host)
        assert first.port == rig.ingest.udp[0].address.port > 0
