"""A live capture as a process: opened, running, drained after SIGTERM or Ctrl-C.

    interfaces, directories -> agent (this thread) -> router -> servers, a thread for each
    relay, log lines (threads of their own) --------->

Nothing is captured before every interface of the command line is open; a name that is none is a
mistake. What happens to one later is waited out. SIGHUP has the settings read again.
"""

import gc
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from prometheus_client import CollectorRegistry
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from hepscope_capture.clock import Clock
from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.files.errors import NotACaptureError
from hepscope_capture.live import allocator
from hepscope_capture.live.agent import Agent
from hepscope_capture.live.line import Line, Sort
from hepscope_capture.live.meter import Meter
from hepscope_capture.live.metrics import CaptureMetrics
from hepscope_capture.live.ops import Answers, open_ops
from hepscope_capture.live.parts import Parts
from hepscope_capture.live.peers import PeersByLine
from hepscope_capture.live.plan import CannotCaptureError, LivePlan
from hepscope_capture.live.readiness import checks_of
from hepscope_capture.live.seen import SeenLog
from hepscope_capture.live.snapshot import encode
from hepscope_capture.live.status import status_of
from hepscope_capture.printing import line_of
from hepscope_common import logs

# Tables of many streams are no garbage: to look through them all takes as long as it takes to
# fill a small ring. There are few cycles, so that it can be done rarely.
_COLLECT_AFTER = (20_000, 20, 50)

_log = logs.get_logger("capture")

Reload = Callable[[], LivePlan]
"""Reads the settings again. Raises ValueError, with a line for the user."""

Write = Callable[[str], None]
"""Takes a line for the user."""


