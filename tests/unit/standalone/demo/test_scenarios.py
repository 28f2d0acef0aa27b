"""What the scenarios play: well formed, and what our own call logic makes of it is as planned."""

from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest

from hep.protocols import SIP
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
from hepscope_standalone.demo.mix import ASIDE, CALLS
from hepscope_standalone.demo.scene import Planned, Scene
from hepscope_standalone.demo.traffic import Traffic
from hepscope_standalone.demo.world import Scenario, World

from .conftest import END_US, SECOND_US, Calls, envelope_of

EVERY: list[Scenario] = [*(row[0] for row in CALLS), *(row[0] for row in ASIDE)]


def play(scenario: Scenario, seed: int = 3) -> Scene:
    """One scene of a world of its own."""
    random = Random(seed)
    scene = Scene(random, END_US, "6afd86c0")
    scenario(scene, World.make(random))
    return scene


@pytest.mark.parametrize("scenario", EVERY, ids=lambda scenario: scenario.__name__)
def test_every_scenario_comes_to_what_it_plans(scenario: Scenario) -> None:
    """Our own parser finds no fault, and the call logic comes to status and state of the plan."""
    scene = play(scenario)
    for plan in scene.planned:
        messages = [
            (parse(capture.payload), envelope_of(capture))
            for capture in scene.captures
            if capture.call_id == plan.call_id and capture.protocol == SIP
        ]
        assert outcome(plan, messages) == (plan.status, plan.state)
    for capture in scene.captures:
        if capture.protocol == SIP:
            assert parse(capture.payload).faults == ()
    assert scene.planned


def test_every_message_is_well_formed(calls: Calls) -> None:
    """What is read is what was meant, in all the traffic."""
    for call_id, messages in calls.items():
        for message, _ in messages:
            assert message.faults == ()
            assert message.call_id == call_id
            assert message.content_length == len(message.body)
            assert message.via_count >= 1
            assert message.from_tag
            assert message.cseq


def test_requests_follow_the_rules_of_tags(calls: Calls) -> None:
    """CANCEL has no To tag, as its INVITE; within a dialog all have one, ACK included."""
    for messages in calls.values():
        for message, _ in messages:
            if message.is_request and message.method in {"BYE", "ACK", "PRACK", "UPDATE", "REFER"}:
                assert message.to_tag
            if message.method == "CANCEL":
                assert not message.to_tag


def test_call_logic_comes_to_what_was_planned(traffic: Traffic, calls: Calls) -> None:
    """Status and state of every call and registration that is over are those of its scenario."""
    latest = {plan.call_id: plan for plan in traffic.planned}
    wrong = [
        (plan, found)
        for plan in latest.values()
        if (found := outcome(plan, calls[plan.call_id])) != (plan.status, plan.state)
    ]

    assert wrong == []


@pytest.mark.parametrize("scenario", EVERY, ids=lambda scenario: scenario.__name__)
def test_only_a_bad_line_has_retransmissions(scenario: Scenario) -> None:
    """What nobody answers is sent again and told as such; a usual call has none."""
    messages = [
        flow_message(str(index), parse(capture.payload), envelope_of(capture))
        for index, capture in enumerate(play(scenario).captures)
        # The copy of another node is no retransmission; one node is looked at alone.
        if capture.node.name == "kam-core-1" and capture.protocol == SIP
    ]

    expected = scenario.__name__ in {"resent", "no_reply", "ack_missing"}
    assert any(retransmissions(messages)) == expected


def test_message_between_two_servers_is_seen_by_both() -> None:
    """Two nodes send the same bytes of the way between them, and only of that."""
    early_media = next(one for one in EVERY if one.__name__ == "early_media")
    scene = play(early_media)
    seen = Counter(capture.payload for capture in scene.captures if capture.protocol == SIP)

    assert set(seen.values()) == {1, 2}
    twice = {payload for payload, count in seen.items() if count == 2}
    assert all(
        capture.source.node and capture.destination.node
        for capture in scene.captures
        if capture.payload in twice
    )


def test_second_leg_names_the_first(traffic: Traffic, calls: Calls) -> None:
    """The legs of the queue can be joined by X-CID."""
    second = next(plan for plan in traffic.planned if plan.scenario == "queue, second leg")
    named = {message.get("X-CID") for message, _ in calls[second.call_id]} - {None}

    assert len(named) == 1
    assert named <= calls.keys()


def test_calls_at_the_end_are_still_under_way(traffic: Traffic, calls: Calls) -> None:
    """The hour ends in the middle of life: some calls talk, none rings that nobody goes on with."""
    planned = {plan.call_id for plan in traffic.planned}
    states = Counter(
        _merged(messages).state(END_US)
        for call_id, messages in calls.items()
        if call_id not in planned and messages[0][0].method == "INVITE"
    )

    assert states[CallState.ANSWERED] > 0
    assert states[CallState.RINGING] == states[CallState.SETUP] == 0


def outcome(plan: Planned, messages: Sequence[tuple[SipMessage, Envelope]]) -> tuple[object, str]:
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
