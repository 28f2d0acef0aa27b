"""One destination: a queue that never makes its giver wait, and the thread that empties it."""

import math
import secrets
import threading
from collections.abc import Sequence
from dataclasses import replace

from hep.acknowledgement import ORIGIN_BYTES
from hepscope_capture.clock import Clock
from hepscope_capture.delivery.choice import Times
from hepscope_capture.delivery.counts import DeliveryCounts
from hepscope_capture.delivery.courier import Courier, Tell
from hepscope_capture.delivery.custody import Custody
from hepscope_capture.delivery.intake import Intake
from hepscope_capture.delivery.limits import Limits
from hepscope_capture.delivery.plan import ServerPlan
from hepscope_capture.delivery.reach import Reach
from hepscope_capture.delivery.spool import Spool
from hepscope_capture.delivery.spool_place import SpoolPlan, open_spool
from hepscope_capture.senders.target import Scheme
from hepscope_common.logs import get_logger

# What a courier that is held up by its disk leaves in the queue: part of the memory's bound.
_QUEUE_SHARE = 4

# Who waits for room looks so often whether anything gets on.
_LOOK_SECONDS = 0.1

_log = get_logger("capture.delivery")


class Destination:
    """Delivers what it is given, as its plan says."""

    def __init__(
        self,
        plan: ServerPlan,
        clock: Clock,
        *,
        spool: SpoolPlan | None = None,
        limits: Limits | None = None,
        times: Times | None = None,
        tell: Tell | None = None,
    ) -> None:
        """Make a destination, which is inert until it is started.

        Raises ValueError, with a line for the user, for certificates that cannot be used.
        """
        self.plan = plan
        self.name = plan.name
        self._clock = clock
        self._limits = limits or Limits()
        self._spool_plan = spool
        self._spool: Spool | None = None
        self._custody = Custody(
            secrets.token_bytes(ORIGIN_BYTES),
            self._limits,
            is_compressed=plan.is_compressed,
            divert=self._divert,
        )
        self._reaches = [Reach(one, plan.trust, plan.acks, clock) for one in plan.targets]
        self._courier = Courier(
            self._custody,
            self._reaches,
            clock,
            collect=self._collect,
            tell=tell or _tell,
            note=tell or _note,
            times=times or Times(),
        )
        self._large: Destination | None = None  # what no datagram holds, to the streams
        self._intake = Intake(self._limits.memory_bytes // _QUEUE_SHARE)
        self._is_ended = False
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)

    def takes(self, kind: int) -> bool:
        """Return whether packets of this HEP protocol type are for it."""
        return self.plan.kinds is None or kind in self.plan.kinds

    def start(self) -> None:
        """Begin to deliver; the thread takes the spool, or says why there is none."""
        self._thread.start()

    def put(self, packets: Sequence[bytes]) -> None:
        """Take HEP3 packets; never waits."""
        self._intake.put(packets)
        self._courier.ring()

    def put_waiting(self, packets: Sequence[bytes], seconds: float) -> bool:
        """Take HEP3 packets once there is room; False when nothing got on for so long."""

        def is_hopeless() -> bool:
            return self._is_ended or self.has_failed or self.stuck_seconds() > seconds

        is_taken = self._intake.put_waiting(packets, self._has_room, is_hopeless, _LOOK_SECONDS)
        self._courier.ring()
        return is_taken

    def position(self) -> int:
        """Return how many packets it was given so far."""
        return self._intake.given

    def is_safe(self, position: int) -> bool:
        """Return whether all that was given before a position is delivered, on disk, or dropped.

        What is in memory only is always the newest.
        """
        intake = self._intake
        with intake.turn:
            in_memory = self._custody.memory_packets + intake.packets
            return not in_memory or intake.given - in_memory - intake.hidden >= position

    def begin_end(self, seconds: float) -> None:
        """Take nothing more, and have all delivered or on disk within this time."""
        if not self._is_ended:
            self._is_ended = True
            self._courier.end(seconds)

    def end(self, seconds: float) -> bool:
        """Do so; return whether all is delivered or on disk within this time."""
        self.begin_end(seconds)
        if self._thread.ident is None:
            self._courier.close()
            return not self._intake.packets
        # The end itself takes a moment: a farewell, a last write.
        self._thread.join(seconds + 3.0)
        is_delivered = self._courier.is_delivered and not self._intake.packets
        if self._large is not None:
            is_delivered &= self._large.end(seconds)
        return is_delivered and not self._thread.is_alive()

    def finish(self, patience_seconds: float) -> bool:
        """End once all is delivered; False when nothing got on for so long."""
        self.begin_end(math.inf)
        is_given_up = False
        while self._thread.is_alive():
            self._thread.join(_LOOK_SECONDS)
            if not is_given_up and self.stuck_seconds() > patience_seconds:
                is_given_up = True
                self._courier.end(0.0)
        is_delivered = self._courier.is_delivered
        return is_delivered and (self._large is None or self._large.finish(patience_seconds))

    @property
    def trouble(self) -> str:
        """What is wrong with the connection, in a line for the user; empty = nothing."""
        return self._courier.trouble

    @property
    def connected_to(self) -> str:
        """The server that is connected; empty = none."""
        return self._courier.connected_to

    @property
    def is_acknowledging(self) -> bool | None:
        """Whether the server that was connected last acknowledges; None = not known."""
        return self._courier.is_acknowledging

    @property
    def spool_limit_bytes(self) -> int:
        """Bytes that its files may have; 0 = there is no disk under it."""
        return self._spool.limit_bytes if self._spool else 0

    @property
    def has_failed(self) -> bool:
        """Whether its thread has ended by itself: by a mistake of ours."""
        return not self._is_ended and self._thread.ident is not None and not self._thread.is_alive()

    @property
    def queued(self) -> int:
        """Packets that its thread has not looked at yet."""
        return self._intake.packets

    def counts(self) -> DeliveryCounts:
        """Return what became of the packets."""
        intake = self._intake
        with intake.turn:
            counts = self._custody.snapshot()
            # What is being moved is in both places for a moment; it was given once.
            counts.taken = intake.given
            counts.dropped["memory_full"] += intake.dropped
            counts.memory_bytes += intake.size_bytes
        if self._large is not None:
            counts.add_diverted(self._large.counts())
        done = counts.delivered + sum(counts.dropped.values())
        counts.kept = max(counts.taken + counts.recovered - done, 0)
        return counts

    def stuck_seconds(self) -> float:
        """Return for how long packets have waited without any getting on, or nobody is reached."""
        return self._clock.elapsed_seconds() - self._courier.progress_at

    def _has_room(self) -> bool:
        spool = self._spool
        if spool is not None and spool.size_bytes > spool.limit_bytes * 3 // 4:
            return False
        in_memory = self._intake.size_bytes + self._custody.memory_bytes
        return in_memory < self._limits.memory_bytes // _QUEUE_SHARE

    def _collect(self, now: float) -> None:
        """Move what was put into the custody; called by the courier."""
        if not self._custody.memory_packets:
            self._intake.hidden = 0
        self._intake.collect(lambda packets: self._custody.put(packets, now))

    def _divert(self, packet: bytes) -> bool:
        """Send what no datagram holds to the group's streams; False where there are none."""
        streams = tuple(one for one in self.plan.targets if one.scheme is not Scheme.UDP)
        if not streams:
            return False
        if self._large is None:
            self._large = Destination(
                replace(self.plan, targets=streams), self._clock, limits=self._limits
            )
            self._large.start()
        self._large.put([packet])
        return True

    def _run(self) -> None:
        try:
            # Here, since what an earlier process left may take a while to be looked through.
            if self._spool_plan is not None:
                self._spool = open_spool(self._spool_plan, self._clock.now_us)
            if self._spool is not None:
                self._custody.disk.use(self._spool)
                for reach in self._reaches:
                    reach.has_acknowledged = str(reach.target) in self._spool.acknowledging
            self._courier.run()
        except Exception:
            _log.exception("%s: delivery has ended by a mistake", self.name)
            self._courier.save()
            raise
        finally:
            self._courier.close()
            if self._spool is not None:
                self._spool.close()


def _tell(line: str) -> None:
    _log.warning("%s", line)


def _note(line: str) -> None:
    _log.info("%s", line)
