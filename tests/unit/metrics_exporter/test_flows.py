"""Call flows with known answers: the examples of docs/kpis-explained.md, and harder ones."""

import pytest

from unit.metrics_exporter.call_flow import ALICE, BOB, CARRIER, PROXY, CallFlow, invite
from unit.metrics_exporter.exporter_world import World, world

LATE_S = 5
FOREVER_S = 4000.0


async def played(*flows: CallFlow, until_s: float = FOREVER_S) -> World:
    """Return an exporter that has counted these flows, every timer run out."""
    async with world(late_seconds=LATE_S) as made:
        await made.play(*flows, until_s=until_s)
    assert made.supervisor.failure is None
    return made


def answered() -> CallFlow:
    """Example 1: a call of a minute."""
    return (
        CallFlow("answered")
        .request(0, "INVITE")
        .response(0.02, 100)
        .response(1.35, 180)
        .response(3.0, 200)
        .request(3.01, "ACK", in_dialog=True)
        .hang_up(63.4, answered_s=63.42)
    )


async def test_an_answered_call() -> None:
    """Example 1 of the page."""
    found = await played(answered())
    for kpi in ("ser", "seer", "asr", "ner", "abr", "scr"):
        assert found.ratio(kpi) == (1, 1), kpi
    assert found.ratio("isa") == (0, 1)
    assert found.ratio("ira") == (0, 0)
    assert found.seconds("hepscope_srd_seconds", result="successful") == (1, 1.35)
    assert found.seconds("hepscope_pdd_seconds") == (1, 1.35)
    assert found.seconds("hepscope_sdt_seconds", result="successful") == (1, pytest.approx(60.4))
    assert found.seconds("hepscope_acd_seconds") == (1, pytest.approx(60.4))
    assert found.seconds("hepscope_sdd_seconds", result="successful") == (1, pytest.approx(0.02))
    assert found.value("hepscope_sessions_started_total") == 1
    assert found.value("hepscope_sessions_ended_total", outcome="completed") == 1


async def test_what_was_measured_for_everybody_was_measured_for_the_node() -> None:
    """Under names of its own, so that a sum over a name counts an attempt once."""
    found = await played(answered())
    for kpi in ("ser", "scr"):
        assert found.value("hepscope_node_kpi_numerator_total", node="edge", kpi=kpi) == 1
    assert found.seconds("hepscope_node_pdd_seconds", node="edge") == (1, 1.35)
    assert found.total("hepscope_attempts_opened_total") == 1
    assert found.total("hepscope_node_attempts_opened_total") == 1


async def test_a_challenge_is_part_of_the_attempt() -> None:
    """Example 2: 407, then the INVITE with credentials."""
    flow = (
        CallFlow("challenged")
        .request(0, "INVITE", cseq=1)
        .response(0.02, 407, cseq=1)
        .request(0.03, "ACK", cseq=1)
        .request(0.05, "INVITE", cseq=2)
        .response(1.0, 180, cseq=2)
        .response(2.0, 200, cseq=2)
    )
    found = await played(flow)
    assert found.total("hepscope_attempts_opened_total") == 1
    assert found.ratio("ser") == (1, 1)
    assert found.seconds("hepscope_srd_seconds", result="successful") == (1, 1.0)


async def test_a_redirection_and_what_follows_it() -> None:
    """Example 3: 302, then the INVITE to the new contact: two attempts, one bid."""
    flow = (
        CallFlow("redirected")
        .request(0, "INVITE", cseq=1)
        .response(0.1, 302, cseq=1)
        .request(0.11, "ACK", cseq=1)
        .request(0.15, "INVITE", cseq=2, hop=(ALICE, CARRIER))
        .response(1.5, 180, cseq=2, hop=(ALICE, CARRIER))
        .response(2.0, 200, cseq=2, hop=(ALICE, CARRIER))
    )
    found = await played(flow)
    assert found.ratio("ser") == (1, 1)
    assert found.ratio("asr") == (1, 2)
    assert found.ratio("abr") == (1, 1)
    assert found.seconds("hepscope_srd_seconds", result="successful") == (1, 1.5)
    redirected = {"method": "INVITE", "outcome": "redirected", "status": "302"}
    assert found.value("hepscope_attempts_settled_total", **redirected) == 1


