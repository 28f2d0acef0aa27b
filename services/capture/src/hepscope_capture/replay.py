"""The replay: capture files to a HEP server, each file in the order given.

    file -> frame -> messages -> when is each due -> HEP packet -> router

Files are not merged by time: a rotated capture is already in order, and captures of several
machines can be merged by tools that know more about their clocks. Original timestamps are kept,
or all shifted by one amount: at original speed the first message is at the present, and a faster
replay ends at the present.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

from hepscope_capture.clock import Clock
from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.delivery.direct import SendError
from hepscope_capture.delivery.router import PATIENCE_SECONDS
from hepscope_capture.files.errors import Gap, NotACaptureError
from hepscope_capture.files.source import open_capture
from hepscope_capture.frame import plausible_time
from hepscope_capture.pace import Pace, RateLimit
from hepscope_capture.packer import Packer
from hepscope_capture.packets import Labels
from hepscope_capture.pipeline import LogOf, Pipeline, Wanted
from hepscope_capture.span import gained_us
from hepscope_capture.summary import Summary

# Packets sent in a row under a rate limit: a receive buffer of Linux's default size holds about
# a hundred.
BURST = 16

# Packets handed over at once, when none of them has to wait.
_BATCH = 128

# A sleep is late by about a tenth of this; shorter waits are not worth one.
_SHORTEST_SLEEP_SECONDS = 0.001


@dataclass(frozen=True, slots=True)
class Plan:
    """How to replay."""

    labels: Labels
    speed: float = 1.0  # MAX_SPEED = at once
    is_now: bool = False  # shift timestamps to the present
    wanted: Wanted = field(default_factory=Wanted)
    loops: int = 1  # how often the files are read; 0 = for ever
    patience_seconds: float = PATIENCE_SECONDS  # give up when nothing gets on for so long
    rate: float | None = None  # packets a second at most; None = no limit


Show = Callable[[Datagram], None]
"""Takes a message, to be shown."""


class Outlet(Protocol):
    """Takes packets to their servers."""

    def put_waiting(self, packets: Sequence[bytes], kind: int, seconds: float) -> bool:
        """Take packets of one type once there is room; False when none is made for so long."""
        ...

    def finish(self, patience_seconds: float) -> bool:
        """Return once all is delivered; False when nothing gets on for so long."""
        ...


class Replay:
    """One replay to an outlet, which the caller starts."""

    def __init__(
        self,
        plan: Plan,
        outlet: Outlet,
        clock: Clock,
        log_of: LogOf | None = None,
        *,
        show: Show | None = None,
    ) -> None:
        """Make a replay; ``show`` takes each message, to be shown when it is sent."""
        self._plan = plan
        self._outlet = outlet
        self._show = show
        self._batch: list[bytes] = []
        self._kind = 0  # of the batch
        self._clock = clock
        self._pace = Pace(plan.speed)
        self._limit = RateLimit(plan.rate, BURST) if plan.rate else None
        self._shift_us: int | None = None if plan.is_now else 0
        self._gained_us = 0  # of --now: how far the replay would overtake the clock
        self._started_at: float | None = None
        self.reading = ""  # the file that is being read, for error messages
        self.is_delivered = False
        self.summary = Summary()
        self._pipeline = Pipeline(plan.wanted, self.summary, log_of)
        self._packer = Packer(plan.labels, self.summary)

    def run(self, names: Sequence[str]) -> None:
        """Replay the files; return when the server has everything, as far as can be told.

        Raises SendError, and of the files OSError and NotACaptureError; ``summary`` is right
        in any case.
        """
        begun = self._clock.elapsed_seconds()
        try:
            if self._plan.is_now:
                self._gained_us = gained_us(names, self._plan.speed)
            self._replay_files(names)
        finally:
            self.summary.rules = self._pipeline.refused_by_rules()
            self.summary.masked = self._pipeline.masked()
            self.summary.worst_streams = self._pipeline.rtp.take_worst()
            self.summary.seconds = self._clock.elapsed_seconds() - begun

    def _replay_files(self, names: Sequence[str]) -> None:
        try:
            for _ in range(self._plan.loops) if self._plan.loops else count():
                for name in names:
                    self._replay_file(name)
                self._end_round()
        except SendError:
            # Nothing more can be sent; what was held back is counted all the same.
            self._pipeline.finish()
            raise
        except (OSError, NotACaptureError):
            # What was read before is as good as ever.
            self._finish()
            raise
        self._finish()

    def _end_round(self) -> None:
        """Let go of what waits for more, and of TCP's numbers: the next round has the same ones."""
        for message in self._pipeline.finish():
            self._send(message)
        if self._plan.is_now:
            self._shift_us = None

    def _finish(self) -> None:
        self._end_round()
        self._flush()
        self.is_delivered = self._outlet.finish(self._plan.patience_seconds)

    def _replay_file(self, name: str) -> None:
        self.reading = name
        self._pace.start_file()
        with open_capture(name, self._flush) as items:
            self.summary.files += 1
            for item in items:
                if isinstance(item, Gap):
                    self.summary.add_gap(name, item)
                    continue
                for message in self._pipeline.feed(item):
                    self._send(message)

    def _send(self, message: Datagram) -> None:
        time_us = self._time_us(message.time_us)
        packet = self._packer.pack(message, time_us)
        if packet is None:
            return
        self._wait_for(message.time_us)
        if self._show is not None:
            self._show(message)
        if message.kind != self._kind or len(self._batch) >= _BATCH:
            self._flush()
            self._kind = message.kind
        self._batch.append(packet)

    def _flush(self) -> None:
        """Hand over what is due."""
        if not self._batch:
            return
        batch, self._batch = self._batch, []
        patience = self._plan.patience_seconds
        if not self._outlet.put_waiting(batch, self._kind, patience):
            raise SendError(f"nothing was delivered for {patience:g} s")

    def _time_us(self, time_us: int) -> int:
        """Return the time that the packet tells; 0 stays "not known" unless all are shifted."""
        if self._shift_us is None:
            begin_us = self._clock.now_us() - self._gained_us
            self._shift_us = begin_us - time_us if time_us else None
        if not time_us:
            return self._clock.now_us() if self._plan.is_now else 0
        return plausible_time(time_us + (self._shift_us or 0))

    def _wait_for(self, time_us: int) -> None:
        now = self._clock.elapsed_seconds()
        if self._started_at is None:
            self._started_at = now
        due = self._started_at + self._pace.due_seconds(time_us)
        delay = max(due - now, 0.0)
        if self._limit:
            delay += self._limit.delay_seconds(now + delay)
        if delay >= _SHORTEST_SLEEP_SECONDS:
            self._flush()
            self._clock.sleep(delay)
