"""What rules of admission do to packets on their way, and what is counted of it."""

import logging
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from hep import HepPacket, decode3, encode1, encode2
from hepscope_common.bus import DEAD_LETTER, MemoryBus, TopicPartition
from hepscope_common.node_report import NodeKind, NodeState
from hepscope_ingest.intake import LEFT_OF_DEAD_LETTER, Intake
from hepscope_ingest.metrics import IngestMetrics
from hepscope_ingest.node_reports import NodeReports
from hepscope_ingest.nodes import OTHERS, NodeTable
from hepscope_ingest.peers import PeerTable
from hepscope_ingest.refusal import Refusal
from hepscope_ingest.rules.settings import RuleSettings
from support.builders import BASE_US, make_packet, make_request, make_response
from support.hep_wire import generic, packet, start

SECRET = b"sesame"
MESSAGE = make_request("MESSAGE", headers="Content-Type: text/plain\r\n", body="sesame")


class Taken:
    """Stands where the batcher does and keeps what it is given."""

    blocked = False

    def __init__(self) -> None:
        self.packets: list[bytes] = []

    def add(self, *placed: Any, **_: Any) -> None:
        """Keep a packet, the last of topic, partition and packet."""
        self.packets.append(placed[-1])


class World:
    """An intake with rules and keys."""

    def __init__(self, *, auth_keys: tuple[str, ...] = (), **rules: object) -> None:
        self.registry = CollectorRegistry()
        self.bus = MemoryBus(groups=["writer"])
        self.taken = Taken()
        self.now_us = BASE_US
        self.metrics = IngestMetrics(self.registry)
        self.intake = Intake(
            batcher=self.taken,  # type: ignore[arg-type]  # all that is used of one
            producer=self.bus.producer(),
            metrics=self.metrics,
            partitions=4,
            now_us=lambda: self.now_us,
            auth_keys=auth_keys,
            rules=RuleSettings.model_validate(rules),
        )
        self.peers = PeerTable()
        self.reports = NodeReports(self.metrics.nodes, self.peers)

    def told(self) -> dict[str, NodeState]:
        """Return what is reported of each node now."""
        states = self.reports.collect(self.now_us, elapsed_seconds=1)
        return {state.name: state for state in states if state.kind is NodeKind.NODE}

    def take(self, *packets: bytes, peer: str = "192.0.2.9") -> list[bool]:
        """Take packets of a peer."""
        return [self.intake.take(one, self.peers.endpoint((peer, 1))) for one in packets]

    def refused(self, reason: str) -> float:
        """Return how often a packet was refused for a reason."""
        return self.metrics.refused.counts[(reason,)]

    def count(self, name: str, **labels: str) -> float | None:
        """Return the value of a metric now."""
        return self.registry.get_sample_value(f"hepscope_ingest_{name}", labels)


def test_a_peer_of_another_network_is_refused() -> None:
    """Before anything is decoded."""
    world = World(allowed_networks="10.0.0.0/8,2001:db8::/32", denied_networks="10.9.0.0/16")
    for peer, may in (("10.1.1.1", True), ("2001:db8::1", True), ("10.9.1.1", False)):
        assert world.take(make_packet(make_request()), peer=peer) == [may]
    assert world.take(b"\x07", peer="192.0.2.1") == [False]
    assert world.refused(Refusal.NETWORK) == 2
    assert world.refused("not_hep") == 0


def test_a_node_with_keys_of_its_own_needs_one_of_them() -> None:
    """Several while they are changed; the general key is for the others."""
    world = World(auth_keys=("general",), node_keys="kam1=old,kam1=new")

    def of(node: bytes, key: bytes | None) -> bytes:
        return make_packet(make_request(), node_name=node, auth_key=key)

    packets = [of(b"kam1", b"old"), of(b"kam1", b"new"), of(b"x", b"general")]
    assert world.take(*packets) == [True] * 3
    assert world.take(of(b"kam1", b"general"), of(b"x", b"old")) == [False] * 2
    assert world.take(of(b"x", None), of(b"kam1", b"wrong")) == [False] * 2
    assert (world.refused(Refusal.NODE_KEY), world.refused("auth_key")) == (2, 2)
    assert all(b"general" not in one and b"old" not in one for one in world.taken.packets)


