"""The numbers on the bus, read from the broker itself, and where its logs end.

aiokafka is used directly, without a consumer group: the bus of ours is what is being tested.
"""

from collections import Counter
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, TopicPartition

from chaos.broker import Topics, signalling_of
from chaos.numbers import Number, number_of_payload
from hep import DecodeError, decode3, scan
from hepscope_common.bus.origins import numbering_of

MOST_RECORDS = 2000
POLL_MS = 1000
REQUEST_MS = 30_000


@dataclass(slots=True)
class TopicContent:
    """What a topic holds: how often each number, and what belongs to no chaos run."""

    numbers: Counter[Number] = field(default_factory=Counter)
    records: int = 0
    strangers: int = 0
    unnumbered_records: int = 0
    """Records without origin headers, which could not be told from their copies."""

    def add(self, value: bytes, headers: tuple[tuple[str, bytes], ...]) -> None:
        """Take a record; bytes that are no packets count as a stranger."""
        self.records += 1
        self.unnumbered_records += numbering_of(headers) is None
        try:
            payloads = [decode3(packet).payload for packet in scan(value)]
        except DecodeError:
            self.strangers += 1
            return
        for payload in payloads:
            number = number_of_payload(payload)
            if number is None:
                self.strangers += 1
            else:
                self.numbers[number] += 1


def _consumer(bootstrap: str) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        request_timeout_ms=REQUEST_MS,
    )


async def end_offsets(broker: Topics, partitions: int) -> dict[int, int]:
    """Return the offset behind the last record of each partition of signalling."""
    async with _consumer(broker.bootstrap) as consumer:
        where = [TopicPartition(signalling_of(broker), n) for n in range(partitions)]
        return {at.partition: end for at, end in (await consumer.end_offsets(where)).items()}


async def read_topic(broker: Topics, partitions: int) -> TopicContent:
    """Return everything that stands in the topic of signalling now."""
    content = TopicContent()
    where = [TopicPartition(signalling_of(broker), n) for n in range(partitions)]
    async with _consumer(broker.bootstrap) as consumer:
        consumer.assign(where)
        ends = await consumer.end_offsets(where)
        await consumer.seek_to_beginning(*where)
        while any([await consumer.position(at) < ends[at] for at in where]):
            batches = await consumer.getmany(timeout_ms=POLL_MS, max_records=MOST_RECORDS)
            for records in batches.values():
                for record in records:
                    content.add(record.value or b"", tuple(record.headers))
    return content
