"""What a relay does with one packet: passed on as it came, changed in places, or counted."""

import gzip
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hep import DecodeError, decode, decode3, encode3, encode_ack, encode_hello
from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.inputs.counts import RelayCounts
from hepscope_capture.inputs.passage import Passage
from hepscope_capture.inputs.plans import RelayPlan
from support.hep_wire import (
    SIP_OPTIONS,
    generic,
    golden_packets,
    head12,
    mutated,
    packet,
    shuffled,
    sip_packet,
    start,
)
from unit.capture.inputs.rulings import Rulings, hidden, mask

NOW_US = 1_795_424_000_000_000
LOG = packet(*start(kind=100), generic(17, b"call-7"), generic(15, b"line 7"))


class Relaying:
    """A passage with its counts."""

    def __init__(
        self, plan: RelayPlan | None = None, rules: Rulings | None = None, key: bytes | None = None
    ) -> None:
        self.counts = RelayCounts()
        ruling = rules or Rulings()
        self.passage = Passage(plan or RelayPlan(), self.counts, auth_key=key, rules=lambda: ruling)

    def take(self, data: bytes) -> tuple[int, bytes] | None:
        """What is passed on of some bytes."""
        return self.passage.take(data, NOW_US)

    @property
    def refused(self) -> dict[str, int]:
        """Refusals by reason."""
        return dict(self.counts.refused)


@pytest.mark.parametrize(
    "name", [n for n in golden_packets() if golden_packets()[n][:4] == b"HEP3"]
)
@pytest.mark.parametrize("rules", [Rulings(), Rulings(lambda message: message)])
def test_whole_packets_pass_byte_for_byte(name: str, rules: Rulings) -> None:
    """With rules that change nothing, too."""
    data = golden_packets()[name]
    relaying = Relaying(rules=rules)
    passed = relaying.take(data)
    if passed is None:
        assert relaying.counts.greetings == 1
    elif relaying.counts.repaired:
        assert decode3(passed[1]).payload == decode3(data).payload
    else:
        assert passed == (decode3(data).protocol_type, data)
        assert relaying.counts.passed == 1


def test_version_2_becomes_3_with_everything_it_said() -> None:
    """Servers are spoken to in HEP3 alone."""
    data = golden_packets()["kamailio_v2"]
    relaying = Relaying()
    passed = relaying.take(data)
    assert passed is not None
    before, after = decode(data), decode3(passed[1])
    assert passed[1][:4] == b"HEP3"
    for name in ("source", "destination", "source_port", "time_us", "node_id", "payload"):
        assert getattr(after, name) == getattr(before, name)
    assert (relaying.counts.changed, relaying.counts.repaired) == (1, 1)


def test_version_1_gets_the_time_of_its_arrival() -> None:
    """It tells none, and may reach a server much later."""
    passed = Relaying().take(golden_packets()["kamailio_v1"])
    assert passed is not None
    assert decode3(passed[1]).time_us == NOW_US


def test_a_gzipped_frame_is_unwrapped() -> None:
    """What is in it passes as it is."""
    assert Relaying().take(gzip.compress(sip_packet())) == (1, sip_packet())


def test_wrong_lengths_are_put_right_since_a_stream_rests_on_them() -> None:
    """Bytes behind the packet would be read as the next one."""
    relaying = Relaying()
    long = sip_packet() + b"\0\0\0"
    passed = relaying.take(long)
    assert passed is not None
    assert decode3(passed[1]).payload == SIP_OPTIONS
    assert int.from_bytes(passed[1][4:6], "big") == len(passed[1])
    assert relaying.counts.repaired == 1


def test_only_the_types_that_are_asked_for_pass() -> None:
    """The others are counted."""
    relaying = Relaying(RelayPlan(kinds=frozenset({1})))
    assert relaying.take(LOG) is None
    assert relaying.take(sip_packet()) == (1, sip_packet())
    assert (relaying.counts.other_kinds, relaying.counts.passed) == (1, 1)


def test_a_mask_changes_payload_and_correlation_id_alone() -> None:
    """Everything else stays byte for byte."""
    relaying = Relaying(rules=Rulings(mask))
    assert relaying.take(LOG) == (
        100,
        packet(*start(kind=100), generic(17, hidden(b"call-7")), generic(15, hidden(b"line 7"))),
    )
    assert (relaying.counts.changed, relaying.counts.repaired) == (1, 0)


