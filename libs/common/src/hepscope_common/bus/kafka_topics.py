"""The topics on the cluster: made when missing, compared with the settings when there."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import NamedTuple, cast

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, for_code

from hepscope_common.bus.kafka_link import Link
from hepscope_common.bus.kafka_terms import REPLICAS, demand_usable, differences, terms_of
from hepscope_common.bus.settings import BusSettings
from hepscope_common.bus.topics import DEAD_LETTER, TOPICS
from hepscope_common.logs import get_logger
from hepscope_common.runtime import StartupError

SETTLE_SECONDS = 0.2
"""Between asking for topics and looking for them."""

_ALREADY_EXISTS = 36
# Wrong settings or rights, which waiting does not change.
_HOPELESS = frozenset((17, 29, 31, 37, 40, 44))

_log = get_logger("bus.kafka")


class Shape(NamedTuple):
    """Partitions of a topic, and replicas of the partition that has the fewest."""

    partitions: int
    replicas: int


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
        found = await _shapes(admin, wanted)
        missing = [name for name in wanted if name not in found]
        if missing:
            await _create(admin, settings, {name: wanted[name] for name in missing})
            await asyncio.sleep(SETTLE_SECONDS)
            found = await _shapes(admin, wanted)
        terms = await _terms(admin, found)
    except (KafkaError, TimeoutError) as error:
        raise TopicsNotReadyError(str(error)) from error
    finally:
        await admin.close()
    _demand_partitions(wanted, found)
    for name, shape in found.items():
        _compare(settings, name, {REPLICAS: str(shape.replicas), **terms.get(name, {})})
    return cluster_id


def _wanted(settings: BusSettings, link: Link) -> dict[str, int]:
    counts = {link.wire_topic(topic): settings.partitions for topic in TOPICS}
    return {**counts, link.wire_topic(DEAD_LETTER): 1}


async def _shapes(admin: AIOKafkaAdminClient, wanted: Mapping[str, int]) -> dict[str, Shape]:
    # All topics are asked for: a question that names one may create it, with other partitions.
    topics = await admin.describe_topics()
    return {
        topic["topic"]: Shape(
            len(topic["partitions"]), min(len(one["replicas"]) for one in topic["partitions"])
        )
        for topic in topics
        if topic["topic"] in wanted and topic["partitions"]
    }


async def _terms(admin: AIOKafkaAdminClient, names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return how topics are configured; nothing of those that we may not ask about."""
    answers = await admin.describe_configs(
        [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    )
    return {
        name: {entry[0]: entry[1] for entry in entries}
        for answer in answers
        for code, _, _, name, entries in answer.resources
        if not code
    }


async def _create(
    admin: AIOKafkaAdminClient, settings: BusSettings, counts: Mapping[str, int]
) -> None:
    config = terms_of(settings)
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


def _demand_partitions(wanted: Mapping[str, int], found: Mapping[str, Shape]) -> None:
    for name, count in wanted.items():
        if name not in found:
            raise TopicsNotReadyError(f"topic {name} is not there yet")
        if found[name].partitions != count:
            raise StartupError(
                f"topic {name} has {found[name].partitions} partitions, not {count}: all topics"
                " must have as many as the setting bus.partitions says (dead letters: one)"
            )


def _compare(settings: BusSettings, name: str, found: Mapping[str, str]) -> None:
    demand_usable(name, found)
    wanted = {REPLICAS: str(settings.replication_factor), **terms_of(settings)}
    told = differences(wanted, found)
    if told:
        _log.warning(
            "topic %s is not as the settings [bus] would make it: %s", name, "; ".join(told)
        )
