"""Two real exporters over a real Kafka: what changes hands is counted once and stays known.

Calls are set up before a hand-over and hung up after it. Each count is asked of both exporters
together, as a recording rule adds them up.
"""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from signal import SIGKILL
from zlib import crc32

import pytest

from hepscope_common.bus import SIGNALLING
from hepscope_common.bus.kafka import KafkaBus
from hepscope_common.bus.settings import BusSettings
from hepscope_common.clock import wall_clock_us
from support.builders import BASE_US
from support.daemon import Daemon
from support.kafka import Kafka
from support.kafka_bus import admin_of, delete_topics, running_bus, settings_of
from support.service import Metrics, until
from unit.metrics_exporter.call_flow import CallFlow
from unit.metrics_exporter.exporter_world import arrived

PARTITIONS = 4
CALLS = 40
PENDING = 20
SETTLE_SECONDS = 120.0


def names(kind: str, count: int) -> list[str]:
    """Call-IDs that are spread over the partitions."""
    return [f"{number:04d}-{kind}@example.org" for number in range(count)]


def begun(call_id: str) -> CallFlow:
    """A call that is answered and goes on."""
    flow = CallFlow(call_id).request(0, "INVITE").response(0.02, 100)
    return flow.response(0.2, 180).response(0.3, 200).request(0.31, "ACK", in_dialog=True)


class Installation:
    """Exporters around topics of their own."""

    def __init__(self, settings: BusSettings) -> None:
        self.settings = settings
        self.exporters: list[Daemon] = []
        self._stack = ExitStack()
        self._last: dict[int, dict[tuple[str, str], float]] = {}

    def start(self) -> Daemon:
        """Start one more exporter, which then waits for partitions."""
        exporter = Daemon(
            "hepscope_metrics_exporter",
            {
                "HEPSCOPE_BUS__BOOTSTRAP_SERVERS": ",".join(self.settings.bootstrap_servers),
                "HEPSCOPE_BUS__TOPIC_PREFIX": self.settings.topic_prefix,
                "HEPSCOPE_BUS__PARTITIONS": str(PARTITIONS),
                "HEPSCOPE_BUS__SESSION_SECONDS": str(self.settings.session_seconds),
                "HEPSCOPE_METRICS__LISTEN": "127.0.0.1:0",
                # However slow the machine is, no attempt may end for want of an answer.
                "HEPSCOPE_METRICS__LATE_SECONDS": "300",
            },
        )
        self._stack.enter_context(exporter)
        self.exporters.append(exporter)
        return exporter

    def close(self) -> None:
        """End all of them."""
        self._stack.close()

    def scrape(self) -> list[Metrics]:
        """Scrape every exporter; of each no counter may have fallen since the last time."""
        found = []
        for number, exporter in enumerate(self.exporters):
            metrics = exporter.metrics()
            counters = {
                (name, str(sorted(labels.items()))): value
                for name, labels, value in metrics.samples
                if name.endswith(("_total", "_count", "_bucket")) or name.startswith("heplify_meth")
            }
            before = self._last.get(number, {})
            fallen = [key for key, value in before.items() if counters.get(key, -1.0) < value]
            assert fallen == []
            self._last[number] = counters
            found.append(metrics)
        return found

    def sum(self, name: str, **labels: str) -> float:
        """Return the sum over the exporters."""
        return sum(metrics.value(name, **labels) for metrics in self.scrape())

    def wait_for(self, value: float, name: str, **labels: str) -> None:
        """Return once the sum over the exporters is a value."""
        until(
            lambda: self.sum(name, **labels) == value,
            f"{name} {labels} to be {value}",
            seconds=SETTLE_SECONDS,
        )


@pytest.fixture
def installation(kafka: Kafka) -> Iterator[Installation]:
    """Topics of four partitions, and no exporter yet."""
    found = Installation(settings_of(kafka, partitions=PARTITIONS))
    yield found
    found.close()
    asyncio.run(delete_topics(kafka, found.settings.topic_prefix))


