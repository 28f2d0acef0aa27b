"""The parts of the bus on Kafka that need no broker."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from pydantic import ValidationError

from hepscope_common.bus import SIGNALLING, Record, TopicPartition
from hepscope_common.bus.kafka_lane import Lane, Pending
from hepscope_common.bus.kafka_link import instance_id_of, link_of
from hepscope_common.bus.kafka_records import record_of, wire_headers
from hepscope_common.bus.kafka_shelf import Shelf
from hepscope_common.bus.settings import BusSettings

WHERE = TopicPartition(SIGNALLING, 1)
OTHER = TopicPartition(SIGNALLING, 2)


@dataclass
class Wire:
    """A record as a client library gives it."""

    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = ()
    offset: int = 5


class Holding:
    """A batch of at most some records."""

    def __init__(self, most: int) -> None:
        self.values: list[bytes] = []
        self._most = most

    def append(self, time_ms: int, value: bytes, headers: list[tuple[str, bytes]]) -> bool:
        """Take a record; False when it is full."""
        assert time_ms
        assert headers == []
        if len(self.values) == self._most:
            return False
        self.values.append(value)
        return True


def lane_of(*values: bytes) -> Lane:
    """Return a lane with records waiting."""
    lane = Lane(WHERE)
    for value in values:
        lane.put(Pending(value, [], 1, None), 10.0)
    return lane


def handed(lane: Lane, most: int = 10) -> list[bytes]:
    """Hand over a batch and return its values."""
    batch = Holding(most)
    assert lane.hand_over(batch) == len(batch.values)
    return batch.values


def test_what_was_not_delivered_is_handed_over_again_first() -> None:
    """After a failure the order is that of taking, with what came later behind."""
    lane = lane_of(b"a", b"b", b"c", b"d")
    assert handed(lane, 2) == [b"a", b"b"]
    assert handed(lane, 1) == [b"c"]
    assert [record.value for record in lane.delivered(1, 11.0)] == [b"a"]

    lane.take_back(12.0)
    lane.put(Pending(b"e", [], 1, None), 13.0)

    assert handed(lane) == [b"b", b"c", b"d", b"e"]
    assert (len(lane), lane.taken, lane.moved_at) == (4, 5, 12.0)


def test_a_stall_is_counted_from_the_first_record_that_waits() -> None:
    """An idle lane is not stalled, however long it was idle."""
    lane = lane_of(b"a")
    handed(lane)
    lane.delivered(1, 20.0)

    lane.put(Pending(b"b", [], 1, None), 99.0)
    lane.put(Pending(b"c", [], 1, None), 100.0)

    assert lane.moved_at == 99.0


def test_the_packet_count_travels_behind_the_headers() -> None:
    """Headers of ours come back as they were, also one of the same name."""
    headers = (("packets", b"mine"), ("reason", b"x"))
    found = record_of(WHERE, Wire(b"abc", wire_headers(headers, 700)))

    assert found == Record(*WHERE, 5, b"abc", 700, headers)


@pytest.mark.parametrize(
    ("value", "headers", "packets"),
    [
        (b"HEP3\x00\x06HEP3\x00\x06", (), 2),
        (b"junk", (), 1),
        (None, (), 1),
        (b"HEP3\x00\x06", (("packets", b"\xff\xff"),), 1),
        (b"HEP3\x00\x06", (("packets", None),), 1),
    ],
)
def test_records_of_others_are_counted_by_their_frames(
    value: bytes | None, headers: Sequence[tuple[str, bytes | None]], packets: int
) -> None:
    """A count that cannot be is a foreign header."""
    found = record_of(WHERE, Wire(value, headers))

    assert (found.packets, len(found.headers)) == (packets, len(headers))


def shelf_of(*sizes: int, where: TopicPartition = WHERE) -> list[Record]:
    """Return records of these sizes."""
    return [Record(*where, number, bytes(size), 1) for number, size in enumerate(sizes)]


def test_a_shelf_gives_at_least_one_record_and_then_up_to_the_bound() -> None:
    """The rest stays, in order."""
    shelf = Shelf()
    shelf.put(WHERE, shelf_of(500, 40, 40, 40))

    sizes = [[len(record.value) for record in shelf.take(100, ())] for _ in range(4)]

    assert sizes == [[500], [40, 40], [40], []]


def test_a_shelf_gives_each_partition_its_turn_and_none_of_those_held_back() -> None:
    """A busy partition comes after the others once it was cut."""
    shelf = Shelf()
    shelf.put(WHERE, shelf_of(60, 60, 60))
    shelf.put(OTHER, shelf_of(60, where=OTHER))

    turns = [[record.partition for record in shelf.take(100, ())] for _ in range(2)]
    assert turns == [[1], [2]]
    assert shelf.size_bytes({WHERE}) == 0
    assert shelf.take(100, {WHERE}) == []
    assert len(shelf.take(1000, ())) == 2


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"replication_factor": 1, "min_insync_replicas": 2}, "min_insync_replicas"),
        ({"tls": True, "tls_cert_file": "a.pem"}, "belong together"),
        ({"tls_ca_file": "ca.pem"}, "tls is off"),
        ({"sasl_mechanism": "PLAIN"}, "belong together"),
        ({"sasl_mechanism": "GSSAPI", "sasl_username": "a"}, "SCRAM-SHA-512"),
        ({"topic_prefix": "no spaces"}, "topic_prefix"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    values: dict[str, object], reason: str
) -> None:
    """The message names what does not fit."""
    with pytest.raises(ValidationError, match=reason):
        BusSettings.model_validate(values)


def test_a_password_is_shown_nowhere() -> None:
    """Neither by the settings nor by what is made of them."""
    settings = BusSettings.model_validate(
        {
            "bootstrap_servers": "one:9092, two:9092",
            "sasl_mechanism": "PLAIN",
            "sasl_username": "a",
            "sasl_password": "hush",
        }
    )
    link = link_of(settings)

    assert link.servers == ("one:9092", "two:9092")
    assert link.options()["sasl_plain_password"] == "hush"
    assert "hush" not in repr(settings) + repr(link)


def test_the_lasting_name_may_hold_that_of_the_machine() -> None:
    """One setting for all replicas gives each its own name."""
    named = BusSettings(group_instance_id="writer-{hostname}")

    assert instance_id_of(named) == f"writer-{socket.gethostname()}"
    assert instance_id_of(BusSettings()) is None