def test_keys_of_one_node_leave_others_free_where_no_key_is_demanded() -> None:
    """A node by its number."""
    world = World(node_keys="7=seven")
    packets = [make_packet(make_request(), node_id=node) for node in (7, 8)]
    assert world.take(*packets) == [False, True]


def test_a_node_beyond_its_rate_is_held_back() -> None:
    """Others go on."""
    world = World(node_rate_limit=2)
    one, two = (make_packet(make_request(), node_name=name) for name in (b"one", b"two"))
    assert world.take(one, one, one, two) == [True, True, False, True]
    world.now_us += 1_000_000
    assert world.take(one) == [True]
    assert world.count("node_refused_packets", node="one", reason="node_rate_limit") == 1


def test_types_are_kept_out() -> None:
    """By list of those allowed or denied."""
    log, sip = make_packet(b"line", protocol_type=100), make_packet(make_request())
    assert World(allowed_types="sip").take(log, sip) == [False, True]
    world = World(denied_types="1")
    assert world.take(log, sip) == [True, False]
    assert world.refused(Refusal.PROTOCOL_TYPE) == 1


def test_long_payloads_are_refused() -> None:
    """The limit itself is taken."""
    payload = make_request()
    assert World(max_payload_bytes=len(payload)).take(make_packet(payload)) == [True]
    world = World(max_payload_bytes=len(payload) - 1)
    assert world.take(make_packet(payload)) == [False]
    assert world.refused(Refusal.PAYLOAD_SIZE) == 1


def test_discarded_methods_can_be_counted_by_method(caplog: pytest.LogCaptureFixture) -> None:
    """Requests and answers by class; without a line in the log, since it is wished for."""
    packets = [
        make_packet(payload)
        for payload in (
            make_request("OPTIONS"),
            make_response(200, "OK", "OPTIONS"),
            make_request("NOTIFY"),
            make_request("INVITE"),
        )
    ]
    world = World(discard_methods="OPTIONS", discard_count=True)
    assert world.take(*packets) == [False, False, True, True]
    assert world.refused(Refusal.METHOD) == 2
    assert world.count("discarded_total", method="OPTIONS", kind="request") == 1
    assert world.count("discarded_total", method="OPTIONS", kind="2xx") == 1
    silent = World(discard_methods="OPTIONS")
    silent.take(*packets)
    assert silent.refused(Refusal.METHOD) == 2
    assert silent.count("discarded_total", method="OPTIONS", kind="2xx") is None
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []


def test_field_rules_drop_and_keep() -> None:
    """Over SIP, addresses and the peer."""
    world = World(drop="from_user=^eve$,peer=192.0.2.66", keep="source=192.0.2.0/24")
    good = make_packet(make_request())
    assert world.take(good, make_packet(make_request(from_user="eve"))) == [True, False]
    assert world.take(good, peer="192.0.2.66") == [False]
    assert world.take(make_packet(make_request(), source="10.0.0.1")) == [False]
    assert world.refused(Refusal.FIELD_RULE) == 3


def test_a_copy_of_another_node_is_taken_once() -> None:
    """The same message between the same addresses; a later repetition is taken."""
    world = World(dedup_ms=100)

    def copy(node: bytes, after_us: int, **place: Any) -> bytes:
        return make_packet(make_request(), node_name=node, time_us=BASE_US + after_us, **place)

    assert world.take(copy(b"one", 0), copy(b"two", 900)) == [True, False]
    assert world.take(copy(b"two", 900, source_port=5061)) == [True]
    assert world.take(copy(b"one", 500_000)) == [True]
    assert world.refused(Refusal.DUPLICATE) == 1
    assert world.count("node_refused_packets", node=OTHERS, reason="duplicate") is None


