"""The KPIs of the database and of the metrics are the same once every attempt is closed."""

import random
import time
from collections.abc import Iterator

import pytest

from support.builders import BASE_US
from support.service import ALWAYS, Json, Metrics, Service, running_hepscope, until
from unit.metrics_exporter.call_flow import ALICE, BOB, CARRIER, PROXY, CallFlow

RATIOS = ("ser", "seer", "scr", "isa", "ira", "asr", "ner", "abr")
DELAYS = {
    "rrd": ("rrd", {}),
    "srd_successful": ("srd", {"result": "successful"}),
    "srd_failed": ("srd", {"result": "failed"}),
    "sdd_successful": ("sdd", {"result": "successful"}),
    "sdd_failed": ("sdd", {"result": "failed"}),
    "sdt_successful": ("sdt", {"result": "successful"}),
    "sdt_failed": ("sdt", {"result": "failed"}),
    "pdd": ("pdd", {}),
    "acd": ("acd", {}),
}
FINALS = (200, 200, 200, 486, 480, 404, 487, 503, 408, 603, 407, 422, None)
FLOWS = 120
CLOSED_SECONDS = 150.0
"""Timer B, what nodes may be late, and a busy machine."""


@pytest.fixture(scope="module")
def hepscope_of_its_own() -> Iterator[Service]:
    """A hepscope that has no traffic but that of these tests, and measures soon."""
    settings = {
        "HEPSCOPE_WRITER__MEASURE_QUIET_SECONDS": "0.5",
        "HEPSCOPE_METRICS__LATE_SECONDS": "1",
    }
    with running_hepscope(settings=settings) as service:
        yield service


def invite_flow(name: str, start_s: float, dice: random.Random) -> CallFlow:
    """A call of any fate, perhaps through a proxy, perhaps with what is sent again."""
    flow = CallFlow(name, start_s=start_s)
    hops = [((ALICE, PROXY), b"edge"), ((PROXY, BOB), b"core")][: dice.choice([1, 2])]
    cseq, at_s = 1, 0.0
    final = dice.choice(FINALS)

    def ask(method: str, at_s: float, cseq: int, *, in_dialog: bool = False) -> None:
        for number, (hop, node) in enumerate(hops):
            flow.request(
                at_s + 0.01 * number, method, cseq=cseq, hop=hop, node=node, in_dialog=in_dialog
            )

    def answer(status: int, at_s: float, cseq: int, method: str = "INVITE") -> None:
        for number, (hop, node) in enumerate(reversed(hops)):
            flow.response(
                at_s + 0.01 * number, status, method=method, cseq=cseq, hop=hop, node=node
            )

    ask("INVITE", at_s, cseq)
    if dice.random() < 0.3:
        ask("INVITE", at_s + 0.5, cseq)
    if dice.random() < 0.3:
        answer(dice.choice([401, 407]), at_s + 0.6, cseq)
        at_s, cseq = at_s + 0.7, cseq + 1
        ask("INVITE", at_s, cseq)
    elif dice.random() < 0.2:
        answer(302, at_s + 0.6, cseq)
        at_s, cseq = at_s + 0.7, cseq + 1
        hops = [((ALICE, CARRIER), b"edge")]
        ask("INVITE", at_s, cseq)
    if final is None:
        return flow
    # Where a final is still waited for, a provisional would make it the minutes of Timer C.
    if final not in (407, 422) and dice.random() < 0.7:
        answer(dice.choice([180, 183]), at_s + dice.uniform(0.7, 2), cseq)
    answered_s = at_s + dice.uniform(2, 5)
    answer(final, answered_s, cseq)
    if final == 200 and dice.random() < 0.8:
        ended_s = answered_s + dice.uniform(1, 100)
        ask("BYE", ended_s, cseq + 1, in_dialog=True)
        if dice.random() < 0.8:
            answer(dice.choice([200, 200, 481]), ended_s + 0.1, cseq + 1, "BYE")
    return flow


def register_flow(name: str, start_s: float, dice: random.Random) -> CallFlow:
    """A registration that is challenged or not, and answered or not."""
    flow = CallFlow(name, start_s=start_s).request(0, "REGISTER")
    at_s, cseq = 0.0, 1
    if dice.random() < 0.6:
        flow.response(0.04, 401, method="REGISTER")
        at_s, cseq = 0.05, 2
        flow.request(at_s, "REGISTER", cseq=cseq)
    final = dice.choice([200, 200, 403, 423, None])
    if final is not None:
        flow.response(at_s + dice.uniform(0.01, 1), final, method="REGISTER", cseq=cseq)
    return flow


def traffic(seed: int) -> list[bytes]:
    """Return packets of many flows that overlap, of the last minutes, in the order of time."""
    dice = random.Random(seed)
    back_s = time.time() - BASE_US / 1e6 - 600
    flows = []
    for number in range(FLOWS):
        make = invite_flow if number % 4 else register_flow
        flows.append(make(f"{number:06d}@agree", back_s + dice.uniform(0, 60), dice))
    return [packet for _, packet in sorted(one for flow in flows for one in flow.packets)]


def ratios(metrics: Metrics, prefix: str, **labels: str) -> dict[str, tuple[float, float]]:
    """Return part and whole of each ratio."""
    return {
        kpi: (
            metrics.value(f"{prefix}kpi_numerator_total", kpi=kpi, **labels),
            metrics.value(f"{prefix}kpi_denominator_total", kpi=kpi, **labels),
        )
        for kpi in RATIOS
    }


def told(kpis: Json) -> dict[str, tuple[float, float]]:
    """Return the same as the API says it."""
    return {kpi: (kpis[kpi]["numerator"], kpis[kpi]["denominator"]) for kpi in RATIOS}


def test_database_and_metrics_agree(hepscope_of_its_own: Service) -> None:
    """Ratios, numbers of delays and their means; for everybody and for each node."""
    service = hepscope_of_its_own
    service.send_udp(traffic(5))
    until(
        lambda: (
            service.metrics().value("hepscope_attempts_settled_total")
            == service.metrics().value("hepscope_attempts_opened_total")
            > FLOWS
        ),
        "every attempt to be settled in the metrics",
        seconds=CLOSED_SECONDS,
    )

    def agree() -> bool:
        metrics, kpis = service.metrics(), service.get("stats/kpi", **ALWAYS)
        # A call counts as answered before it is measured again for how it ended.
        counts = {
            name: metrics.value(f"hepscope_{metric}_seconds_count", **labels)
            for name, (metric, labels) in DELAYS.items()
        }
        are_delays_there = {name: kpis[name]["count"] for name in DELAYS} == counts
        return told(kpis) == ratios(metrics, "hepscope_") and are_delays_there

    until(agree, "the database to say the same", seconds=CLOSED_SECONDS)
    metrics, kpis = service.metrics(), service.get("stats/kpi", **ALWAYS)
    for name, (metric, labels) in DELAYS.items():
        count = metrics.value(f"hepscope_{metric}_seconds_count", **labels)
        total = metrics.value(f"hepscope_{metric}_seconds_sum", **labels)
        assert kpis[name]["count"] == count > 0, name
        assert kpis[name]["mean_ms"] == pytest.approx(total / count * 1000), name
    nodes = {item["key"]: item for item in service.every("stats/kpi", by="node", **ALWAYS)}
    assert sorted(nodes) == ["core", "edge"]
    for node, item in nodes.items():
        assert told(item) == ratios(metrics, "hepscope_node_", node=node), node
