"""What a worker counted so far, as bytes; and the counts of all workers together, as metrics.

Counters are added up, also those of workers that have ended, so that none ever falls. Of gauges the
sum is told, unless another value says more: the lowest of what is up, the longest time of trouble.
"""

import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

_LOWEST = frozenset({"hepscope_capture_interface_up", "process_start_time_seconds"})
_HIGHEST = frozenset(
    {
        "hepscope_capture_stuck_seconds",
        "hepscope_capture_card_drops",
        "python_info",
        "process_max_fds",
    }
)

_Series = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(slots=True)
class _Kind:
    """A metric without its samples."""

    name: str
    text: str
    type: str


@dataclass(slots=True)
class Snapshot:
    """Metrics, readiness and a few totals of one worker at one moment."""

    kinds: list[_Kind] = field(default_factory=list)
    samples: dict[_Series, float] = field(default_factory=dict)
    counters: set[str] = field(default_factory=set)  # names of samples that only grow
    readiness: dict[str, tuple[bool, str]] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)


def encode(
    registry: CollectorRegistry,
    readiness: Mapping[str, tuple[bool, str]],
    totals: Mapping[str, int],
) -> bytes:
    """Return the snapshot of this moment."""
    metrics = [
        (one.name, one.documentation, one.type, [(s.name, s.labels, s.value) for s in one.samples])
        for one in registry.collect()
    ]
    return json.dumps((metrics, readiness, totals)).encode()


def decode(data: bytes) -> Snapshot:
    """Return what ``encode`` was given."""
    metrics, readiness, totals = json.loads(data)
    found = Snapshot(totals=totals)
    found.readiness = {name: (ok, why) for name, (ok, why) in readiness.items()}
    for name, text, kind, samples in metrics:
        found.kinds.append(_Kind(name, text, kind))
        for sample, labels, value in samples:
            found.samples[sample, tuple(sorted(labels.items()))] = value
            if kind == "counter":
                found.counters.add(sample)
    return found


class Together(Collector):
    """The latest snapshots of several workers as one list of metrics.

    Told by one thread, asked by those that answer requests.
    """

    def __init__(self, count: int) -> None:
        self._latest: list[Snapshot | None] = [None] * count
        self._past: dict[_Series, float] = {}
        self._kinds: dict[str, _Kind] = {}
        self._turn = threading.Lock()
        self.ended = 0
        """Workers that have ended by now."""

    def update(self, number: int, snapshot: Snapshot) -> None:
        """Take a worker's latest."""
        with self._turn:
            self._latest[number] = snapshot
            self._kinds.update((kind.name, kind) for kind in snapshot.kinds)

    def end(self, number: int) -> None:
        """Keep what a worker counted that has ended."""
        with self._turn:
            last, self._latest[number] = self._latest[number], None
            self.ended += 1
            for series, value in (last.samples if last else {}).items():
                if last is not None and series[0] in last.counters:
                    self._past[series] = self._past.get(series, 0) + value

    @property
    def running(self) -> int:
        """Workers that have told something and not ended."""
        return sum(one is not None for one in self._latest)

    def readiness(self) -> tuple[bool, str]:
        """Say whether all workers are ready; if not, which are not, and why."""
        faults = []
        for number, one in enumerate(list(self._latest), 1):
            if one is None:
                faults.append(f"worker {number} does not run")
                continue
            faults += [f"worker {number}: {why}" for ok, why in one.readiness.values() if not ok]
        return not faults, "; ".join(faults)

    def totals(self) -> dict[str, int]:
        """Return the totals of the workers that run, added up."""
        found: dict[str, int] = {}
        for one in self._latest:
            for name, count in (one.totals if one else {}).items():
                found[name] = found.get(name, 0) + count
        return found

    def collect(self) -> Iterable[Metric]:
        """Return the samples of all."""
        values: dict[_Series, list[float]] = {}
        with self._turn:
            told = [one.samples for one in self._latest if one is not None]
            for samples in (*told, self._past):
                for series, value in samples.items():
                    values.setdefault(series, []).append(value)
            metrics = {
                name: Metric(kind.name, kind.text, kind.type) for name, kind in self._kinds.items()
            }
        for (name, labels), found in values.items():
            metric = metrics.get(name) or metrics.get(name.removesuffix("_total"))
            if metric is not None:
                metric.add_sample(name, dict(labels), _combined(name, found))
        return metrics.values()

    def describe(self) -> Iterable[Metric]:
        """Name none: they are not known before a worker has told them."""
        return ()


def _combined(name: str, values: list[float]) -> float:
    if name in _LOWEST:
        return min(values)
    return max(values) if name in _HIGHEST else sum(values)
