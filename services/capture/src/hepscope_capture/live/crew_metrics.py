"""Metrics of a capture by several processes, beside those that its workers have together."""

from collections.abc import Sequence

from hepscope_capture.live.snapshot import Together
from hepscope_capture.live.tallied import TalliedFamily
from hepscope_common.metrics import Family, GaugeFamily


def crew_families(together: Together) -> Sequence[Family]:
    """Return the families."""
    return [
        GaugeFamily(
            "hepscope_capture_workers",
            "With --workers: processes that share the traffic and run.",
            lambda: [((), together.running)],
        ),
        TalliedFamily(
            "hepscope_capture_worker_restarts_total",
            "With --workers: workers that ended by themselves and were started again.",
            lambda: [((), together.ended)],
        ),
    ]
