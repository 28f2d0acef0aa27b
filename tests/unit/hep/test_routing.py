"""Routing keys and partitions."""

import pytest

from hep import HepPacket, partition_of, routing_key_of
from hep.routing import address_pair
from support.hep_wire import SIP_OPTIONS

A, B = b"\xc0\0\2\1", b"\xc0\0\2\2"


def test_the_call_id_routes_sip_whatever_the_correlation_id_says() -> None:
    """Agents put chunk 17 on some messages of a call only."""
    packet = HepPacket(payload=SIP_OPTIONS, correlation_id=b"other", source=A)

    assert routing_key_of(packet) == b"one@example.org"


@pytest.mark.parametrize("kind", [1, 5, 100])
def test_without_a_call_id_the_correlation_id_routes(kind: int) -> None:
    """Reports and logs of a call go with it."""
    packet = HepPacket(protocol_type=kind, payload=b"{}", correlation_id=b"one@example.org")

    assert routing_key_of(packet) == b"one@example.org"


def test_a_log_that_quotes_sip_is_not_routed_by_it() -> None:
    """Only type 1 is SIP."""
    packet = HepPacket(protocol_type=100, payload=SIP_OPTIONS, source=B, destination=A)

    assert routing_key_of(packet) == A + B


def test_with_neither_both_directions_share_the_addresses() -> None:
    """A stream without any key stays in order."""
    assert address_pair(A, B) == address_pair(B, A) == A + B


def test_with_nothing_at_all_the_peer_routes() -> None:
    """Keep-alives of many agents do not meet in one partition."""
    assert routing_key_of(HepPacket(), b"peer") == b"peer"


@pytest.mark.parametrize(
    ("key", "partition"), [(b"", 0), (b"one@example.org", 2), (b"a", 3), (b"\0" * 8, 1)]
)
def test_partitions_never_move(key: bytes, partition: int) -> None:
    """Stored positions and row ids rest on these numbers."""
    assert partition_of(key, 12) == partition


def test_partitions_spread() -> None:
    """No partition of twelve holds twice its share of ten thousand calls."""
    counts = [0] * 12
    for number in range(10_000):
        counts[partition_of(b"call-%d@192.0.2.1" % number, 12)] += 1

    assert min(counts) > 400
    assert max(counts) < 1666
