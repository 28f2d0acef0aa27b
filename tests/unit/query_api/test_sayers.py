"""Who said the final of calls that failed alike, by the finals as they went from hop to hop."""

from itertools import pairwise

from hepscope_query_api.stats.overview.sayers import Reply, sayer

TRUNK, OTHER, PROXY, INSIDE, CALLER = (f"192.0.2.{number}" for number in range(1, 6))


def passed_on(call_id: str, *way: str, tag: str = "t") -> list[Reply]:
    """A final that goes this way, from its maker to the caller."""
    return [Reply(call_id, tag, source, 5060, destination) for source, destination in pairwise(way)]


def test_it_is_who_was_never_sent_it() -> None:
    """In whatever order clocks put the hops."""
    way = passed_on("a", TRUNK, PROXY, CALLER)
    assert sayer(way) == sayer(way[::-1]) == (TRUNK, 5060)
    assert sayer(passed_on("a", PROXY, CALLER)) == (PROXY, 5060)


def test_of_a_proxy_with_two_addresses_the_hop_before_it() -> None:
    """What it sends on from its other address is not its own."""
    way = [*passed_on("a", TRUNK, PROXY), *passed_on("a", INSIDE, CALLER)]
    assert sayer(way) == (TRUNK, 5060)


def test_most_calls_must_say_the_same() -> None:
    """Else nobody is named; of a fork each branch counts once for its call."""
    one, two = passed_on("a", TRUNK, PROXY), passed_on("b", OTHER, PROXY)
    assert sayer([]) is None
    assert sayer([*one, *two]) is None
    fork = [*passed_on("b", OTHER, PROXY), *passed_on("b", TRUNK, PROXY, tag="u")]
    assert sayer([*one, *fork]) == (TRUNK, 5060)
    assert sayer(passed_on("a", "", CALLER)) is None
