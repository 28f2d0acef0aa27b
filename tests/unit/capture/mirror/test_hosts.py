"""Pairs of hosts, and which of them were seen in one direction only."""

from hypothesis import given
from hypothesis import strategies as st

from hepscope_capture.mirror.hosts import HostPairs

HOSTS = st.sampled_from([bytes((number,)) for number in range(5)])


@given(st.lists(st.tuples(HOSTS, HOSTS)))
def test_the_number_is_right_at_any_time(packets: list[tuple[bytes, bytes]]) -> None:
    """As if all packets were looked at again."""
    pairs, seen = HostPairs(), set()
    for source, destination in packets:
        pairs.add(source, destination)
        seen.add((source, destination))
        assert len(pairs) == len({frozenset(one) for one in seen})
        assert pairs.one_way == sum((other, one) not in seen for one, other in seen)


def test_it_stays_small() -> None:
    """Later pairs are left out, the known ones go on."""
    pairs = HostPairs(most=2)
    for number in range(9):
        pairs.add(b"me", bytes((number,)))
    pairs.add(b"\0", b"me")
    assert (len(pairs), pairs.one_way) == (2, 1)
