"""The generated hour: well formed, the same for the same seed, and what it was planned to be."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import pytest

from hep import decode3
from hep.sip import SipMessage, parse
from hepscope_common.calls import (
    CallFacts,
    CallState,
    Envelope,
    RegistrationFacts,
    facts_of,
    flow_message,
    registration_of,
    retransmissions,
)
from hepscope_standalone.demo.hep_packets import hep_packet
from hepscope_standalone.demo.scene import Capture, Planned
from hepscope_standalone.demo.traffic import MIX, Traffic, generate

END_US = 1_795_000_000_000_000
SECOND_US = 1_000_000

Calls = Mapping[str, Sequence[tuple[SipMessage, Envelope]]]


@pytest.fixture(scope="module")
def traffic() -> Traffic:
    """A third of the usual hour, in which every scenario happens."""
    return generate(7, END_US, calls=500)


@pytest.fixture(scope="module")
def calls(traffic: Traffic) -> Calls:
    """The messages by Call-ID, read back from HEP."""
    found: dict[str, list[tuple[SipMessage, Envelope]]] = defaultdict(list)
    for capture in traffic.captures:
        message = parse(capture.payload)
        found[message.call_id].append((message, envelope_of(capture)))
    return found


def envelope_of(capture: Capture) -> Envelope:
    """What a HEP packet of the capture says beside the message."""
    packet = decode3(hep_packet(capture))
    return Envelope(
        time_us=packet.time_us,
        source=packet.source,
        source_port=packet.source_port,
        destination=packet.destination,
        destination_port=packet.destination_port,
        transport=capture.transport.lower(),
        node=packet.node_name.decode(),
        size=len(packet.payload),
    )


def test_every_message_is_well_formed(traffic: Traffic) -> None:
    """Our own parser finds no fault, and what it reads is what was meant."""
    for capture in traffic.captures:
        message = parse(capture.payload)

        assert message.faults == ()
        assert message.call_id == capture.call_id
        assert message.content_length == len(message.body)
        assert message.via_count >= 1
        assert message.from_tag
        assert message.cseq


def test_requests_follow_the_rules_of_tags(calls: Calls) -> None:
    """CANCEL has no To tag, as its INVITE; within a dialog all have one, ACK included."""
    for messages in calls.values():
        for message, _ in messages:
            if message.is_request and message.method in {"BYE", "ACK"}:
                assert message.to_tag
            if message.method == "CANCEL":
                assert not message.to_tag


def test_same_seed_and_end_give_the_same_bytes() -> None:
    """The demo can be repeated, to the byte."""
    first, second = (generate(3, END_US, calls=40) for _ in range(2))

    assert first == second
    assert list(map(hep_packet, first.captures)) == list(map(hep_packet, second.captures))


def test_another_seed_makes_other_calls() -> None:
    """The seed decides who calls whom."""
    scenarios = [
        [plan.scenario for plan in generate(seed, END_US, calls=40).planned] for seed in (1, 2)
    ]

    assert scenarios[0] != scenarios[1]


def test_later_run_of_the_same_seed_has_call_ids_of_its_own() -> None:
    """A second demo on one database adds calls instead of continuing those of the first."""
    first, second = (
        {capture.call_id for capture in generate(1, end_us, calls=40).captures}
        for end_us in (END_US, END_US + SECOND_US)
    )

    assert first.isdisjoint(second)


def test_captures_are_in_order_and_within_the_hour(traffic: Traffic) -> None:
    """Nothing is older than the hour and nothing lies in the future."""
    times = [capture.time_us for capture in traffic.captures]

    assert times == sorted(times)
    assert times[0] >= END_US - 3600 * SECOND_US
    assert times[-1] < END_US
    assert END_US - times[-1] < 10 * SECOND_US


def test_the_usual_hour_has_about_two_thousand_call_ids() -> None:
    """Enough for a page full of calls, small enough for a laptop."""
    hour = generate(1, END_US)

    assert 1_800 < len({capture.call_id for capture in hour.captures}) < 2_300
    assert 20_000 < len(hour.captures) < 30_000


def test_every_scenario_happens(traffic: Traffic) -> None:
    """Each row of the mix, each kind of registration and ping is among the planned."""
    names = {plan.scenario for plan in generate(1, END_US).planned}

    # The second leg, three kinds of registration (one shares its name with a call), two of ping.
    assert len(names) == len(MIX) + 1 + 2 + 2
    assert {plan.method for plan in traffic.planned} == {"INVITE", "REGISTER", "OPTIONS"}


def test_call_logic_comes_to_what_was_planned(traffic: Traffic, calls: Calls) -> None:
    """Status and state of every call and registration that is over are those of its scenario."""
    wrong = [
        (plan, outcome)
        for plan in traffic.planned
        if (outcome := _outcome(plan, calls[plan.call_id])) != (plan.status, plan.state)
    ]

    assert wrong == []


def test_resent_messages_are_told_as_retransmissions(traffic: Traffic, calls: Calls) -> None:
    """A call over a bad line and one without reply show marked copies, a usual call none."""
    copies = Counter[str]()
    for plan in traffic.planned:
        messages = [
            flow_message(str(index), message, envelope)
            for index, (message, envelope) in enumerate(calls[plan.call_id])
            # The copy of another node is no retransmission; each node is looked at alone.
            if envelope.node == "edge-proxy"
        ]
        copies[plan.scenario] += sum(retransmissions(messages))

    assert copies["lossy"] > 0
    assert copies["failover without success"] > 0
    assert copies["answered"] == copies["two nodes"] == copies["forked"] == 0


def test_message_between_the_servers_is_seen_by_both(traffic: Traffic, calls: Calls) -> None:
    """Two nodes send the same bytes of the way between them, and only of that."""
    plan = next(plan for plan in traffic.planned if plan.scenario == "two nodes")
    seen = Counter(
        capture.payload for capture in traffic.captures if capture.call_id == plan.call_id
    )

    assert {envelope.node for _, envelope in calls[plan.call_id]} == {"edge-proxy", "office-pbx"}
    assert set(seen.values()) == {1, 2}


def test_second_leg_names_the_first(traffic: Traffic, calls: Calls) -> None:
    """The legs of the PBX can be joined by X-CID."""
    second = next(plan for plan in traffic.planned if plan.scenario.endswith("second leg"))
    named = {message.get("X-CID") for message, _ in calls[second.call_id]} - {None}

    assert len(named) == 1
    assert named <= calls.keys()


def test_interesting_call_failed_with_a_story(traffic: Traffic) -> None:
    """The call to look at is the one that two carriers failed."""
    chosen = traffic.interesting

    assert chosen is not None
    assert (chosen.scenario, chosen.status) == ("failover without success", 408)


def test_small_demo_names_any_failed_call_or_none() -> None:
    """Without the story another failed call is named; without one, none."""
    planned = [
        Planned("a", "busy", "INVITE", 486, "failed"),
        Planned("b", "wrong password", "REGISTER", 403, "failed"),
    ]

    assert Traffic([], planned).interesting == planned[0]
    assert Traffic([], planned[1:]).interesting is None


def test_calls_at_the_end_are_still_under_way(traffic: Traffic, calls: Calls) -> None:
    """The hour ends in the middle of life: some calls talk, and none of them is planned."""
    planned = {plan.call_id for plan in traffic.planned}
    states = Counter(
        _merged(messages).state(END_US)
        for call_id, messages in calls.items()
        if call_id not in planned and messages[0][0].method == "INVITE"
    )

    assert states[CallState.ANSWERED] > 0
    assert states[CallState.FAILED] == 0


def _outcome(plan: Planned, messages: Sequence[tuple[SipMessage, Envelope]]) -> tuple[object, str]:
    """Status and state by the call logic, long after the last message of a call."""
    if plan.method != "REGISTER":
        facts = _merged(messages)
        assert facts.method == plan.method
        return facts.status, facts.state(facts.last_us + 3600 * SECOND_US)
    registration: RegistrationFacts | None = None
    for message, envelope in messages:
        one = registration_of(message, envelope)
        registration = registration.merge(one) if registration else one
    assert registration is not None
    return registration.status, registration.state(registration.last_us + SECOND_US)


def _merged(messages: Sequence[tuple[SipMessage, Envelope]]) -> CallFacts:
    first, *others = (facts_of(message, envelope) for message, envelope in messages)
    for one in others:
        first = first.merge(one)
    return first
