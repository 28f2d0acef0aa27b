"""The worked examples of RFC 6076 metrics, from packets to the answer of the API.

Each is a call flow with an answer that was calculated by hand.
"""

import httpx
import pytest

from integration.measuring import flows
from integration.stats.asking import ask, ratio
from integration.stats.conftest import Put
from support.builders import BASE_US
from support.sip_calls import SECOND_US, Flow, Sent

pytestmark = pytest.mark.database


def thousand_attempts() -> list[Sent]:
    """600 answered, of which 590 are hung up in order, 20 redirected, and failures of all kinds.

    The INVITEs that follow the 20 redirections are among the answered ones.
    """
    sent: list[Sent] = []
    for number in range(600):
        start_us = BASE_US + number * 10_000
        if number < 20:
            flow = Flow(f"a-{number}", start_us).request("INVITE", 0).response(302, 0.2)
            flow.request("INVITE", 0.3, cseq=2).response(180, 1, cseq=2)
            flow.response(200, 2, cseq=2)
        else:
            flow = Flow(f"a-{number}", start_us).request("INVITE", 0).response(180, 1)
            flow.response(200, 2)
        if number < 590:
            flow.bye(30, 30.1)
        sent += flow.sent
    failures = {486: 100, 480: 50, 603: 10, 404: 100, 503: 40, 408: 20, 487: 60}
    for status, count in failures.items():
        for number in range(count):
            start_us = BASE_US + number * 10_000
            sent += flows.refused(f"{status}-{number}", status, start_us).sent
    return sent


async def test_thousand_attempts(client: httpx.AsyncClient, put: Put) -> None:
    """SER 61.22 %, SEER 77.55 %, ISA 6 %, SCR 59 %, NER 82 %."""
    await put(thousand_attempts())

    answer = await ask(client, "kpi")

    assert ratio(answer, "ser") == (600, 980)
    assert round(answer["ser"]["value"], 2) == 61.22
    assert ratio(answer, "seer") == (760, 980)
    assert round(answer["seer"]["value"], 2) == 77.55
    assert ratio(answer, "isa") == (60, 1000)
    assert ratio(answer, "scr") == (590, 1000)
    assert ratio(answer, "asr") == (600, 1000)
    assert ratio(answer, "ner") == (820, 1000)
    assert ratio(answer, "abr") == (600, 980)
    assert ratio(answer, "ira") == (0, 0)
    assert answer["acd"]["count"] == 590


async def test_registrations(client: httpx.AsyncClient, put: Put) -> None:
    """IRA: 8 refused and 2 without an answer of 500, 15 that gave up after a 401: 2 %."""
    sent: list[Sent] = []
    for number in range(500):
        flow = Flow(f"r-{number}", BASE_US + number * 10_000)
        flow.request("REGISTER", 0)
        if number < 8:
            flow.response(403, 0.1, method="REGISTER")
        elif 10 <= number < 25:
            flow.response(401, 0.04, method="REGISTER")
        elif number >= 25:
            flow.response(401, 0.04, method="REGISTER")
            flow.request("REGISTER", 0.045, cseq=2)
            flow.response(200, 0.092, method="REGISTER", cseq=2)
        sent += flow.sent
    await put(sent)

    answer = await ask(client, "kpi")

    assert ratio(answer, "ira") == (10, 500)
    assert answer["ira"]["value"] == 2.0
    assert answer["rrd"] == {"count": 475, "mean_ms": 92.0, "p50_ms": 92.0, "p95_ms": 92.0}