def test_a_mask_sees_what_is_compressed() -> None:
    """Otherwise compressing would be a way around it."""
    data = packet(*start(), generic(16, zlib.compress(SIP_OPTIONS)))
    assert Relaying(rules=Rulings(mask)).take(data) == (
        1,
        packet(*start(), generic(15, hidden(SIP_OPTIONS))),
    )


def test_rules_refuse() -> None:
    """They see addresses and ports as off the wire."""
    relaying = Relaying(
        rules=Rulings(lambda message: None if message.source_port == 5060 else message)
    )
    assert relaying.take(sip_packet()) is None
    assert relaying.counts.ruled_out == 1


def test_our_key_takes_the_place_of_theirs() -> None:
    """Only on request; without a key of ours theirs is taken away."""
    theirs = packet(*start(), generic(14, b"theirs"), generic(15, b"x"))
    ours = packet(*start(), generic(14, b"ours"), generic(15, b"x"))
    replacing = RelayPlan(is_key_replaced=True)
    assert Relaying(replacing, key=b"ours").take(theirs) == (1, ours)
    assert Relaying(replacing, key=b"ours").take(ours) == (1, ours)
    assert Relaying(replacing).take(theirs) == (1, packet(*start(), generic(15, b"x")))
    assert Relaying(key=b"ours").take(theirs) == (1, theirs)


@pytest.mark.parametrize(("key", "is_let_in"), [(b"one", True), (b"two", True), (b"no", False)])
def test_a_key_is_asked_for(*, key: bytes, is_let_in: bool) -> None:
    """Any of several; none at all is none of them."""
    relaying = Relaying(RelayPlan(accepted_keys=frozenset({b"one", b"two"})))
    data = packet(*start(), generic(14, key), generic(15, b"x"))
    assert (relaying.take(data) is not None) == is_let_in
    assert relaying.take(packet(*start(), generic(15, b"x"))) is None
    assert relaying.refused == {"auth_key": 1 if is_let_in else 2}


PING = packet(  # of heplify 1
    *(generic(number, 0, width) for number, width in ((1, 1), (2, 1), (7, 2), (8, 2))),
    *(generic(number, 0, width) for number, width in ((9, 4), (10, 4), (11, 1), (12, 4))),
    generic(14, b"key"),
    generic(15, b"HEP3\x03\n"),
)


@pytest.mark.parametrize("data", [encode_hello(bytes(16)), encode_ack(bytes(16), 5), PING])
def test_greetings_are_not_passed_on(data: bytes) -> None:
    """They are between two neighbours, and carry nothing."""
    relaying = Relaying()
    assert relaying.take(data) is None
    assert relaying.counts.greetings == 1


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\x08\x01", "protobuf"),
        (b"hello", "not_hep"),
        (SIP_OPTIONS, "raw_sip"),
        (head12(1)[:12], "truncated"),
        (b"HEP3\0\x02", "bad_length"),
    ],
)
def test_what_is_no_hep_is_counted_by_reason(data: bytes, reason: str) -> None:
    """So that the counter tells the operator what to change."""
    relaying = Relaying()
    assert relaying.take(data) is None
    assert relaying.refused == {reason: 1}


def refuse(_message: Datagram) -> None:
    """Nothing passes."""


def counted(counts: RelayCounts) -> int:
    """Packets that have ended in one of the counts."""
    ends = (counts.passed, counts.changed, counts.other_kinds, counts.ruled_out, counts.greetings)
    return sum(ends) + sum(counts.refused.values())


@given(
    st.lists(st.one_of(mutated(), shuffled(), st.binary(max_size=60)), max_size=6),
    st.sampled_from([None, mask, refuse]),
    st.booleans(),
)
def test_whatever_comes_is_passed_or_counted_once(
    packets: list[bytes],
    function: Callable[[Datagram], Datagram | None] | None,
    is_replaced: bool,
) -> None:
    """Nothing raises, nothing disappears, lengths are right."""
    relaying = Relaying(
        RelayPlan(is_key_replaced=is_replaced, kinds=frozenset({0, 1})), Rulings(function), b"k"
    )
    for data in packets:
        passed = relaying.take(data)
        if passed is not None:
            assert int.from_bytes(passed[1][4:6], "big") == len(passed[1])
            assert not function or is_consistent(passed[1])
    assert relaying.counts.received == counted(relaying.counts) == len(packets)


def is_consistent(data: bytes) -> bool:
    """Whether it decodes, and encodes again, when it had to be read."""
    try:
        return bool(encode3(decode3(data)))
    except DecodeError:
        return False
