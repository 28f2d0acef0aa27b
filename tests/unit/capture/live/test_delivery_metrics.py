"""What alerts and dashboards ask of delivery, as a scraper reads it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from prometheus_client import CollectorRegistry

from hepscope_capture.clock import SystemClock
from hepscope_capture.delivery.counts import DROP_REASONS, DeliveryCounts
from hepscope_capture.delivery.plan import parse_server
from hepscope_capture.delivery.router import make_router
from hepscope_capture.live.crew_metrics import crew_families
from hepscope_capture.live.metrics import CaptureMetrics
from hepscope_capture.live.snapshot import Snapshot, Together
from hepscope_common.metrics import PlainCollector
from support.service import until

SERVER = "tcp://127.0.0.1:1"


@dataclass
class Somewhere:
    """A destination with counts that are known."""

    name: str
    spool_limit_bytes: int
    kept: DeliveryCounts = field(default_factory=DeliveryCounts)

    def counts(self) -> DeliveryCounts:
        return self.kept

    def stuck_seconds(self) -> float:
        return 7.0


def test_each_destination_has_its_own_bounds_and_losses() -> None:
    """With a zero for each reason: what first appears above zero has no increase to be seen."""
    registry = CollectorRegistry()
    full = DeliveryCounts(spool_bytes=90, kept_on_disk=3, dropped={"spool_full": 5})
    places = [Somewhere("a", 100, full), Somewhere("b", 0)]
    CaptureMetrics(registry, destinations=places, limit_bytes=64)

    def of(metric: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"hepscope_capture_{metric}", labels)

    assert (of("spool_bytes", destination="a"), of("spool_limit_bytes", destination="a")) == (
        90,
        100,
    )
    assert of("spool_limit_bytes", destination="b") == 0
    assert of("spool_packets", destination="a") == 3
    dropped = {
        (name, reason): of("dropped_total", destination=name, reason=reason)
        for name in "ab"
        for reason in DROP_REASONS
    }
    assert dropped.pop(("a", "spool_full")) == 5
    assert set(dropped.values()) == {0}
    assert of("stuck_seconds", destination="b") == 7


def test_without_a_disk_the_bound_of_the_spool_is_zero(tmp_path: Path) -> None:
    """So that an alert tells who keeps everything in memory: the place cannot be a directory."""
    (tmp_path / "file").touch()
    for directory, limit in ((tmp_path / "spool", 4096), (tmp_path / "file" / "spool", 0)):
        router = make_router(
            [parse_server(SERVER)], SystemClock(), spool_directory=directory, spool_bytes=4096
        )
        registry = CollectorRegistry()
        CaptureMetrics(registry, destinations=router.destinations)
        router.start()
        try:
            labels = {"destination": SERVER}
            sample = partial(
                registry.get_sample_value, "hepscope_capture_spool_limit_bytes", labels
            )
            until(partial(_is, sample, limit), f"a bound of {limit} bytes")
        finally:
            router.end(0)


def _is(sample: Callable[[], float | None], value: float) -> bool:
    return sample() == value


def test_workers_that_ended_are_counted() -> None:
    """Beside how many run."""
    registry = CollectorRegistry()
    together = Together(2)
    PlainCollector(registry, crew_families(together))
    together.update(0, Snapshot())
    together.update(1, Snapshot())
    together.end(1)
    assert registry.get_sample_value("hepscope_capture_workers") == 1
    assert registry.get_sample_value("hepscope_capture_worker_restarts_total") == 1