async def test_session_request_delay(client: httpx.AsyncClient, put: Put) -> None:
    """1.35 s to the 180, 2.10 s to the 200 of a call without; failed: 0.30 s to the 404."""
    without_ringing = Flow("w").request("INVITE", 0).response(100, 0.02, to_tag="")
    without_ringing.response(200, 2.1)
    sent = flows.answered().sent + without_ringing.sent + flows.refused("f", 404).sent
    await put(sent)

    answer = await ask(client, "kpi")

    assert answer["srd_successful"] == {
        "count": 2, "mean_ms": 1725.0, "p50_ms": 1350.0, "p95_ms": 2100.0,
    }  # fmt: skip
    assert answer["srd_failed"] == {
        "count": 1, "mean_ms": 300.0, "p50_ms": 300.0, "p95_ms": 300.0,
    }  # fmt: skip


async def test_session_disconnect_delay(client: httpx.AsyncClient, put: Put) -> None:
    """A BYE that a 503 puts off, sent again after a second: 1030 ms. An unanswered one: failed."""
    flow = Flow("d").request("INVITE", 0).response(200, 5)
    flow.request("BYE", 10, cseq=9).response(503, 10.02, method="BYE", cseq=9)
    flow.request("BYE", 11, cseq=10).response(200, 11.03, method="BYE", cseq=10)
    await put([*flow.sent, *flows.unanswered_bye().sent])

    answer = await ask(client, "kpi")

    assert answer["sdd_successful"]["count"] == 1
    assert answer["sdd_successful"]["mean_ms"] == 1030.0
    assert answer["sdd_failed"]["mean_ms"] == 32_000.0
    assert ratio(answer, "scr") == (1, 2)


async def test_session_duration(client: httpx.AsyncClient, put: Put) -> None:
    """Answer at 5.0 s, BYE at 65.4 s: 60.4 s; of the unanswered BYE it is 58 s and Timer F."""
    await put([*flows.answered().sent, *flows.unanswered_bye().sent])

    answer = await ask(client, "kpi")

    assert answer["sdt_successful"]["mean_ms"] == 60_400.0
    assert answer["sdt_failed"]["mean_ms"] == 90_000.0
    assert answer["acd"] == {
        "count": 2, "mean_ms": 75_200.0, "p50_ms": 60_400.0, "p95_ms": 90_000.0,
    }  # fmt: skip


async def test_redirection_that_is_answered_is_a_whole_success(
    client: httpx.AsyncClient, put: Put
) -> None:
    """302, then 200: 1 / (2 - 1). The delay runs from the first INVITE to the second one's 180."""
    await put(flows.redirected().sent)

    answer = await ask(client, "kpi")

    assert ratio(answer, "ser") == (1, 1)
    assert ratio(answer, "asr") == (1, 2)
    assert ratio(answer, "abr") == (1, 1)
    assert answer["srd_successful"]["mean_ms"] == 1200.0


async def test_a_proxied_call_is_one_attempt_and_one_for_each_node(
    client: httpx.AsyncClient, put: Put
) -> None:
    """Two hops and two nodes; each node has the delay of the hop that it saw first."""
    await put(flows.proxied().sent)

    overall = await ask(client, "kpi")
    core = await ask(client, "kpi", node="core")
    nobody = await ask(client, "kpi", node="nobody")

    assert ratio(overall, "asr") == ratio(core, "asr") == (1, 1)
    assert overall["srd_successful"]["mean_ms"] == 1120.0
    assert core["srd_successful"]["mean_ms"] == 1120.0
    assert ratio(nobody, "asr") == (0, 0)


async def test_an_attempt_belongs_to_the_time_of_its_first_request(
    client: httpx.AsyncClient, put: Put
) -> None:
    """To the microsecond: start is inside, end is not."""
    await put(flows.answered().sent)
    begin, later = "2026-11-23T08:53:20.000000Z", "2026-11-23T08:53:20.000001Z"
    assert BASE_US % SECOND_US == 0

    assert ratio(await ask(client, "kpi", start=begin, end=later), "asr") == (1, 1)
    assert ratio(await ask(client, "kpi", start=later), "asr") == (0, 0)
    assert ratio(await ask(client, "kpi", end=begin), "asr") == (0, 0)
