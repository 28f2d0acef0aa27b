"""Sends what ``node_reports`` finds to the bus, as packets beside those of the senders.

They go through the batcher like any other, so they are numbered, spooled and stored once; one key
of routing, the name of the ingest, keeps them in order. While the bus is full nothing is sent: the
next report says it all.
"""

import asyncio
import socket
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from hep import partition_of
from hepscope_common.bus.topics import LOG
from hepscope_common.clock import Clock
from hepscope_common.node_report import (
    MAX_NAME,
    MAX_US,
    ListenerState,
    NodeReport,
    encode_reports,
)
from hepscope_common.runtime import Supervisor, cancel
from hepscope_ingest.batcher import Batcher
from hepscope_ingest.metrics import IngestMetrics
from hepscope_ingest.node_reports import NodeReports
from hepscope_ingest.report_settings import ReportSettings

LOOK_SECONDS: Final = 1.0
"""Between two looks for news, and so the least time between two reports."""

MAX_EARLY: Final = 3
"""Reports ahead of time between two regular ones: a flood of forged names is always news."""

WHOLE_SECONDS: Final = 300.0
"""After so long everything is told again, for a database that has lost or never had it."""


class NodeReporter:
    """Reports while it is entered."""

    def __init__(
        self,
        settings: ReportSettings,
        reports: NodeReports,
        batcher: Batcher,
        *,
        port: Callable[[], int],
        listeners: Callable[[], list[ListenerState]],
        partitions: int,
        now_us: Clock,
        supervisor: Supervisor,
        metrics: IngestMetrics,
    ) -> None:
        """Make a reporter; once listeners are open, they and the first of their ports are told."""
        self._settings = settings
        self._reports = reports
        self._batcher = batcher
        self._port = port
        self._listeners = listeners
        self._partitions = partitions
        self._now_us = now_us
        self._supervisor = supervisor
        self._metrics = metrics
        self._started_us = 0
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin, unless the settings say otherwise."""
        if self._settings.every_seconds:
            self._task = self._supervisor.start(self._run(), name="ingest node reports")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End; that no report follows says the same as a last one would."""
        await cancel(self._task)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        period = self._settings.every_seconds
        entered = told = loop.time()
        whole_at = entered
        early = 0
        while True:
            await asyncio.sleep(min(LOOK_SECONDS, period))
            now = loop.time()
            is_regular = now - told >= period
            is_early = not is_regular and early < MAX_EARLY and self._reports.has_news()
            if not (is_regular or is_early) or self._batcher.blocked:
                continue
            early = 0 if is_regular else early + 1
            whole = now >= whole_at
            self._report(now - entered, elapsed_seconds=now - told, whole=whole)
            told = now
            if whole:
                whole_at = now + WHOLE_SECONDS

    def _report(self, age_seconds: float, *, elapsed_seconds: float, whole: bool) -> None:
        now_us = self._now_us()
        # Taken once: by it the counts of one start are told from those of another.
        self._started_us = self._started_us or now_us - int(age_seconds * 1_000_000)
        if not (0 <= self._started_us <= MAX_US and 0 <= now_us <= MAX_US):
            return
        report = NodeReport(
            instance=instance_name(self._settings.instance, self._port()),
            started_us=self._started_us,
            reported_us=now_us,
            period_ms=max(int(self._settings.every_seconds * 1000), 1),
            nodes=self._reports.collect(now_us, elapsed_seconds=elapsed_seconds, whole=whole),
            listeners=self._listeners(),
        )
        partition = partition_of(report.instance.encode(), self._partitions)
        for packet in encode_reports(report):
            self._batcher.add(LOG, partition, packet)
            self._metrics.node_reports.add()


def instance_name(given: str, port: int) -> str:
    """Return the name of this ingest: as set, else host and port, which no other one has."""
    return (given or f"{socket.gethostname()}:{port}").replace("\0", "\ufffd")[-MAX_NAME:]
