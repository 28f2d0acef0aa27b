"""Real calls seen twice: by the agent, and by tcpdump on the wire in the same run."""

from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from hep.sip import parse
from hepscope_common.calls import FlowMessage, flow_message, flow_of
from hepscope_common.calls.copies import WINDOW_US
from hepscope_common.calls.skew import WITNESSES
from unit.common.calls.test_corpus import read_hep, read_pcap

pytestmark = pytest.mark.corpus

RUNS = {
    "kam_v1_udp": 48,
    "kam_v2_udp": 48,
    "kam_v3_udp": 88,
    "kam_v3_trans_corr_hlog": 46,
    "sipgrep_udp": 36,
    "sngrep_v3_udp": 40,
}
"""Messages that the agent sent; tcpdump saw all of them."""


def calls_of(corpus: Path, name: str, ahead_us: int) -> list[list[FlowMessage]]:
    """Return the messages of each call of a run, the agent's clock so far ahead."""
    calls: defaultdict[str, list[FlowMessage]] = defaultdict(list)
    seen = [("agent", one) for one in read_hep(corpus / "hep" / f"{name}.jsonl")]
    seen += [("wire", one) for one in read_pcap(corpus / "hep" / f"{name}.sipside.pcap")]
    for at, (node, (payload, envelope)) in enumerate(seen):
        envelope.node, envelope.transport = node, "udp"
        envelope.time_us += ahead_us if node == "agent" else 0
        message = parse(payload)
        if message.call_id:
            calls[message.call_id].append(flow_message(str(at), message, envelope))
    return list(calls.values())


@pytest.mark.parametrize("ahead_us", [0, 6_800, -700_000, 40_000_000])
@pytest.mark.parametrize("name", RUNS)
def test_agent_and_wire_are_one_ladder(corpus: Path, name: str, ahead_us: int) -> None:
    """One arrow per message on the wire, all of the agent's among the copies, no resend."""
    folded = 0
    for messages in calls_of(corpus, name, ahead_us):
        if len(messages) < 2 * WITNESSES and abs(ahead_us) > WINDOW_US:
            folded += len(messages) // 2  # too few to tell such clocks from a late resend
            continue
        on_wire = [one for one in messages if one.node == "wire"]
        flow = flow_of(messages)

        folded += sum(len(arrow.copies) == 2 for arrow in flow.arrows)
        assert len(flow.arrows) == len(on_wire)
        assert not any(arrow.resend for arrow in flow.arrows)
        times = [arrow.message.time_us + arrow.correction_us for arrow in flow.arrows]
        assert max(a - b for a, b in pairwise(times)) < 1_000
        skew_us = abs(next(iter(flow.skews_us.values()), 0))
        assert abs(skew_us - abs(ahead_us)) < 1_000
    assert folded == RUNS[name]


@pytest.mark.parametrize("ahead_us", [0, 320_000, -2_000_000])
def test_resends_on_the_wire_seen_by_two_nodes(corpus: Path, ahead_us: int) -> None:
    """Each INVITE went out three times, whoever saw it."""
    calls: defaultdict[str, list[FlowMessage]] = defaultdict(list)
    for at, (payload, envelope) in enumerate(
        read_pcap(corpus / "sip-pcap" / "sip_udp_retrans.pcap")
    ):
        for node, late_us in (("a", 0), ("b", ahead_us + 150)):
            message = flow_message(f"{node}{at}", parse(payload), envelope)
            message.node = node
            message.time_us += late_us
            calls[message.call_id].append(message)

    assert len(calls) == 3
    for messages in calls.values():
        arrows = flow_of(messages).arrows
        assert [arrow.resend for arrow in arrows if arrow.label == "INVITE"] == [0, 1, 2]
        assert sum(arrow.resend for arrow in arrows) == 3
        assert all(len(arrow.copies) == 2 for arrow in arrows)
