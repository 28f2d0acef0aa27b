"""What a live run consists of, made of its plan and not begun yet."""

import errno
import socket
from collections import Counter
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

from hepscope_capture.clock import Clock
from hepscope_capture.delivery.router import Router, make_router
from hepscope_capture.files.live_input import LiveInput
from hepscope_capture.files.live_source import LiveSource
from hepscope_capture.files.notes import notes_name
from hepscope_capture.files.source import STDIN
from hepscope_capture.files.watched import WatchedDirectories
from hepscope_capture.frame_counts import FrameCounts
from hepscope_capture.inputs.counts import LogCounts
from hepscope_capture.inputs.input import InputError
from hepscope_capture.inputs.log_lines import LogLines
from hepscope_capture.inputs.making import make_inputs
from hepscope_capture.live.agent import Show
from hepscope_capture.live.filters import Filters
from hepscope_capture.live.interface import Interface
from hepscope_capture.live.packet_socket import (
    BLOCK_BYTES,
    NEEDED,
    NotPermittedError,
    Options,
)
from hepscope_capture.live.plan import CannotCaptureError, LivePlan
from hepscope_capture.live.sink import InputSink
from hepscope_capture.live.tallied import Samples
from hepscope_capture.pipeline import Pipeline
from hepscope_capture.rules.rules import Rules
from hepscope_common.logs import get_logger

# The least that the kernel hands over in turns.
_LEAST_BLOCKS = 2

# Interfaces that an error names; a host of containers has hundreds.
_SHOWN = 12

_log = get_logger("capture")


class Parts:
    """Sources, pipeline, inputs and servers of one process."""

    def __init__(
        self,
        plan: LivePlan,
        clock: Clock,
        *,
        show: Show | None = None,
        fanout: int = 0,
        number: int = 0,
    ) -> None:
        """Make them; ``fanout`` is the group of the first interface, 0 = this process is alone.

        What there can be only one of, worker number 0 has. Raises ValueError, with a line for the
        user, for what cannot be.
        """
        wanted = plan.wanted()
        self.filters = Filters(plan, clock.elapsed_seconds())
        blocks = max(plan.ring_bytes // BLOCK_BYTES, _LEAST_BLOCKS)
        self.interfaces = []
        for place, name in enumerate(plan.interfaces):
            group = (fanout + place) & 0xFFFF if fanout else 0
            options = Options(self.filters.program, blocks, plan.is_promiscuous, group)
            self.interfaces.append(Interface(name, options))
        self.log_counts = LogCounts()
        # Whether there are ports to look at may change while it runs.
        log_of = LogLines(plan.logs, self.log_counts).log_of
        self.pipeline = Pipeline(wanted, FrameCounts(), log_of, shares_news=bool(fanout))
        self.router = make_router(
            plan.servers,
            clock,
            spool_directory=plan.spool_directory,
            spool_bytes=plan.spool_bytes,
            memory_bytes=plan.buffer_bytes,
        )
        self.sources = _sources_of(plan, clock, self.router) if number == 0 else []
        self._refused: Counter[str] = Counter()  # by former rules of the inputs
        self._masked = 0  # by them
        self._input_rules = [Rules.compile(plan.rules) for _ in range(2)]
        self.sink = InputSink(
            plan.labels, FrameCounts(), lambda: self._input_rules[0], self.router, show
        )
        self.inputs = []
        if number == 0:
            self.inputs = make_inputs(
                plan.relay,
                plan.logs,
                auth_key=plan.labels.auth_key,
                rules=lambda: self._input_rules[1],
            )

    def adopt(self, plan: LivePlan) -> None:
        """Use the rules of another plan for the inputs. Raises ValueError."""
        rules = [Rules.compile(plan.rules) for _ in range(2)]
        for former in self._input_rules:
            self._refused.update(former.counts)
            self._masked += former.masked
        self._input_rules = rules

    def refused_by_rules(self) -> Counter[str]:
        """Return how many messages were refused, by rule, wherever they came from."""
        found = self.pipeline.refused_by_rules() + self._refused
        for one in self._input_rules:
            found.update(one.counts)
        return found

    def masked(self) -> int:
        """Return how many messages a mask has changed, wherever they came from."""
        return self.pipeline.masked() + self._masked + sum(one.masked for one in self._input_rules)

    def open(self) -> None:
        """Begin to capture and to deliver. Raises CannotCaptureError before anything was sent."""
        for interface in self.interfaces:
            _open(interface)
        self.router.start()
        for one in self.inputs:
            try:
                one.start(self.sink)
            except InputError as error:
                raise CannotCaptureError(str(error)) from None

    def close_inputs(self) -> None:
        """Take what has arrived at the inputs."""
        for one in self.inputs:
            one.stop()

    def input_samples(self) -> Samples:
        """Return what inputs count: input and event, and how often."""
        found: list[tuple[tuple[str, ...], float]] = []
        tables: list[tuple[str, object]] = [("wire", self.log_counts)]
        for one in self.inputs:
            for name in ("counts", "serving"):
                table = getattr(one, name, None)
                if table is not None:
                    tables.append((one.name, table))
        for name, table in tables:
            for field in fields(table):  # type: ignore[arg-type]
                value = getattr(table, field.name)
                if isinstance(value, Mapping):
                    # Copied, since its thread may add a reason meanwhile.
                    found += [((name, str(key)), count) for key, count in dict(value).items()]
                else:
                    found.append(((name, field.name), value))
        return found


def _sources_of(plan: LivePlan, clock: Clock, router: Router) -> list[LiveSource]:
    directories = [Path(one) for one in plan.watched if one != STDIN]
    found: list[LiveSource] = []
    if directories:
        notes = None
        if plan.state_directory is not None:
            notes = plan.state_directory / notes_name(directories)
        found.append(WatchedDirectories(directories, notes, clock, router))
    if STDIN in plan.watched:
        found.append(LiveInput())
    return found


def _open(interface: Interface) -> None:
    try:
        interface.open()
    except NotPermittedError:
        raise CannotCaptureError(f"the kernel does not let us capture: {NEEDED}") from None
    except OSError as error:
        if error.errno == errno.ENETDOWN:
            _log.warning("%s is down; waiting for it", interface.name)
            return
        raise CannotCaptureError(_why_not(interface.name, error)) from None
    if not interface.is_up:
        _log.warning("%s is down", interface.name)


def _why_not(name: str, error: OSError) -> str:
    if error.errno == errno.ENOMEM:
        return f"{name}: no memory for the ring; --ring-mb makes it smaller"
    # Python's own error for a name without a number has none.
    if error.errno in (None, errno.ENODEV, errno.ENXIO):
        there = [one for _, one in socket.if_nameindex()]
        shown = ", ".join(there[:_SHOWN]) + (", ..." if len(there) > _SHOWN else "")
        return f"there is no interface {name}; there are {shown}"
    return f"{name}: {error.strerror}"