def test_what_a_rule_refuses_is_not_remembered_as_taken() -> None:
    """Or its copy of another node would be refused too, and both be lost."""
    world = World(dedup_ms=100, drop="node=^one$")
    packets = [make_packet(make_request(), node_name=name) for name in (b"one", b"two")]
    assert world.take(*packets) == [False, True]


def as_sent(version: int) -> bytes:
    """A text message as each version of HEP carries it."""
    if version == 3:
        return make_packet(MESSAGE)
    made = HepPacket(source=bytes(4), destination=bytes(4), payload=MESSAGE, time_us=BASE_US)
    return encode1(made) if version == 1 else encode2(made)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_masks_reach_every_version(version: int) -> None:
    """The packet on the bus is the original but for its body."""
    plain, masking = World(), World(mask_bodies="MESSAGE")
    assert plain.take(as_sent(version)) == masking.take(as_sent(version)) == [True]
    before, after = decode3(plain.taken.packets[0]), decode3(masking.taken.packets[0])
    assert SECRET not in masking.taken.packets[0]
    assert after.payload == MESSAGE.replace(SECRET, b"x" * 6)
    before.payload = after.payload
    assert after == before


def test_masked_secrets_are_in_no_dead_letter_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    """What cannot be decoded cannot be masked: its head alone is kept."""
    world = World(mask_bodies="MESSAGE")
    bad = packet(*start(), generic(16, b"\xff\xff" + MESSAGE))
    world.take(MESSAGE, bad, b"\x00" + MESSAGE)
    log = world.bus.logs[TopicPartition(DEAD_LETTER, 0)]
    letters = [record.value for record in log.read(log.start, 1 << 30)]
    assert len(letters) == 3
    assert all(len(letter) <= LEFT_OF_DEAD_LETTER for letter in letters)
    assert "sesame" not in caplog.text


def test_nodes_are_reported() -> None:
    """Counts, refusals, clock, versions and quirks of each."""
    world = World(discard_methods="OPTIONS")
    late = make_packet(make_request(), node_name=b"one", time_us=BASE_US - 250_000)
    world.take(late, make_packet(make_request("OPTIONS"), node_name=b"one"))
    world.take(make_packet(make_request(), time_us=0, node_id=9))
    told = world.told()
    one, nine = told["one"], told["9"]
    assert (one.node_id, one.packets, one.packet_bytes) == (7, 1, len(late))
    assert (one.refused, one.last_seen_us) == ({"method": 1}, BASE_US)
    assert (one.clock_skew_us, one.hep_versions) == (-250_000, [3])
    assert (nine.clock_skew_us, nine.quirks) == (None, {"no_time": 1})
    assert world.count("node_accepted_packets", node="one") == 1
    assert world.count("node_clock_skew_seconds", node="one") == -0.25
    assert world.count("node_tolerated_packets", node="9") == 1
    assert world.count("node_last_seen_seconds", node="9") == BASE_US / 1e6


def test_a_node_with_a_wrong_key_is_seen_and_not_named_in_metrics() -> None:
    """The report tells whose key is wrong; a stranger does not become a label."""
    world = World(auth_keys=("right",))
    world.take(make_packet(make_request(), node_name=b"kam1", auth_key=b"wrong"))
    assert world.told()["kam1"].refused == {"auth_key": 1}
    assert world.count("node_refused_packets", node=OTHERS, reason="auth_key") == 1


def test_the_table_of_nodes_is_bounded() -> None:
    """Made-up names share a row; those that only were refused make room."""
    table = NodeTable(max_nodes=3)
    for number in range(10):
        table.meet(b"scan%d" % number, 0).refused["auth_key"] = 1
    real = table.meet(b"real\x00\xff", 0)
    real.accepted = 1
    for number in range(10):
        table.meet(b"made up %d" % number, 0).accepted += 1
    assert len(table) == 3
    assert real.name == "real\ufffd\ufffd"
    states = NodeReports(table, PeerTable()).collect(BASE_US, elapsed_seconds=1)
    assert sum(state.packets for state in states) == 11
    assert sum(state.refused.get("auth_key", 0) for state in states) == 10
    assert len({labels for labels, _ in table.accepted()}) == len(list(table.accepted()))