@pytest.mark.parametrize(
    ("status", "outcome", "ratios"),
    [
        (486, "failed", {"ser": 0, "seer": 1, "ner": 1, "isa": 0}),
        (487, "cancelled", {"ser": 0, "seer": 0, "ner": 1, "isa": 0}),
        (404, "failed", {"ser": 0, "seer": 0, "ner": 0, "isa": 0}),
        (503, "failed", {"ser": 0, "seer": 0, "ner": 0, "isa": 1}),
        (408, "failed", {"ser": 0, "seer": 0, "ner": 0, "isa": 1}),
        (603, "failed", {"ser": 0, "seer": 1, "ner": 1, "isa": 0}),
    ],
)
async def test_a_failed_attempt(status: int, outcome: str, ratios: dict[str, int]) -> None:
    """Example 4: what each final means to each ratio."""
    found = await played(invite("failed", status))
    for kpi, numerator in ratios.items():
        assert found.ratio(kpi) == (numerator, 1), kpi
    settled = {"method": "INVITE", "outcome": outcome, "status": str(status)}
    assert found.value("hepscope_attempts_settled_total", **settled) == 1
    assert found.seconds("hepscope_srd_seconds", result="failed") == (1, 1.0)
    assert found.seconds("hepscope_srd_seconds", result="successful") == (0, 0)


async def test_a_failure_without_ringing_is_measured_to_its_final() -> None:
    """Example 5: 404 after 0.3 s is a failed SRD of 0.3 s, and no PDD."""
    flow = CallFlow("quick").request(0, "INVITE").response(0.02, 100).response(0.3, 404)
    found = await played(flow)
    assert found.seconds("hepscope_srd_seconds", result="failed") == (1, 0.3)
    assert found.seconds("hepscope_pdd_seconds") == (0, 0)


async def test_no_answer_at_all() -> None:
    """Example 6: settled when Timer B is over and nobody can be late any more."""
    async with world(late_seconds=LATE_S) as found:
        await found.play(invite("silent", None), until_s=32 + LATE_S - 0.1)
        assert found.ratio("ser") == (0, 0)
        await found.play(until_s=32 + LATE_S)
        assert found.ratio("ser") == (0, 1)
    settled = {"method": "INVITE", "outcome": "timeout", "status": "none"}
    assert found.value("hepscope_attempts_settled_total", **settled) == 1
    assert found.seconds("hepscope_srd_seconds", result="failed") == (0, 0)


def registration(call_id: str, *finals: tuple[float, int], start_s: float = 0.0) -> CallFlow:
    """REGISTERs, each answered by a final; the next one follows 5 ms later."""
    flow, at_s = CallFlow(call_id, start_s=start_s), 0.0
    for cseq, (answered_s, status) in enumerate(finals, 1):
        flow.request(at_s, "REGISTER", cseq=cseq)
        flow.response(answered_s, status, method="REGISTER", cseq=cseq)
        at_s = answered_s + 0.005
    return flow


async def test_a_registration() -> None:
    """Example 7: the challenge is inside of the delay."""
    found = await played(registration("phone", (0.04, 401), (0.092, 200)))
    assert found.seconds("hepscope_rrd_seconds") == (1, pytest.approx(0.092))
    assert found.ratio("ira") == (0, 1)


async def test_ineffective_registrations() -> None:
    """Example 8: refused and unanswered ones; a client that gives up on a challenge is none."""
    found = await played(
        registration("refused", (0.04, 401), (0.09, 403)),
        CallFlow("dead").request(0, "REGISTER"),
        registration("given-up", (0.04, 401)),
        registration("good", (0.04, 401), (0.09, 200)),
    )
    assert found.ratio("ira") == (2, 4)
    challenged = {"method": "REGISTER", "outcome": "challenged", "status": "401"}
    assert found.value("hepscope_attempts_settled_total", **challenged) == 1


async def test_each_refresh_is_a_registration() -> None:
    """The same Call-ID with a higher CSeq, minutes later."""
    flow = CallFlow("phone")
    for number in range(1, 4):
        flow.request(number * 60, "REGISTER", cseq=number)
        flow.response(number * 60 + 0.01, 200, method="REGISTER", cseq=number)
    found = await played(flow)
    assert found.ratio("ira") == (0, 3)
    assert found.value("hepscope_attempts_opened_total", method="REGISTER") == 3


async def test_a_hang_up_that_nobody_answers() -> None:
    """Example 9: not completed; the failed kind of SDT runs to Timer F."""
    flow = invite("lost", 200).hang_up(62.0)
    found = await played(flow)
    assert found.ratio("scr") == (0, 1)
    assert found.value("hepscope_sessions_ended_total", outcome="failed") == 1
    assert found.seconds("hepscope_sdd_seconds", result="failed") == (1, 32)
    assert found.seconds("hepscope_sdt_seconds", result="failed") == (1, 92)
    assert found.seconds("hepscope_sdt_seconds", result="successful") == (0, 0)


