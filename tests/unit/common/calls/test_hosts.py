"""Hosts: one column per address, split by port only where it must be."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings

from hepscope_common.calls import FlowMessage
from hepscope_common.calls.hosts import hosts_of
from hepscope_common.calls.order import time_key
from unit.common.calls.samples import (
    ALICE,
    PROXY,
    Party,
    Seen,
    any_call,
    flow_messages,
    make_request,
    make_response,
)

UAC: Party = ("127.0.0.1", 5070)
KAM: Party = ("127.0.0.1", 5160)
UAS: Party = ("127.0.0.1", 5060)


def local(port: int) -> Party:
    """Return a port of the loopback address."""
    return "127.0.0.1", port


def host_ids(call: Sequence[Seen]) -> dict[Party, str]:
    """Return the host id of each endpoint."""
    timed = sorted(flow_messages(call), key=time_key)
    return {end: host.id for end, host in hosts_of(timed).items()}


def test_all_ports_of_an_address_are_one_host() -> None:
    """A TCP client's ports make no columns."""
    call = [
        make_request("INVITE", source=(ALICE[0], 40001), destination=PROXY),
        make_request("BYE", 1, source=(ALICE[0], 40002), destination=PROXY),
    ]

    assert set(host_ids(call).values()) == {ALICE[0], PROXY[0]}


def test_host_shows_the_port_that_it_listens_on() -> None:
    """Rather than one that the system gave it, however often used."""
    call = [
        make_request("INVITE", source=(PROXY[0], 40001), destination=ALICE),
        make_request("ACK", source=(PROXY[0], 40001), destination=ALICE),
        make_request("BYE", 1, source=ALICE, destination=PROXY),
    ]
    hosts = hosts_of(flow_messages(call))

    assert (hosts[PROXY].port, hosts[PROXY].label) == (PROXY[1], PROXY[0])


def test_loopback_is_split_by_port() -> None:
    """Client, proxy and server of a test on one machine."""
    call = [
        make_request("INVITE", 0, source=UAC, destination=KAM),
        make_request("INVITE", 1, source=KAM, destination=UAS, branch="p"),
        make_response(200, 2, source=UAS, destination=KAM, branch="p"),
        make_response(200, 3, source=KAM, destination=UAC),
    ]

    assert host_ids(call) == {
        UAC: "127.0.0.1:5070",
        KAM: "127.0.0.1:5160",
        UAS: "127.0.0.1:5060",
    }


def test_only_the_address_in_question_is_split() -> None:
    """A proxy and a media server share a machine; the phone stays one host."""
    server = (PROXY[0], 5080)
    call = [
        make_request("INVITE", 0, source=ALICE, destination=PROXY),
        make_request("BYE", 1, source=(ALICE[0], 40001), destination=PROXY),
        make_request("INVITE", 0, source=PROXY, destination=server, branch="p"),
    ]

    ids = host_ids(call)

    assert ids[ALICE] == ids[ALICE[0], 40001] == "192.0.2.1"
    assert (ids[PROXY], ids[server]) == ("192.0.2.2:5060", "192.0.2.2:5080")


def test_ipv6_is_bracketed_before_a_port() -> None:
    """And bare without one."""
    call = [make_request("INVITE", source=("::1", 5070), destination=("::1", 5060))]
    alone = [make_request("INVITE", source=("::1", 5070), destination=ALICE)]

    assert set(host_ids(call).values()) == {"[::1]:5070", "[::1]:5060"}
    assert host_ids(alone)["::1", 5070] == "::1"


def test_response_joins_the_port_that_a_proxy_sent_from() -> None:
    """Over TCP kamailio's requests show 5160, and its answers come to an ephemeral port."""
    call = [
        make_request("INVITE", 0, source=KAM, destination=UAS, branch="p", transport="tcp"),
        make_response(200, 1, source=UAS, destination=local(47970), branch="p", transport="tcp"),
    ]

    ids = host_ids(call)

    assert ids[KAM] == ids[local(47970)] == "127.0.0.1:5160"


def test_client_that_connects_for_each_request_is_one_host() -> None:
    """Its ports differ, its peer and its side of the dialog do not."""
    ports = range(40001, 40031)
    call = [
        make_request(
            "OPTIONS", at, source=local(port), destination=UAS, branch=str(at), transport="tcp"
        )
        for at, port in enumerate(ports)
    ]

    assert set(host_ids(call).values()) == {"127.0.0.1:5060", "127.0.0.1:40001"}


def test_two_clients_of_one_server_stay_two() -> None:
    """Caller and callee are both connected to the proxy, on one machine."""
    caller, callee = local(40001), local(40002)
    call = [
        make_request("INVITE", 0, source=caller, destination=KAM, transport="tcp"),
        make_request("INVITE", 1, source=KAM, destination=callee, branch="p", transport="tcp"),
        make_response(200, 2, source=callee, destination=KAM, branch="p", transport="tcp"),
        make_response(200, 3, source=KAM, destination=caller, transport="tcp"),
        make_request(
            "BYE",
            4,
            source=local(40003),
            destination=KAM,
            branch="q",
            transport="tcp",
            from_tag="b",
            to_tag="a",
        ),
    ]

    ids = host_ids(call)

    assert ids[caller] == "127.0.0.1:40001"
    assert ids[callee] == ids[local(40003)] == "127.0.0.1:40002"


def test_message_to_oneself_needs_no_split() -> None:
    """Some agents report source and destination alike."""
    assert host_ids([make_request("BYE", source=UAS, destination=UAS)]) == {UAS: "127.0.0.1"}


def test_unknown_address_has_a_label() -> None:
    """And no port."""
    host = hosts_of(flow_messages([make_request("BYE", source=("", 0))]))["", 0]

    assert (host.id, host.label, host.address, host.port) == ("unknown", "unknown", "", None)


def test_address_that_means_none_is_marked() -> None:
    """Kamailio writes it for a peer that it does not know."""
    host = hosts_of(flow_messages([make_request("BYE", source=("255.255.255.255", 5060))]))

    assert host["255.255.255.255", 5060].label == "255.255.255.255 (unknown)"


@settings(max_examples=200, deadline=None)
@given(any_call)
def test_no_arrow_between_two_endpoints_stays_in_one_host(call: list[Seen]) -> None:
    """Unless both endpoints are the same."""
    timed = sorted(flow_messages(call), key=time_key)
    hosts = hosts_of(timed)

    def ends(message: FlowMessage) -> tuple[Party, Party]:
        sender = message.source, message.source_port
        return sender, (message.destination, message.destination_port)

    for message in timed:
        sender, receiver = ends(message)
        assert (hosts[sender] == hosts[receiver]) == (sender == receiver)
    assert len({host.id for host in hosts.values()}) == len(set(hosts.values()))


@pytest.mark.timeout(60)  # what is quadratic takes much longer
def test_a_scanner_s_ports_take_linear_time() -> None:
    """A party with as many ports as there are is described once, not once per port."""
    messages = [
        FlowMessage(str(n), n, UAC[0], 1024 + n, UAC[0], 60_000 - n, "tcp", call_id="c", method="X")
        for n in range(12_000)
    ]

    hosts = hosts_of(messages)

    assert len(hosts) == 24_000
