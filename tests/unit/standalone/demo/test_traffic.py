"""The generated hour: the same for the same seed, in order, with its story, and going on."""

import os
import subprocess
import sys
from collections import Counter
from itertools import takewhile

from hep.protocols import LOG, RTCP_JSON, SIP
from hep.sip import parse
from hepscope_standalone.demo.hep_packets import hep_packet
from hepscope_standalone.demo.scene import Planned
from hepscope_standalone.demo.story import Story
from hepscope_standalone.demo.traffic import PERIOD_US, Generator, Traffic, generate

from .conftest import END_US, SECOND_US

HOUR_US = 3600 * SECOND_US
SMALL = """
import hashlib
from hepscope_standalone.demo.hep_packets import hep_packet
from hepscope_standalone.demo.traffic import generate
packets = map(hep_packet, generate(3, {end}, calls=20, minutes=5).captures)
print(hashlib.sha256(b"".join(packets)).hexdigest())
"""


def packets_of(traffic: Traffic) -> list[bytes]:
    """What is sent."""
    return list(map(hep_packet, traffic.captures))


def test_same_seed_and_end_give_the_same_bytes() -> None:
    """The demo can be repeated to the byte, in another process, whatever the seed of hashes."""
    code = SMALL.format(end=END_US)
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }

    assert len(found) == 1


def test_another_seed_makes_other_calls() -> None:
    """The seed decides who calls whom."""
    first, second = (generate(seed, END_US, calls=10, minutes=5).planned for seed in (1, 2))

    assert [plan.scenario for plan in first] != [plan.scenario for plan in second]


def test_later_run_of_the_same_seed_has_call_ids_of_its_own() -> None:
    """A second demo on one database adds calls instead of continuing those of the first."""
    first, second = (
        {capture.call_id for capture in generate(1, end_us, calls=40, minutes=5).captures}
        for end_us in (END_US, END_US + SECOND_US)
    )

    assert first.isdisjoint(second)


def test_captures_are_in_order_and_within_the_hour(traffic: Traffic) -> None:
    """Nothing is older than the hour and nothing lies in the future, but for clocks that differ."""
    times = [capture.time_us for capture in traffic.captures]

    assert times == sorted(times)
    assert times[0] >= END_US - HOUR_US - SECOND_US
    assert times[-1] < END_US
    assert END_US - times[-1] < 10 * SECOND_US


def test_every_node_and_kind_of_packet_is_there(traffic: Traffic) -> None:
    """Five agents; SIP, RTCP as JSON and as bytes, and log lines."""
    nodes = {capture.node.name for capture in traffic.captures}
    kinds = Counter(capture.protocol for capture in traffic.captures)
    media = {capture.payload[:1] for capture in traffic.captures if capture.protocol == RTCP_JSON}

    assert nodes == {"sbc-fra-1", "sbc-ber-1", "kam-core-1", "fs-fra-2", "rtpe-fra-1"}
    assert kinds.keys() == {SIP, RTCP_JSON, LOG}
    # Who hears nothing has no block to report: 0x80.
    assert media == {b"{", b"\x80", b"\x81"}


def test_carrier_out_of_order_is_a_cluster_of_503(traffic: Traffic) -> None:
    """Most calls that find no circuit lie in the outage, in which pings to the carrier fail."""
    begin, end = Story.of(END_US - HOUR_US, END_US).outage
    refused = Counter(
        begin <= capture.time_us < end + 60 * SECOND_US
        for capture in traffic.captures
        if capture.protocol == SIP
        and capture.payload.startswith(b"SIP/2.0 503 No circuit")
        and capture.source.name == "Rheinfon gw1"
    )

    assert refused[True] > 5 * refused[False]
    assert refused[True] > 15


def test_restart_of_the_core_brings_all_phones_at_once(traffic: Traffic) -> None:
    """In the two minutes after it there are more REGISTERs than in any ten before."""
    _, back = Story.of(END_US - HOUR_US, END_US).restart
    times = [
        capture.time_us
        for capture in traffic.captures
        if capture.payload.startswith(b"REGISTER") and capture.source.name == ""
    ]
    rush = sum(back <= time < back + 120 * SECOND_US for time in times)
    before = sum(back - 620 * SECOND_US <= time < back - 20 * SECOND_US for time in times)

    assert rush > 200
    assert rush > before


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


def test_next_period_goes_on_with_what_is_under_way() -> None:
    """Calls that are cut at the end of a period go on in the next; no packet comes twice."""
    generator = Generator(5)
    first = generator.period(END_US - 5 * PERIOD_US, END_US, 40, Story())
    second = generator.period(END_US, END_US + PERIOD_US, 1, Story())
    both = [*first.captures, *second.captures]

    cut = {capture.call_id for capture in first.later}
    assert cut & {capture.call_id for capture in second.captures}
    assert first.later[0] in second.captures
    assert [one.time_us for one in both] == sorted(one.time_us for one in both)


def test_registrations_keep_their_call_id_from_period_to_period() -> None:
    """A phone that refreshes counts on in the Call-ID that it registered with."""
    generator = Generator(5)
    spans = [(END_US + number * HOUR_US, END_US + (number + 1) * HOUR_US) for number in range(2)]
    numbers = [
        {
            message.call_id: message.cseq or 0
            for capture in generator.period(*span, 1, Story()).captures
            if capture.payload.startswith(b"REGISTER")
            and (message := parse(capture.payload)).status == 0
        }
        for span in spans
    ]

    shared = numbers[0].keys() & numbers[1].keys()
    assert len(shared) > 100
    assert all(numbers[0][call_id] < numbers[1][call_id] for call_id in shared)


def test_trickle_goes_on_in_order_at_the_rate_that_is_asked_for() -> None:
    """In a quarter of an hour as many calls begin as the rate says, more or less."""
    end_us = END_US + 15 * PERIOD_US
    trickle = Generator(2).trickle(END_US, 800)

    captures = list(takewhile(lambda capture: capture.time_us < end_us, trickle))

    invited = {
        capture.call_id
        for capture in captures
        if capture.payload.startswith(b"INVITE") and b"\r\nTo: " in capture.payload
    }
    assert 180 < len(invited) < 280
    times = [capture.time_us for capture in captures]
    assert times == sorted(times)