async def test_a_hang_up_that_has_to_be_repeated() -> None:
    """Example 10: 503 with Retry-After does not end the waiting for the 2xx."""
    flow = invite("again", 200)
    flow.request(60, "BYE", cseq=2, in_dialog=True)
    flow.response(60.02, 503, method="BYE", cseq=2, headers="Retry-After: 1\r\n")
    flow.request(61, "BYE", cseq=3, in_dialog=True)
    flow.response(61.03, 200, method="BYE", cseq=3)
    found = await played(flow)
    assert found.seconds("hepscope_sdd_seconds", result="successful") == (1, pytest.approx(1.03))
    assert found.ratio("scr") == (1, 1)


async def test_a_call_through_a_proxy_is_one_attempt() -> None:
    """Example 11: one Call-ID on two hops, seen by two nodes; each node counts it once."""
    near, far = (ALICE, PROXY), (PROXY, BOB)
    flow = CallFlow("proxied")
    for at_s, hop, node in ((0.0, near, b"edge"), (0.01, far, b"core")):
        flow.request(at_s, "INVITE", hop=hop, node=node)
    for at_s, status in ((1.0, 180), (2.0, 200)):
        flow.response(at_s, status, hop=far, node=b"core")
        flow.response(at_s + 0.01, status, hop=near, node=b"edge")
    flow.request(60, "BYE", cseq=2, in_dialog=True, hop=near, node=b"edge")
    flow.request(60.01, "BYE", cseq=2, in_dialog=True, hop=far, node=b"core")
    flow.response(60.02, 200, method="BYE", cseq=2, hop=far, node=b"core")
    flow.response(60.03, 200, method="BYE", cseq=2, hop=near, node=b"edge")
    found = await played(flow)
    assert found.ratio("ser") == (1, 1)
    assert found.ratio("scr") == (1, 1)
    assert found.seconds("hepscope_srd_seconds", result="successful") == (1, pytest.approx(1.01))
    for name, delay in (("edge", 1.01), ("core", 0.99)):
        assert found.value("hepscope_node_kpi_denominator_total", node=name, kpi="ser") == 1
        assert found.value("hepscope_node_kpi_numerator_total", node=name, kpi="scr") == 1
        assert found.seconds("hepscope_node_srd_seconds", node=name, result="successful") == (
            1,
            pytest.approx(delay),
        )


async def test_retransmissions_and_in_dialog_requests_begin_nothing() -> None:
    """The same INVITE again, and a re-INVITE to hold."""
    flow = answered().request(0.5, "INVITE").request(20, "INVITE", cseq=5, in_dialog=True)
    flow.response(20.1, 200, cseq=5)
    found = await played(flow)
    assert found.ratio("ser") == (1, 1)
    assert found.total("hepscope_attempts_opened_total") == 1


async def test_calls_under_way_are_counted_from_answer_to_hang_up() -> None:
    """For everybody, and for the node."""
    async with world() as found:
        await found.play(*(invite(f"call-{n}", 200) for n in range(3)))
        assert found.value("hepscope_sessions_concurrent") == 3
        assert found.value("hepscope_node_sessions_concurrent", node="edge") == 3
        await found.play(CallFlow("call-1").hang_up(30, answered_s=30.1))
        assert found.value("hepscope_sessions_concurrent") == 2


async def test_a_hundred_attempts() -> None:
    """The worked example at the end of the page."""
    outcomes = (
        [(200, True)] * 59 + [(200, False)] + [(302, False)] * 2 + [(486, False)] * 10
        + [(480, False)] * 5 + [(603, False)] + [(404, False)] * 10 + [(503, False)] * 4
        + [(408, False)] * 2 + [(487, False)] * 6
    )  # fmt: skip
    flows = []
    for number, (status, is_completed) in enumerate(outcomes):
        flow = invite(f"{number:08d}", status, start_s=number * 0.1)
        if status == 200:
            flow.hang_up(60, answered_s=60.05 if is_completed else None)
        flows.append(flow)
    found = await played(*flows)
    assert len(flows) == 100
    assert found.ratio("ser") == (60, 98)
    assert found.ratio("seer") == (76, 98)
    assert found.ratio("isa") == (6, 100)
    assert found.ratio("scr") == (59, 100)
    assert found.ratio("asr") == (60, 100)
    assert found.ratio("ner") == (82, 100)
    assert found.ratio("abr") == (60, 100)


async def test_the_usual_finals_are_visible_before_the_first_of_them() -> None:
    """Else the growth by the first 503 would never be seen."""
    found = await played()
    for method, outcome, status in (
        ("INVITE", "failed", "503"),
        ("INVITE", "timeout", "none"),
        ("INVITE", "cancelled", "487"),
        ("INVITE", "redirected", "302"),
        ("REGISTER", "challenged", "401"),
        ("REGISTER", "success", "200"),
    ):
        labels = {"method": method, "outcome": outcome, "status": status}
        assert found.value("hepscope_attempts_settled_total", **labels) == 0
