"""The topics on the cluster: made when missing, compared with the settings when there."""

import asyncio
from collections.abc import Mapping
from typing import cast

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, for_code

from hepscope_common.bus.kafka_link import Link
from hepscope_common.bus.protocol import MAX_RECORD_BYTES
from hepscope_common.bus.settings import BusSettings
from hepscope_common.bus.topics import DEAD_LETTER, TOPICS
from hepscope_common.runtime import StartupError

BATCH_ROOM_BYTES = 148_000
"""Beside the longest record: its headers, and the batch around it."""

SETTLE_SECONDS = 0.2
"""Between asking for topics and looking for them."""

_ALREADY_EXISTS = 36
# Wrong settings or rights, which waiting does not change.
_HOPELESS = frozenset((17, 29, 31, 37, 40, 44))
_HOUR_MS = 3_600_000


class TopicsNotReadyError(Exception):
    """The cluster cannot make the topics at present."""


async def prepare(settings: BusSettings, link: Link) -> str:
    """Make the missing topics and return the cluster id.

    Raises StartupError when what is there does not fit the settings, TopicsNotReadyError or an
    OSError when trying again may help.
    """
    admin = AIOKafkaAdminClient(**link.options())
    try:
        await admin.start()
        cluster_id = str((await admin.describe_cluster())["cluster_id"])
        wanted = _wanted(settings, link)
        found = await _partition_counts(admin, wanted)
        missing = [name for name in wanted if name not in found]
        if missing:
            await _create(admin, settings, {name: wanted[name] for name in missing})
            await asyncio.sleep(SETTLE_SECONDS)
            found = await _partition_counts(admin, wanted)
    except (KafkaError, TimeoutError) as error:
        raise TopicsNotReadyError(str(error)) from error
    finally:
        await admin.close()
    _compare(wanted, found)
    return cluster_id


def _wanted(settings: BusSettings, link: Link) -> dict[str, int]:
    counts = {link.wire_topic(topic): settings.partitions for topic in TOPICS}
    return {**counts, link.wire_topic(DEAD_LETTER): 1}


async def _partition_counts(
    admin: AIOKafkaAdminClient, wanted: Mapping[str, int]
) -> dict[str, int]:
    # All topics are asked for: a question that names one may create it, with other partitions.
    topics = await admin.describe_topics()
    return {
        topic["topic"]: len(topic["partitions"])
        for topic in topics
        if topic["topic"] in wanted and topic["partitions"]
    }


async def _create(
    admin: AIOKafkaAdminClient, settings: BusSettings, counts: Mapping[str, int]
) -> None:
    config = {
        "retention.ms": str(int(settings.retention_hours * _HOUR_MS)),
        "min.insync.replicas": str(settings.min_insync_replicas),
        "max.message.bytes": str(MAX_RECORD_BYTES + BATCH_ROOM_BYTES),
        "cleanup.policy": "delete",
        # Of the broker: times of a producer whose clock is an hour ahead are refused for ever.
        "message.timestamp.type": "LogAppendTime",
        "compression.type": "producer",
        "unclean.leader.election.enable": "false",
    }
    answer = await admin.create_topics(
        [
            NewTopic(name, count, settings.replication_factor, topic_configs=config)
            for name, count in counts.items()
        ]
    )
    for outcome in cast("list[tuple[str, int, str | None]]", answer.topic_errors):
        name, code, text = (*outcome, None)[:3]
        if code in (0, _ALREADY_EXISTS):
            continue
        reason = f"topic {name} cannot be created: {text or for_code(code).__name__}"
        if code in _HOPELESS:
            raise StartupError(reason)
        raise TopicsNotReadyError(reason)


def _compare(wanted: Mapping[str, int], found: Mapping[str, int]) -> None:
    for name, count in wanted.items():
        if name not in found:
            raise TopicsNotReadyError(f"topic {name} is not there yet")
        if found[name] != count:
            raise StartupError(
                f"topic {name} has {found[name]} partitions, not {count}: all topics must have as"
                " many as the setting bus.partitions says (dead letters: one)"
            )