class LiveCapture:
    """One run, from its beginning to its end."""

    def __init__(
        self,
        plan: LivePlan,
        clock: Clock,
        *,
        write: Write | None = None,
        reload: Reload | None = None,
        line: Line | None = None,
        number: int = 0,
        fanout: int = 0,
    ) -> None:
        """Make a run; ``write`` takes the lines of messages.

        A worker of several has a line to the process above, a number, and the group of sockets that
        they share. Raises CannotCaptureError for what cannot be.
        """
        self._plan = plan
        self._clock = clock
        self._reload = reload
        self._line = line
        self._has_hung_up = False
        self._next_status = clock.elapsed_seconds() + plan.status_seconds
        show = _shown(write) if write else None
        try:
            self._parts = Parts(plan, clock, show=show, fanout=fanout, number=number)
        except ValueError as error:
            raise CannotCaptureError(str(error)) from None
        self._peers = PeersByLine(line) if line is not None else None
        self._agent = Agent(
            self._parts.interfaces,
            self._parts.pipeline,
            plan.labels,
            clock,
            deliver=self._deliver_waiting if self._parts.sources else self._parts.router.put,
            sources=self._parts.sources,
            peers=self._peers,
            show=show,
            on_look=self._look,
        )
        self._registry = self._metrics()
        self._seen = SeenLog(self._parts.pipeline)
        self._checks = checks_of(self._parts)
        self._meter = Meter(sys.stderr) if plan.has_meter and line is None else None

    def run(self) -> bool:
        """Capture until SIGTERM or SIGINT; return whether all was read, and delivered or on disk.

        Raises CannotCaptureError before anything was captured.
        """
        # Before there are threads.
        allocator.settle()
        with ExitStack() as stack:
            # Before anything that takes its time: a SIGHUP that nobody expects is an end.
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: self._agent.stop())
            signal.signal(signal.SIGHUP, lambda *_: self._hang_up())
            if self._plan.ops is not None and self._line is None:
                answers = Answers(self._registry, self._checks)
                stack.enter_context(open_ops(self._plan.ops, answers))
            self._parts.open()
            _log.info("capturing from %s", self._names)
            if self._line is not None:
                self._line.send(Sort.READY)
            gc.collect()
            gc.freeze()
            gc.set_threshold(*_COLLECT_AFTER)
            is_whole = True
            try:
                self._agent.run()
            except NotACaptureError as error:
                is_whole = False
                _log.error("standard input: %s", error)
            finally:
                # Whatever ended it, what was captured before is as good as ever.
                is_delivered = self._drain()
                for source in self._parts.sources:
                    source.close()
            self._report()
        if self._meter is not None:
            self._meter.end()
        _log.info("%s", self._status())
        self._seen.tell(_log)
        return is_delivered and is_whole

    @property
    def _names(self) -> str:
        plan = self._plan
        names = [*plan.interfaces, *plan.watched]
        names += [str(one) for one in (*plan.relay.listen, *plan.logs.listen)]
        return ", ".join([*names, *plan.logs.files])

    def _deliver_waiting(self, packets: Sequence[bytes], kind: int) -> None:
        """Deliver once there is room: a file may wait for its server."""
        self._parts.router.put_unless(packets, kind, lambda: self._agent.is_stopped)

    def _drain(self) -> bool:
        parts = self._parts
        parts.close_inputs()
        if not parts.router.destinations:
            return True
        waiting = sum(one.counts().kept for one in parts.router.destinations)
        _log.info("stopped capturing; %d packets wait", waiting)
        is_delivered = parts.router.end(self._plan.drain_seconds)
        for one in parts.router.destinations:
            counts = one.counts()
            if counts.kept_on_disk:
                _log.warning("%s: %d packets are on disk", one.name, counts.kept_on_disk)
            if left := counts.kept - counts.kept_on_disk:
                _log.error("%s: %d packets are not delivered, or not known to be", one.name, left)
        return is_delivered

    def _metrics(self) -> CollectorRegistry:
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        parts = self._parts
        CaptureMetrics(
            registry,
            interfaces=parts.interfaces,
            sources=parts.sources,
            counts=parts.pipeline.counts,
            input_counts=parts.sink.counts,
            rules=parts.refused_by_rules,
            masked=parts.masked,
            destinations=parts.router.destinations,
            inputs=parts.input_samples,
            gauges=parts.pipeline.correlator.gauges,
            waiting=parts.pipeline.waiting_bytes,
            rtp=parts.pipeline.rtp,
            limit_bytes=self._plan.buffer_bytes,
        )
        return registry

    def _hang_up(self) -> None:
        self._has_hung_up = True
        self._agent.wake()

    def _look(self) -> None:
        """Do what is due once in a while; called by the agent each second."""
        now, plan, parts = self._clock.elapsed_seconds(), self._plan, self._parts
        if parts.router.has_failed:
            # A capture that delivers nothing hides its loss better than one that has ended.
            _log.error("delivery has ended by itself")
            self._agent.stop()
        if self._peers is not None and self._peers.is_alone:
            _log.error("the process above has ended")
            self._agent.stop()
        if self._has_hung_up:
            self._has_hung_up = False
            self._adopt_news()
        if (program := parts.filters.follow(now)) is not None:
            for interface in parts.interfaces:
                interface.attach(program)
        if plan.status_seconds and now >= self._next_status:
            self._next_status = now + plan.status_seconds
            _log.info("%s", self._status())
            self._seen.tell(_log)
        if self._meter is not None:
            self._meter.show(self._totals(), now)
        self._report()

    def _adopt_news(self) -> None:
        """Use the settings as they are now; those of before when they cannot be used."""
        if self._reload is None:
            return
        try:
            plan = self._reload()
            wanted = plan.wanted()
            program = self._parts.filters.adopt(plan)
            self._parts.adopt(plan)
        except ValueError as error:
            _log.error("the settings stay as they are: %s", error)
            return
        self._agent.adopt(wanted)
        for interface in self._parts.interfaces:
            interface.attach(program)
        logs.set_level("hepscope", plan.log_level)
        self._plan = plan
        _log.info("the settings were read again")

    def _report(self) -> None:
        """Tell the process above what was counted."""
        if self._line is not None:
            readiness = {name: check() for name, check in self._checks.items()}
            self._line.send(Sort.SNAPSHOT, encode(self._registry, readiness, self._totals()))

    def _totals(self) -> dict[str, int]:
        counts, sent = self._parts.pipeline.counts, self._parts.router.destinations
        delivered = [one.counts() for one in sent]
        return {
            "frames": counts.frames,
            "messages": counts.messages,
            "reports": counts.reports,
            "log_lines": counts.log_lines + self._parts.sink.counts.log_lines,
            "drops": sum(one.drops for one in self._parts.interfaces),
            "sent": sum(one.sent for one in delivered),
            "waiting": sum(one.kept for one in delivered),
            "lost": sum(sum(one.dropped.values()) for one in delivered),
        }

    def _status(self) -> str:
        parts = self._parts
        refused = parts.refused_by_rules().total()
        return status_of(
            parts.interfaces, parts.pipeline.counts, parts.router.destinations, refused
        )


def _shown(write: Write) -> Callable[[Datagram], None]:
    return lambda datagram: write(line_of(datagram))
