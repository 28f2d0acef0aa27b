"""heplify-server's counters: names, labels and values, and what is mended in them."""

from pathlib import Path

import pytest

from hepscope_common.names import Names, NamesSettings
from support.builders import BASE_US, make_packet, make_request
from unit.metrics_exporter.call_flow import ALICE, BOB, CARRIER, PROXY, CallFlow, invite
from unit.metrics_exporter.exporter_world import World, counted, world


def targets(**addresses: str) -> Names:
    """Return names as PromTargetIP and PromTargetName give them."""
    return Names(NamesSettings(target_ip=tuple(addresses.values()), target_name=tuple(addresses)))


async def played(*flows: CallFlow, names: Names | None = None, **settings: object) -> World:
    """Return an exporter that has counted flows."""
    async with world(names, **settings) as made:
        await made.play(*flows)
    return made


def count(found: World, response: str, target: str = "", direction: str = "") -> float:
    """Return the count of a start line of INVITE transactions."""
    labels = {"target_name": target, "direction": direction, "node_id": "edge"}
    value = found.value("heplify_method_response", **labels, response=response, method="INVITE")
    return value or 0


async def test_requests_and_answers_of_a_call() -> None:
    """Without targets there is one, whose name is empty."""
    found = await played(invite("call", 200))
    assert [count(found, response) for response in ("INVITE", "100", "180", "200")] == [1] * 4
    assert found.total("heplify_packets_total", node_id="edge", type="sip") == 5


async def test_both_ends_of_a_message_count_for_their_targets() -> None:
    """A message between two of them stands under both, told apart by direction."""
    found = await played(invite("call", 200), names=targets(alice=ALICE, bob=BOB))
    assert count(found, "INVITE", "alice", "src") == count(found, "INVITE", "bob", "dst") == 1
    assert count(found, "200", "bob", "src") == count(found, "200", "alice", "dst") == 1
    assert found.total("heplify_method_response", target_name="unknown") == 0


async def test_strangers_are_unknown_once_there_are_targets() -> None:
    """So that dashboards that choose all targets show them."""
    found = await played(invite("call", 200), names=targets(carrier=CARRIER))
    assert count(found, "INVITE", "unknown") == 1


def repeated() -> CallFlow:
    """An INVITE sent three times and seen on two hops, then a re-INVITE."""
    flow = CallFlow("call").request(0, "INVITE").request(0.5, "INVITE").request(1.5, "INVITE")
    flow.request(0.1, "INVITE", hop=(PROXY, BOB))
    flow.response(2, 200).response(2.5, 200)
    return flow.request(30, "INVITE", cseq=2, in_dialog=True).response(30.1, 200, cseq=2)


@pytest.mark.parametrize("names", [None, targets(bob=BOB)])
async def test_each_message_of_a_transaction_counts_once(names: Names | None) -> None:
    """With and without targets alike; a re-INVITE is a transaction of its own."""
    found = await played(repeated(), names=names)
    target, there, back = ("", "", "") if names is None else ("bob", "dst", "src")
    assert count(found, "INVITE", target, there) == 2
    assert count(found, "200", target, back) == 2


async def test_every_copy_may_be_counted_as_before() -> None:
    """By a setting, for whoever compares with old numbers."""
    found = await played(repeated(), heplify_every_copy=True)
    assert count(found, "INVITE") == 5
    assert count(found, "200") == 3


async def test_refreshed_registrations_are_counted() -> None:
    """The same Call-ID with a new CSeq; heplify-server forgets them without targets."""
    flow = CallFlow("phone")
    for cseq in (1, 2, 3):
        flow.request(cseq * 60, "REGISTER", cseq=cseq)
    found = await played(flow)
    assert found.total("heplify_method_response", response="REGISTER", method="REGISTER") == 3


async def test_the_cause_of_a_release() -> None:
    """Its number alone, once for each message."""
    reason = 'Reason: SIP;cause=200, Q.850;cause=16;text="x"\r\n'
    flow = CallFlow("call").request(0, "BYE", in_dialog=True, headers=reason)
    flow.request(0.5, "BYE", in_dialog=True, headers=reason)
    found = await played(flow)
    labels = {"target_name": "", "cause": "16", "method": "BYE"}
    assert found.value("heplify_reason_isup_total", **labels) == 1
    assert found.value("hepscope_sip_release_causes_total", method="BYE", cause="16") == 2


async def test_log_lines_by_level_and_host() -> None:
    """The host is the name of an address, never text of the packet."""
    line = make_packet(b'{"level":"error"}', protocol_type=100, node_name=b"edge")
    found = await counted(line, names=targets(alice=ALICE))
    labels = {"node_id": "edge", "level": "error", "host": "alice"}
    assert found.value("heplify_log_alert_total", **labels) == 1
    assert found.value("hepscope_log_lines_total", level="error") == 1


async def test_delays_stand_under_the_callers_target() -> None:
    """In nanoseconds, for each node."""
    found = await played(invite("call", 200), names=targets(alice=ALICE))
    assert found.value("heplify_kpi_srd", target_name="alice", node_id="edge") == 1e9
    assert found.value("heplify_kpi_rrd", target_name="alice", node_id="edge") is None


async def test_the_names_can_be_switched_off() -> None:
    """Nothing of heplify-server's is then exposed."""
    found = await played(invite("call", 200), heplify=False)
    exposed = {family.name for family in found.registry.collect()}
    assert not [name for name in exposed if name.startswith(("heplify", "horaclifix"))]
    assert found.ratio("ser") == (1, 1)


async def test_unknown_methods_and_codes_are_other() -> None:
    """What a packet says is no label."""
    found = await counted(make_packet(make_request("XYZZY"), node_name=b"edge"))
    labels = {"response": "other", "method": "other"}
    assert found.total("heplify_method_response", **labels) == 1


async def test_named_addresses_change_while_counting(tmp_path: Path) -> None:
    """The file is written anew; nothing is restarted, and counters go on."""
    file = tmp_path / "names.toml"
    file.write_text(f'[[name]]\nname = "old"\naddress = "{BOB}"\n')
    names = Names(NamesSettings(file=file))
    async with world(names) as found:
        await found.play(invite("one", 200))
        file.write_text(f'[[name]]\nname = "renamed"\naddress = "{BOB}/32"\nport = 5060\n')
        assert names.refresh()
        await found.play(invite("two", 200, start_s=10))
    for name in ("old", "renamed"):
        labels = {"target": name, "direction": "dst"}
        assert found.value("hepscope_target_sip_requests_total", **labels, method="INVITE") == 1
        assert found.value("hepscope_target_kpi_numerator_total", **labels, kpi="ser") == 1
    assert found.value("hepscope_names") == 1
    assert found.now[0] > BASE_US
