"""What a live run consists of, before and after its settings changed."""

from dataclasses import replace

from hepscope_capture.clock import SystemClock
from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.frame import Frame
from hepscope_capture.inputs.plans import LogPlan
from hepscope_capture.live.parts import Parts
from hepscope_capture.live.plan import LivePlan
from hepscope_capture.packets import Labels
from support.frames import ethernet, ipv4, udp

PLAN = LivePlan(Labels(1), ("eth1",))
LINE = b"<134>Nov 30 10:00:00 pbx kamailio[7]: callid=a@b busy"


def fed(parts: Parts) -> list[Datagram]:
    """Give it a line of syslog off the wire."""
    data = ethernet(ipv4(udp(LINE, ports=(40000, 514))))
    return list(parts.pipeline.feed(Frame(1_000_000, 1, data, len(data))))


def test_ports_of_logs_may_come_with_a_reload() -> None:
    """Though there were none at the start."""
    parts = Parts(PLAN, SystemClock())
    assert not fed(parts)
    plan = replace(PLAN, logs=LogPlan(sniffed_ports=frozenset({514})))
    parts.pipeline.adopt(plan.wanted())
    (line,) = fed(parts)
    assert (line.payload, line.correlation_id) == (LINE, b"a@b")
    parts.pipeline.adopt(PLAN.wanted())
    assert not fed(parts)