class Sender:
    """Puts flows on the bus as if they were captured now; one record each."""

    def __init__(self, kafka: Kafka, bus: KafkaBus, prefix: str) -> None:
        self.records = 0
        self._kafka = kafka
        self._bus = bus
        self._prefix = prefix

    async def send(self, flows: list[CallFlow]) -> None:
        """Send, and return once the broker has everything."""
        shift_us = wall_clock_us() - BASE_US
        producer = self._bus.producer()
        for flow in flows:
            number = crc32(flow.call_id.encode()) % PARTITIONS
            packets = [arrived(packet, time_us + shift_us) for time_us, packet in flow.packets]
            await producer.send(SIGNALLING, number, b"".join(packets), len(packets))
        await producer.flush()
        self.records += len(flows)

    async def until_committed(self) -> None:
        """Return once the exporters have told the group that they counted everything."""
        async with asyncio.timeout(SETTLE_SECONDS), admin_of(self._kafka) as admin:
            done = -1
            while done != self.records:
                offsets = await admin.list_consumer_group_offsets(f"{self._prefix}exporter")
                done = sum(
                    found.offset
                    for where, found in offsets.items()
                    if where.topic == self._prefix + SIGNALLING
                )
                await asyncio.sleep(0.1)


async def test_a_hand_over_counts_nothing_twice_and_knows_the_calls(
    kafka: Kafka, installation: Installation
) -> None:
    """By a second exporter that joins, and then by the death of the first."""
    run = asyncio.to_thread
    wait_for = installation.wait_for
    async with running_bus(installation.settings) as bus:
        sender = Sender(kafka, bus, installation.settings.topic_prefix)
        first = await run(installation.start)
        calls = names("call", CALLS)
        pending = names("pending", PENDING)
        await sender.send([begun(name) for name in calls])
        await sender.send([CallFlow(name).request(0, "INVITE") for name in pending])
        await run(wait_for, CALLS + PENDING, "hepscope_attempts_opened_total")
        await run(wait_for, CALLS, "hepscope_sessions_concurrent")

        second = await run(installation.start)
        await run(
            until,
            lambda: second.metrics().value("hepscope_exporter_rebuilt_records_total") > 0,
            "partitions to be taken over",
            seconds=SETTLE_SECONDS,
        )
        await run(wait_for, CALLS, "hepscope_sessions_concurrent")
        assert await run(lambda: first.metrics().value("hepscope_sessions_concurrent")) < CALLS
        await sender.send([CallFlow(name).hang_up(0, answered_s=0.1) for name in calls[::2]])
        await sender.send([CallFlow(name).response(5, 486) for name in pending[::2]])
        await run(wait_for, CALLS / 2, "hepscope_sessions_ended_total", outcome="completed")
        await run(wait_for, PENDING / 2, "hepscope_attempts_settled_total", status="486")

        await sender.until_committed()
        await run(installation.scrape)
        last = await run(first.metrics)
        installation.exporters.remove(first)
        installation._last = {0: installation._last[1]}
        await run(first.signal, SIGKILL)
        before = await run(second.metrics)

        def gained(name: str, **labels: str) -> float:
            """Return what both have counted, the dead one as scraped last."""
            return last.value(name, **labels) + installation.sum(name, **labels)

        await run(wait_for, CALLS / 2, "hepscope_sessions_concurrent")
        await sender.send([CallFlow(name).hang_up(0, answered_s=0.1) for name in calls[1::2]])
        await sender.send([CallFlow(name).response(5, 486) for name in pending[1::2]])
        await run(
            until,
            lambda: (
                gained("hepscope_sessions_ended_total", outcome="completed") == CALLS
                and gained("hepscope_attempts_settled_total", status="486") == PENDING
            ),
            "every call to be ended, and every attempt to be settled",
            seconds=SETTLE_SECONDS,
        )
        assert before.value("hepscope_exporter_takeovers_total") < gained(
            "hepscope_exporter_takeovers_total"
        )
        for name, count in {
            "hepscope_attempts_opened_total": CALLS + PENDING,
            "hepscope_attempts_settled_total": CALLS + PENDING,
            "hepscope_node_attempts_settled_total": CALLS + PENDING,
            "hepscope_sdt_seconds_count": CALLS,
            "hepscope_packets_total": 7 * CALLS + 2 * PENDING,
        }.items():
            assert await run(gained, name) == count, name
        for kpi, ratio in {
            "ser": (CALLS, CALLS + PENDING),
            "seer": (CALLS + PENDING, CALLS + PENDING),
            "scr": (CALLS, CALLS + PENDING),
        }.items():
            both = ("hepscope_kpi_numerator_total", "hepscope_kpi_denominator_total")
            assert tuple([gained(name, kpi=kpi) for name in both]) == ratio, kpi
        invites = {"method": "INVITE", "response": "INVITE"}
        # The client library's parser ends the names of all counters so; Prometheus does not.
        assert gained("heplify_method_response_total", **invites) == CALLS + PENDING
        assert await run(lambda: installation.sum("hepscope_sessions_concurrent")) == 0
