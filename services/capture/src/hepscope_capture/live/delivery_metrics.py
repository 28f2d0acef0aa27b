"""Metrics of delivery: what became of packets at each destination, and what waits there."""

from collections.abc import Sequence
from typing import Protocol

from hepscope_capture.delivery.counts import DROP_REASONS, DeliveryCounts
from hepscope_capture.live.tallied import Samples, TalliedFamily
from hepscope_common.metrics import Family, GaugeFamily

_DESTINATION = ("destination",)


class Destination(Protocol):
    """Where packets go, as metrics see it."""

    @property
    def name(self) -> str:
        """The servers, as the user named them."""
        ...

    @property
    def spool_limit_bytes(self) -> int:
        """Bytes that it may keep on disk; 0 = there is no disk under it."""
        ...

    def counts(self) -> DeliveryCounts:
        """Return what became of the packets given to it."""
        ...

    def stuck_seconds(self) -> float:
        """Return for how long nothing has moved although something waits."""
        ...


def delivery_families(destinations: Sequence[Destination], limit_bytes: int) -> list[Family]:
    """Return the families; ``limit_bytes`` is what may wait in memory for each destination."""

    def each(field: str) -> Samples:
        return [((one.name,), int(getattr(one.counts(), field))) for one in destinations]

    def counter(field: str, text: str) -> Family:
        name = f"hepscope_capture_{field}_total"
        return TalliedFamily(name, text, lambda: each(field), _DESTINATION)

    def gauge(field: str, name: str, text: str) -> Family:
        return GaugeFamily(f"hepscope_capture_{name}", text, lambda: each(field), _DESTINATION)

    def dropped() -> Samples:
        return [
            ((one.name, reason), one.counts().dropped.get(reason, 0))
            for one in destinations
            for reason in DROP_REASONS
        ]

    return [
        counter("taken", "Packets given to a destination."),
        counter("sent", "Packets handed to the network, each counted once."),
        counter("delivered", "Packets done with, by the best evidence of the server."),
        counter(
            "acknowledged",
            "Packets that the server has acknowledged: safe, or refused and counted there.",
        ),
        counter("resent", "Packets sent again, after a connection broke."),
        counter("connects", "Times that a connection was made."),
        counter("failovers", "Changes from one server of a group to another."),
        counter(
            "maybe_lost",
            "Packets at most that a server without acknowledgements lost with a connection.",
        ),
        counter("spooled", "Packets written to disk."),
        counter("recovered", "Packets found on disk, left by an earlier process."),
        counter("spool_errors", "What the disk refused."),
        counter("spool_damaged", "Places in spool files that could not be read back."),
        TalliedFamily(
            "hepscope_capture_dropped_total",
            "Packets that were not delivered, by reason.",
            dropped,
            ("destination", "reason"),
        ),
        gauge("kept", "backlog_packets", "Packets not delivered yet, in memory or on disk."),
        gauge("kept_on_disk", "spool_packets", "Packets of them on disk."),
        gauge("spool_bytes", "spool_bytes", "Bytes on disk."),
        GaugeFamily(
            "hepscope_capture_spool_limit_bytes",
            "Bytes that may be on disk, the oldest out beyond; 0 = no disk, memory alone.",
            lambda: [((one.name,), one.spool_limit_bytes) for one in destinations],
            _DESTINATION,
        ),
        gauge("memory_bytes", "backlog_bytes", "Bytes in memory."),
        gauge(
            "unacknowledged",
            "unacknowledged_packets",
            "Packets handed to the present connection and not known to be there.",
        ),
        GaugeFamily(
            "hepscope_capture_backlog_limit_bytes",
            "Bytes in memory that may wait for one destination.",
            lambda: [((), limit_bytes)],
        ),
        GaugeFamily(
            "hepscope_capture_stuck_seconds",
            "For how long there is no connection, or packets wait without any progress.",
            lambda: [((one.name,), one.stuck_seconds()) for one in destinations],
            _DESTINATION,
        ),
    ]
