"""``hepscope capture`` without ``--read``: from settings to a live capture and its exit code.

0 = ended by a signal, everything delivered as far as can be told, or on disk for the next start;
1 = something was not; 2 = the settings, a certificate or an interface cannot be used.
"""

import argparse
import sys

from hepscope_capture.clock import SystemClock
from hepscope_capture.live.crew import run_crew
from hepscope_capture.live.plan import CannotCaptureError, LivePlan
from hepscope_capture.live.service import LiveCapture
from hepscope_capture.printing import write_line
from hepscope_capture.settings import plans
from hepscope_capture.settings.reload import reload
from hepscope_capture.settings.settings import Settings
from hepscope_common import logs

_log = logs.get_logger("capture")

_MB = 1024 * 1024


def run_live(args: argparse.Namespace) -> int:
    """Capture until a signal; return the exit code."""
    settings: Settings = args.settings
    clock = SystemClock()
    write = write_line if settings["print"] else None
    source = _Source(settings)
    try:
        plan = plan_of(settings)
        if plan.workers > 1:
            return run_crew(plan, clock, write=write, reload=source.reload)
        is_delivered = LiveCapture(plan, clock, write=write, reload=source.reload).run()
    except (CannotCaptureError, ValueError) as error:
        logs.tell_failure("hepscope capture", str(error))
        return 2
    return 0 if is_delivered else 1


def plan_of(settings: Settings) -> LivePlan:
    """Return the plan that settings mean. Raises ValueError with a line for the user."""
    has_meter = settings["top"]
    if has_meter is None:
        has_meter = sys.stderr.isatty() and not settings["print"]
    return LivePlan(
        labels=plans.labels(settings),
        # Each once, in the order given.
        interfaces=tuple(dict.fromkeys(settings["interface"])),
        watched=tuple(map(str, settings["watch"])),
        relay=plans.relay_plan(settings),
        logs=plans.log_plan(settings, plans.state_directory(settings)),
        servers=plans.server_plans(settings),
        ports=settings["ports"] or None,
        expression=settings["filter"] or "",
        has_rtcp=settings["rtcp"],
        has_tunnels=settings["tunnels"],
        rtp_sample=plans.rtp_sample(settings),
        rules=plans.rule_plan(settings),
        is_promiscuous=settings["promiscuous"],
        snap_bytes=settings["snaplen"],
        ring_bytes=settings["ring_mb"] * _MB,
        buffer_bytes=settings["buffer_mb"] * _MB,
        state_directory=plans.state_directory(settings),
        spool_directory=plans.spool_root(settings),
        spool_bytes=settings["spool_mb"] * _MB,
        workers=settings["workers"],
        ops=settings["ops"],
        drain_seconds=settings["drain_seconds"],
        status_seconds=settings["status_seconds"],
        log_level=settings["log_level"],
        has_meter=has_meter,
    )


class _Source:
    """The settings in force, and how to read them again."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def reload(self) -> LivePlan:
        """Return the plan of the settings as they are now. Raises ValueError."""
        found = reload(self._settings)
        plan = plan_of(found.settings)
        self._settings = found.settings
        if found.waiting:
            _log.warning("changed, but in force only after a restart: %s", ", ".join(found.waiting))
        if found.taken:
            _log.info("changed: %s", ", ".join(found.taken))
        return plan
