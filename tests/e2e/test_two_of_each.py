"""Two replicas of every service over a real broker: together they do what one does."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from signal import SIGKILL, SIGTERM
from types import TracebackType
from typing import Self

import asyncpg
import httpx
import pytest

from support.builders import make_call
from support.daemon import Daemon
from support.kafka import KafkaServer, free_port, scratch_directory
from support.postgres import run_apart
from support.service import until

CALLS = 80
MESSAGES_OF_A_CALL = 7
SETTLE_SECONDS = 180
"""The partitions of who died are given away a session timeout later, on a busy machine."""


@pytest.fixture(scope="module")
def broker() -> Iterator[KafkaServer]:
    """A broker of these tests alone: topics have the names of production."""
    with scratch_directory() as folder:
        server = KafkaServer(Path(folder))
        server.start()
        yield server
        server.stop()


class Deployment:
    """Services of their own around one broker and one database, two replicas of each."""

    def __init__(self, broker: KafkaServer, dsn: str) -> None:
        self._dsn = dsn
        self._stack = ExitStack()
        self._settings = {
            "HEPSCOPE_BUS__BOOTSTRAP_SERVERS": broker.bootstrap,
            "HEPSCOPE_STORE__DSN": dsn,
            "HEPSCOPE_METRICS__LISTEN": "127.0.0.1:0",
        }
        self.hep = [free_port(), free_port()]
        self.pages = [free_port(), free_port()]
        self.writers = [self._make("hepscope_storage_writer") for _ in range(2)]
        self.exporters = [self._make("hepscope_metrics_exporter") for _ in range(2)]
        self.apis = [
            self._make("hepscope_query_api", HEPSCOPE_API__LISTEN=f"127.0.0.1:{port}")
            for port in self.pages
        ]
        self.ingests = [
            self._make(
                "hepscope_ingest",
                HEPSCOPE_INGEST__UDP=f"127.0.0.1:{port}",
                HEPSCOPE_INGEST__TCP=f"127.0.0.1:{port}",
                HEPSCOPE_INGEST__TLS="",
                HEPSCOPE_INGEST__HTTP="",
            )
            for port in self.hep
        ]

    def __enter__(self) -> Self:
        """Start everything and wait until it is ready."""
        parts = [*self.writers, *self.exporters, *self.apis, *self.ingests]
        with ExitStack() as starting:
            for part in parts:
                starting.enter_context(part)
            self._stack = starting.pop_all()
        for part in parts:
            part.wait_ready()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def send(self, replica: int, packets: list[bytes]) -> None:
        """Send packets over TCP to one of the ingests."""
        with socket.create_connection(("127.0.0.1", self.hep[replica]), 10) as connection:
            connection.sendall(b"".join(packets))

    def accepted(self) -> float:
        """Packets that both ingests have accepted."""
        return sum(
            one.metrics().value("hepscope_ingest_accepted_total")
            for one in self.ingests
            if one.process.poll() is None
        )

    def stored(self) -> tuple[int, int]:
        """Rows of SIP messages, and how many different ones those are."""
        return run_apart(self._count)

    def settled(self, rows: int) -> bool:
        """Whether that many rows are stored."""
        return self.stored()[0] >= rows

    def wait_stored(self, rows: int) -> None:
        """Wait for that many rows; there must be no more, and none twice."""
        until(lambda: self.settled(rows), f"{rows} rows", seconds=SETTLE_SECONDS)
        assert self.stored() == (rows, rows)

    def wait_counted(self, replicas: list[Daemon], metric: str) -> list[float]:
        """Wait until replicas have counted the first calls together, which no row tells."""

        def counts() -> list[float] | None:
            found = [one.metrics().value(metric) for one in replicas]
            return found if sum(found) >= CALLS * MESSAGES_OF_A_CALL else None

        found = until(counts, metric, seconds=SETTLE_SECONDS)
        assert sum(found) == CALLS * MESSAGES_OF_A_CALL, metric
        return found

    def call_counts(self, replica: int, prefix: str) -> dict[str, int]:
        """Message counts by Call-ID, as one of the APIs tells."""
        answer = httpx.get(
            f"http://127.0.0.1:{self.pages[replica]}/api/v1/calls",
            params={"call_id": f"{prefix}*", "limit": 1000, "start": "2026-11-01T00:00:00Z"},
            trust_env=False,
            timeout=30,
        )
        answer.raise_for_status()
        return {one["call_id"]: one["message_count"] for one in answer.json()["items"]}

    def reporting(self, replica: int) -> int:
        """How many living ingests have accepted packets of some node, as one of the APIs tells."""
        answer = httpx.get(
            f"http://127.0.0.1:{self.pages[replica]}/api/v1/nodes", trust_env=False, timeout=30
        )
        answer.raise_for_status()
        told = [one for item in answer.json()["items"] for one in item["instances"]]
        return len({one["instance"] for one in told if one["is_living"] and one["packets"]})

    async def _count(self) -> tuple[int, int]:
        connection = await asyncpg.connect(self._dsn)
        try:
            row = await connection.fetchrow(
                "select count(*), count(distinct (call_id, payload)) from hepscope.sip"
            )
        finally:
            await connection.close()
        assert row is not None
        return row[0], row[1]

    def _make(self, module: str, **settings: str) -> Daemon:
        return Daemon(module, {**self._settings, **settings})


def calls(prefix: str) -> list[list[bytes]]:
    """Return the packets of calls, all different."""
    return [make_call(f"{prefix}-{number}@example.org") for number in range(CALLS)]


def test_replicas_share_the_work_and_one_may_die(broker: KafkaServer, database: str) -> None:
    """Each call goes through both ingests; then a writer, an exporter and an API die."""
    with Deployment(broker, database) as both:
        first = calls("first")
        both.send(0, list(chain.from_iterable(call[0::2] for call in first)))
        both.send(1, list(chain.from_iterable(call[1::2] for call in first)))
        both.wait_stored(CALLS * MESSAGES_OF_A_CALL)

        stored = both.wait_counted(both.writers, "hepscope_writer_rows_total")
        assert all(stored), "a writer had nothing to do"
        both.wait_counted(both.exporters, "hepscope_packets_total")
        found = both.call_counts(0, "first")
        assert found == both.call_counts(1, "first")
        assert len(found) == CALLS
        assert set(found.values()) == {MESSAGES_OF_A_CALL}
        until(lambda: both.reporting(0) == 2, "reports of both ingests", seconds=SETTLE_SECONDS)

        second = calls("second")
        both.send(0, list(chain.from_iterable(call[0::2] for call in second)))
        for dying in (both.writers[0], both.exporters[0], both.apis[0]):
            dying.signal(SIGKILL)
        both.send(1, list(chain.from_iterable(call[1::2] for call in second)))
        both.wait_stored(2 * CALLS * MESSAGES_OF_A_CALL)
        assert set(both.call_counts(1, "second").values()) == {MESSAGES_OF_A_CALL}

        for ending in (both.ingests[0], both.writers[1], both.ingests[1]):
            assert ending.signal(SIGTERM) == 0, ending.log
