"""Surroundings: what the workers of a process share, and whom they tell."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hepscope_common.bus.protocol import TopicPartition
from hepscope_storage_writer.dead_letters import Outbox
from hepscope_storage_writer.metrics import WriterMetrics
from hepscope_storage_writer.nodes import PendingNodes
from hepscope_storage_writer.ownership import Settlement
from hepscope_storage_writer.settings import WriterSettings
from hepscope_storage_writer.transaction import Shared


@dataclass(slots=True)
class Surroundings:
    """What the workers of a process share, and whom they tell."""

    settings: WriterSettings
    shared: Shared
    outbox: Outbox
    metrics: WriterMetrics
    nodes: PendingNodes
    bus_id: str
    committed: Callable[[Mapping[TopicPartition, int]], None]
    """Told the next offsets once everything before them is committed."""
    settled: Callable[[Settlement], None]
    """Told what became of a stale batch: where to read again, what to leave alone."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by the worker that decodes. Taking turns record by record, all would have their
    batches ready at the same time and then wait for the database together."""
