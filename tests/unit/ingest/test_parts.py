"""The small pure parts of ingest: rate, peers, kernel drops."""

import pytest

from hepscope_common.rules.rate import TokenBucket
from hepscope_ingest.kernel_drops import parse_drops
from hepscope_ingest.peers import OTHERS, PeerTable, pack_endpoint
from hepscope_ingest.refusal import REASONS

SECOND = 1_000_000


def test_a_bucket_allows_a_burst_then_its_rate() -> None:
    """A second's worth at once, then one per period."""
    bucket = TokenBucket(10, 0)
    assert sum(bucket.take(0) for _ in range(20)) == 10
    assert not bucket.take(SECOND // 20)
    assert bucket.take(SECOND // 10)
    assert sum(bucket.take(60 * SECOND) for _ in range(20)) == 10


def test_a_clock_that_goes_back_neither_gives_nor_takes() -> None:
    """After the jump the rate goes on from there."""
    bucket = TokenBucket(1, 10 * SECOND)
    assert bucket.take(10 * SECOND)
    assert not bucket.take(5 * SECOND)
    assert bucket.take(6 * SECOND)


@pytest.mark.parametrize(
    ("host", "packed"),
    [
        ("192.0.2.1", b"\xc0\x00\x02\x01"),
        ("::ffff:192.0.2.1", b"\xc0\x00\x02\x01"),
        ("fe80::1%eth0", b"\xfe\x80" + bytes(13) + b"\x01"),
        ("not an address", bytes(4)),
    ],
)
def test_an_endpoint_is_packed_address_and_port(host: str, packed: bytes) -> None:
    """IPv4 in IPv6 is IPv4; scope ids are dropped."""
    assert pack_endpoint(host, 258) == packed + b"\x01\x02"


def test_peers_beyond_the_bound_share_a_row() -> None:
    """A forged flood of source addresses cannot grow the table."""
    table = PeerTable(max_peers=2, max_endpoints=4)
    for number in range(100):
        table.endpoint((f"10.0.0.{number}", 1)).peer.refused["not_hep"] = 1
    good = table.endpoint(("10.1.1.1", 1)).peer
    assert sum(count for _, count in table.refused()) >= 1
    assert good.name in ("10.1.1.1", OTHERS)


def test_a_peer_without_accepted_packets_is_not_named() -> None:
    """Scanners do not become label values."""
    table = PeerTable()
    table.endpoint(("10.0.0.1", 1)).peer.refused["not_hep"] = 3
    agent = table.endpoint(("10.0.0.2", 1)).peer
    agent.accepted, agent.refused["rate_limit"] = 5, 2
    assert dict(table.accepted()) == {("10.0.0.2",): 5}
    assert dict(table.refused()) == {("10.0.0.2", "rate_limit"): 2, (OTHERS, "not_hep"): 3}


def test_drops_are_read_by_inode() -> None:
    """The last column of the row whose inode is ours."""
    table = (
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid"
        "  timeout inode ref pointer drops\n"
        " 1: 0100007F:2364 00000000:0000 07 00000000:00000000 00:00000000 00000000     0"
        "        0 12345 2 0000000000000000 17\n"
    )
    assert parse_drops(table, 12345) == 17
    assert parse_drops(table, 1) == 0
    assert parse_drops("garbage\nmore", 1) == 0


def test_reasons_are_distinct() -> None:
    """Each is a label value of its own."""
    assert len(set(REASONS)) == len(REASONS)
