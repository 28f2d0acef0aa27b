"""Taking bus partitions over: their epoch is raised first, then what they hold is read.

From the new epoch on nobody else stores anything of them, so what is read stays true until we
change it ourselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg

from hepscope_common.bus.protocol import OffsetOutOfRange, TopicPartition
from hepscope_common.runtime import StartupError
from hepscope_common.store import origins
from hepscope_common.store.gaps import given_up
from hepscope_common.store.origins import OriginAt
from hepscope_common.store.positions import Position, take_over


@dataclass(frozen=True, slots=True)
class TakenOver:
    """Partitions taken over: where each stands, and what is known of it."""

    positions: dict[TopicPartition, Position]
    origins: dict[OriginAt, int]
    given_up: dict[TopicPartition, int]


async def take_partitions(
    connection: asyncpg.Connection,
    bus_id: str,
    starts: Mapping[TopicPartition, int],
    owner: str,
    *,
    origin_limit: int,
) -> TakenOver:
    """Become the owner of partitions; of their origins those heard last are read, up to a limit.

    ``starts`` says where those begin of which nothing was ever stored: where their log begins,
    since a new database may meet a log that has already lost its first records.
    """
    wanted = dict[tuple[str, int], int](starts.items())
    found = await take_over(connection, bus_id, wanted, owner)
    lost = await given_up(connection, bus_id)
    return TakenOver(
        {TopicPartition(*where): position for where, position in found.items()},
        await origins.read_newest(connection, bus_id, starts, limit=origin_limit),
        {TopicPartition(*where): records for where, records in lost.items() if where in found},
    )


def missing_records(error: OffsetOutOfRange) -> StartupError:
    """Return the report of a position that lies outside of its log."""
    topic, partition = error.where
    return StartupError(
        f"stored up to offset {error.offset} of {topic}[{partition}], but the bus holds"
        f" {error.start} to {error.end}: records are missing, or this is another bus. To go on"
        f" without them: hepscope positions accept-gap --topic {topic} --partition {partition}"
    )
