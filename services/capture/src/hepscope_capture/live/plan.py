"""What a live run is asked for."""

from dataclasses import dataclass, field
from pathlib import Path

from hepscope_capture.delivery.plan import ServerPlan
from hepscope_capture.delivery.spool_place import DEFAULT_SPOOL_MB
from hepscope_capture.inputs.plans import LogPlan, RelayPlan
from hepscope_capture.live.filter import DEFAULT_PORTS, DEFAULT_SNAP_BYTES
from hepscope_capture.packets import Labels
from hepscope_capture.pipeline import Wanted
from hepscope_capture.rules.plan import RulePlan
from hepscope_capture.rules.rules import Rules

_MB = 1024 * 1024


class CannotCaptureError(Exception):
    """The capture cannot begin; the text is for the user."""


@dataclass(frozen=True, slots=True)
class LivePlan:
    """How to capture live."""

    labels: Labels
    interfaces: tuple[str, ...] = ()
    watched: tuple[str, ...] = ()  # directories; - = standard input
    relay: RelayPlan = field(default_factory=RelayPlan)
    logs: LogPlan = field(default_factory=LogPlan)
    servers: tuple[ServerPlan, ...] = ()  # none = only shown
    ports: frozenset[int] | None = None  # None = the usual ones, or any with an expression
    expression: str = ""  # of tcpdump; empty = by ports
    has_rtcp: bool = True
    has_tunnels: bool = True
    rtp_sample: int = 0  # RTP of one in so many pairs of ports is counted; 0 = none
    rules: RulePlan = field(default_factory=RulePlan)
    is_promiscuous: bool = False
    snap_bytes: int = DEFAULT_SNAP_BYTES
    ring_bytes: int = 20 * _MB
    buffer_bytes: int = 64 * _MB
    state_directory: Path | None = None  # for notes on files that are watched; None = none
    spool_directory: Path | None = None  # None = what waits does so in memory only
    spool_bytes: int = DEFAULT_SPOOL_MB * _MB
    workers: int = 1
    ops: tuple[str, int] | None = None
    drain_seconds: float = 8.0
    status_seconds: float = 60.0
    log_level: str = "info"
    has_meter: bool = False  # live counters at the terminal

    def wanted(self) -> Wanted:
        """Return what the pipeline looks for, with rules of its own. Raises ValueError."""
        ports = self.ports
        if ports is None and self.interfaces and not self.expression:
            ports = DEFAULT_PORTS
        rules = Rules.compile(self.rules)
        return Wanted(ports, self.has_rtcp, self.logs.sniffed_ports, rules, self.rtp_sample)
