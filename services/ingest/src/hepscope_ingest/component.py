"""Ingest as one component: listeners in front, the batcher behind them."""

from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from prometheus_client import CollectorRegistry

from hepscope_common.bus import Bus
from hepscope_common.clock import Clock, wall_clock_us
from hepscope_common.logs import get_logger
from hepscope_common.runtime import Supervisor
from hepscope_ingest.batcher import Batcher
from hepscope_ingest.delivery_choice import make_delivery, make_spool
from hepscope_ingest.intake import Intake
from hepscope_ingest.listeners.udp import listening_drops, receive_buffers
from hepscope_ingest.listening import Listening
from hepscope_ingest.metrics import IngestMetrics
from hepscope_ingest.node_reporter import NodeReporter
from hepscope_ingest.node_reports import NodeReports
from hepscope_ingest.peers import PeerTable
from hepscope_ingest.settings import IngestSettings

_log = get_logger("ingest")


class Ingest:
    """Accepts HEP and puts it on a bus."""

    name = "ingest"
    drain_seconds = 20.0

    def __init__(
        self,
        settings: IngestSettings,
        bus: Bus,
        registry: CollectorRegistry,
        supervisor: Supervisor,
        *,
        now_us: Clock = wall_clock_us,
    ) -> None:
        self.peers = peers = PeerTable()
        spool = make_spool(settings, now_us)
        self.metrics = IngestMetrics(
            registry,
            kernel_drops=lambda: listening_drops(self.listening.udp),
            receive_buffers=lambda: receive_buffers(self.listening.udp),
            connections=lambda: list(self.listening.connections()),
            certificate_expiry=lambda: list(self.listening.certificate_expiry()),
            peers=peers.accepted,
            refused_peers=peers.refused,
            held=lambda: [((), self._batcher.held_packets)],
            unacknowledged=lambda: [((), self.intake.ledgers.outstanding)],
            spool=spool,
        )
        producer = bus.producer()
        self._delivery = make_delivery(settings, producer, self.metrics, supervisor, spool)
        self._batcher = Batcher(
            self._delivery,
            supervisor,
            record_bytes=settings.record_bytes,
            age_seconds=settings.record_age_ms / 1000,
        )
        self.intake = Intake(
            batcher=self._batcher,
            producer=producer,
            metrics=self.metrics,
            partitions=bus.partitions,
            now_us=now_us,
            auth_keys=settings.auth_keys,
            rate_limit=settings.rate_limit,
            rules=settings.rules,
        )
        self.listening = Listening(settings, self.intake, peers, self.metrics, supervisor)
        self.udp, self.tcp = self.listening.udp, self.listening.tcp
        self.tls, self.http = self.listening.tls, self.listening.http
        self._reporter = NodeReporter(
            settings.reports,
            NodeReports(self.metrics.nodes, peers),
            self._batcher,
            port=lambda: self.listening.first_port,
            listeners=lambda: self.listening.states(self.metrics.received.counts),
            partitions=bus.partitions,
            now_us=now_us,
            supervisor=supervisor,
            metrics=self.metrics,
        )
        self._stack = AsyncExitStack()

    def ready(self) -> tuple[bool, str]:
        """Tell whether packets are taken at present, and where."""
        if self._batcher.blocked:
            return False, "the bus is full: reading from the network has stopped"
        names = ", ".join(one.name for one in self.listening.all)
        return True, f"accepting at {names or 'no address'}"

    async def __aenter__(self) -> Self:
        """Open every listener, or none."""
        async with AsyncExitStack() as opening:
            await opening.enter_async_context(self._delivery)
            opening.push_async_callback(self._batcher.flush)
            await opening.enter_async_context(self._reporter)
            await opening.enter_async_context(self.listening)
            self._stack = opening.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the listeners, then put everything taken on the bus."""
        try:
            await self._stack.aclose()
        finally:
            if held := self._batcher.held_packets:
                _log.error("%d accepted packets did not reach the bus", held)
