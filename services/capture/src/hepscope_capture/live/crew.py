"""A live capture by several processes: workers, and one that answers for all on the ops port."""

import os
import select
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial

from prometheus_client import CollectorRegistry

from hepscope_capture.clock import Clock
from hepscope_capture.live.crew_metrics import crew_families
from hepscope_capture.live.fleet import Fleet
from hepscope_capture.live.line import Line, Sort
from hepscope_capture.live.meter import Meter
from hepscope_capture.live.ops import Answers, OpsServer, open_ops
from hepscope_capture.live.plan import CannotCaptureError, LivePlan
from hepscope_capture.live.service import LiveCapture, Reload, Write
from hepscope_capture.live.snapshot import Together, decode
from hepscope_common.logs import get_logger, tell_failure
from hepscope_common.metrics import PlainCollector

_MOMENT_MS = 1000

_log = get_logger("capture")


def run_crew(
    plan: LivePlan, clock: Clock, *, write: Write | None = None, reload: Reload | None = None
) -> int:
    """Run as many workers as the plan says until a signal; return the exit code.

    Raises CannotCaptureError when the ops port cannot be had.
    """
    plans = _Plans(plan, reload)
    fleet = Fleet(on_hang_up=plans.renew)
    # A group of sockets is known by a number of this network namespace: ours, as good as any.
    fanout = os.getpid() & 0xFFFF or 1
    for number in range(plan.workers):
        make = partial(
            LiveCapture, clock=clock, write=write, reload=reload, number=number, fanout=fanout
        )
        fleet.add_worker(f"worker {number + 1}", partial(_work, plans, make))
    server, together = None, Together(plan.workers)
    if plan.ops is not None:
        server = _server(plan.ops, together)
    if server is not None or plan.has_meter:
        fleet.set_reporter(partial(_answer, server, together, has_meter=plan.has_meter))
    _log.info("%d processes share the traffic", plan.workers)
    return fleet.run()


class _Plans:
    """The plan in force, for workers that are started again."""

    def __init__(self, plan: LivePlan, reload: Reload | None) -> None:
        self.plan = plan
        self._reload = reload

    def renew(self) -> None:
        """Read the settings again; the workers do so, too, and say what is wrong with them."""
        if self._reload is not None:
            with suppress(ValueError):
                self.plan = self._reload()


def _work(plans: _Plans, make: Callable[..., LiveCapture], line: Line) -> int:
    """Be a worker; return its exit code."""
    try:
        return 0 if make(plans.plan, line=line).run() else 1
    except CannotCaptureError as error:
        tell_failure("hepscope capture", str(error))
        return 2


def _server(ops: tuple[str, int], together: Together) -> OpsServer:
    """Return the server on the ops port, bound and not serving yet."""
    registry = CollectorRegistry()
    registry.register(together)
    PlainCollector(registry, crew_families(together))
    return open_ops(ops, Answers(registry, {"workers": together.readiness}))


def _answer(server: OpsServer | None, together: Together, line: Line, *, has_meter: bool) -> int:
    """Be the process that answers, until SIGTERM or until the one above is gone."""
    # Of a terminal's Ctrl-C everybody hears; this one goes last.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    meter, show_at = Meter(sys.stderr) if has_meter else None, 0.0
    with ExitStack() as stack:
        if server is not None:
            stack.enter_context(server)
        poll = select.poll()
        poll.register(line, select.POLLIN)
        while line.is_open:
            poll.poll(_MOMENT_MS)
            for sort, data in line.receive():
                if sort is Sort.REPORT:
                    together.update(data[0], decode(data[1:]))
                elif sort is Sort.ENDED:
                    together.end(data[0])
            now = time.monotonic()
            if meter is not None and now >= show_at:
                show_at = now + 1.0
                meter.show(together.totals(), now)
    return 0
