"""Counts of several processes as those of one."""

from prometheus_client import CollectorRegistry

from hepscope_capture.live.snapshot import Together, decode, encode
from hepscope_common.metrics import CounterFamily, GaugeFamily, PlainCollector, expose

READY = {"server": (True, "")}


class Worker:
    """Counts of one process."""

    def __init__(self) -> None:
        self.frames = CounterFamily("hepscope_capture_frames_total", "Frames.", ("interface",))
        self.stuck = 0.0
        self.up = 1.0
        self.waiting = 0.0
        self._registry = CollectorRegistry()
        PlainCollector(
            self._registry,
            [
                self.frames,
                self._gauge("hepscope_capture_stuck_seconds", lambda: self.stuck),
                self._gauge("hepscope_capture_interface_up", lambda: self.up),
                self._gauge("hepscope_capture_backlog_packets", lambda: self.waiting),
            ],
        )

    @staticmethod
    def _gauge(name: str, read: object) -> GaugeFamily:
        assert callable(read)
        return GaugeFamily(name, "A gauge.", lambda: [((), read())])

    def snapshot(self, readiness: dict[str, tuple[bool, str]] | None = None) -> bytes:
        """What it tells the process above."""
        return encode(self._registry, readiness or READY, {"frames": 3})


def exposed(together: Together) -> dict[str, float]:
    """Samples by name and labels, as a scraper reads them."""
    registry = CollectorRegistry()
    registry.register(together)
    lines = expose(registry, "")[0].decode().splitlines()
    return {
        name: float(value)
        for line in lines
        if not line.startswith("#")
        for name, _, value in [line.rpartition(" ")]
    }


def test_counters_are_added_up_and_never_fall() -> None:
    """Also when a worker ends and another begins at zero."""
    first, second, together = Worker(), Worker(), Together(2)
    first.frames.add(("eth1",), 10)
    second.frames.add(("eth1",), 5)
    together.update(0, decode(first.snapshot()))
    together.update(1, decode(second.snapshot()))
    name = 'hepscope_capture_frames_total{interface="eth1"}'
    assert exposed(together)[name] == 15
    together.end(1)
    assert (exposed(together)[name], together.running, together.ended) == (15, 1, 1)
    third = Worker()
    third.frames.add(("eth1",), 1)
    together.update(1, decode(third.snapshot()))
    assert (exposed(together)[name], together.running) == (16, 2)


def test_gauges_tell_the_worst() -> None:
    """Or the sum, where that says more; those of the dead do not count."""
    first, second, together = Worker(), Worker(), Together(2)
    first.stuck, second.stuck = 40.0, 0.0
    second.up = 0.0
    first.waiting, second.waiting = 100.0, 11.0
    together.update(0, decode(first.snapshot()))
    together.update(1, decode(second.snapshot()))
    found = exposed(together)
    assert found["hepscope_capture_stuck_seconds"] == 40
    assert found["hepscope_capture_interface_up"] == 0
    assert found["hepscope_capture_backlog_packets"] == 111
    assert together.totals() == {"frames": 6}
    together.end(1)
    assert exposed(together)["hepscope_capture_interface_up"] == 1


def test_readiness_is_that_of_all() -> None:
    """Who is not ready is told, and who does not run."""
    together = Together(2)
    assert together.readiness() == (False, "worker 1 does not run; worker 2 does not run")
    together.update(0, decode(Worker().snapshot()))
    together.update(1, decode(Worker().snapshot({"server": (False, "takes nothing for 40 s")})))
    assert together.readiness() == (False, "worker 2: takes nothing for 40 s")
    together.update(1, decode(Worker().snapshot()))
    assert together.readiness() == (True, "")
