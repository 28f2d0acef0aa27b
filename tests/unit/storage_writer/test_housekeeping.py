"""Tests of what is done beside storing; no database answers here."""

import pytest
from prometheus_client import CollectorRegistry

from hepscope_common.store.partitions import LeafCache
from hepscope_storage_writer.expiry import Expiry
from hepscope_storage_writer.housekeeping import Housekeeping, StalledError
from hepscope_storage_writer.metrics import WriterMetrics
from hepscope_storage_writer.nodes import NodeSeen, PendingNodes
from hepscope_storage_writer.parties import Parties
from hepscope_storage_writer.session import Session
from hepscope_storage_writer.settings import WriterSettings
from hepscope_storage_writer.transaction import Shared

NOWHERE = "postgresql://nobody@/none?host=/nonexistent"


class Worker:
    """A worker that is silent for a given time."""

    number = 0

    def __init__(self, silent_seconds: float) -> None:
        self.silent_seconds = silent_seconds
        self.cuts = 0

    def cut(self) -> None:
        """Count the cut."""
        self.cuts += 1


def make_housekeeping(worker: Worker, pending: PendingNodes) -> Housekeeping:
    """Return housekeeping whose database is away."""
    shared = Shared(
        side=Session(NOWHERE, name="test"),
        leaves=LeafCache(),
        parties=Parties(1),
        expiry=Expiry(),
        now_us=lambda: 0,
        silence_us=1,
    )
    settings = WriterSettings(stall_seconds=100.0)
    return Housekeeping(shared, pending, WriterMetrics(CollectorRegistry()), [worker], settings)


@pytest.mark.parametrize(("silent", "cuts"), [(0.0, 0), (50.0, 0), (51.0, 1), (100.0, 1)])
def test_a_session_that_is_silent_for_half_the_time_is_cut(silent: float, cuts: int) -> None:
    """Its batch is then tried again on a new one."""
    worker = Worker(silent)

    make_housekeeping(worker, PendingNodes()).look()

    assert worker.cuts == cuts


def test_a_batch_without_verdict_for_too_long_ends_the_process() -> None:
    """A silent hang becomes a restart."""
    with pytest.raises(StalledError, match="connection 0: no verdict for 101 s"):
        make_housekeeping(Worker(101.0), PendingNodes()).look()


async def test_counts_wait_while_the_database_is_away() -> None:
    """They are written once it is there."""
    pending = PendingNodes()
    pending.add({"a": NodeSeen(1, 3, 1, 2, 5)})

    await make_housekeeping(Worker(0.0), pending).flush()

    assert pending.take() == {"a": NodeSeen(1, 3, 1, 2, 5)}
