"""Vantage points: where a node captured, as far as its messages tell."""

from hepscope_common.calls import flow_of
from unit.common.calls.samples import ALICE, BOB, PROXY, flow_messages, make_request


def test_node_is_at_the_host_that_all_it_saw_has_in_common() -> None:
    """A proxy's node; what listens on one link may be at either end, on two apart at neither."""
    call = [
        make_request("INVITE", 0, source=ALICE, destination=PROXY, node="proxy"),
        make_request("INVITE", 1, source=PROXY, destination=BOB, branch="p", node="proxy"),
        make_request("INVITE", 1, source=PROXY, destination=BOB, branch="p", node="tap"),
        make_request("INVITE", 2, source=BOB, destination=("192.0.2.9", 5060), node="bob"),
        make_request("INVITE", 2, source=PROXY, destination=BOB, branch="p", node="bob"),
        make_request("INVITE", 0, source=ALICE, destination=PROXY, node="mirror"),
        make_request("INVITE", 3, source=BOB, destination=("192.0.2.9", 5060), node="mirror"),
        make_request("INVITE", 3, source=PROXY, destination=BOB, node=""),
    ]

    assert flow_of(flow_messages(call)).nodes == {PROXY[0]: ["proxy"], BOB[0]: ["bob"]}
