"""What our topics are made with, and what is said of one that was made otherwise.

A topic that exists keeps what it has: it may be shared, and whoever runs the brokers may know
better. Differences are told at each start. One that would refuse our records, or never acknowledge
them, ends the start instead: it would fill the memory or the spool of ingest first.
"""

from collections.abc import Mapping
from typing import Final

from hepscope_common.bus.protocol import MAX_RECORD_BYTES
from hepscope_common.bus.settings import BusSettings
from hepscope_common.runtime import StartupError

BATCH_ROOM_BYTES = 148_000
"""Beside the longest record: its headers, and the batch around it."""

RETENTION: Final = "retention.ms"
MIN_IN_SYNC: Final = "min.insync.replicas"
MAX_MESSAGE: Final = "max.message.bytes"
CLEANUP: Final = "cleanup.policy"
REPLICAS: Final = "replicas"
"""Not one of Kafka's names: the replicas of a partition, told like the rest."""

_HOUR_MS = 3_600_000


def terms_of(settings: BusSettings) -> dict[str, str]:
    """Return the configuration that a topic is created with, by Kafka's names."""
    return {
        RETENTION: str(int(settings.retention_hours * _HOUR_MS)),
        MIN_IN_SYNC: str(settings.min_insync_replicas),
        MAX_MESSAGE: str(MAX_RECORD_BYTES + BATCH_ROOM_BYTES),
        CLEANUP: "delete",
        # Of the broker: times of a producer whose clock is an hour ahead are refused for ever.
        "message.timestamp.type": "LogAppendTime",
        "compression.type": "producer",
        "unclean.leader.election.enable": "false",
    }


def differences(wanted: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """Return in words what a topic has otherwise; what is not known of it is not compared.

    Room for longer records than ours is none of our business, and for shorter ones not enough.
    """
    return [
        f"{key} is {found[key]}, not {value}"
        for key, value in wanted.items()
        if key != MAX_MESSAGE and key in found and found[key] != value
    ]


def demand_usable(name: str, found: Mapping[str, str]) -> None:
    """Raise StartupError for a topic that cannot carry what we send."""
    least = MAX_RECORD_BYTES + BATCH_ROOM_BYTES
    if int(found.get(MAX_MESSAGE, least)) < least:
        raise StartupError(
            f"topic {name} refuses our longest records: {MAX_MESSAGE} is {found[MAX_MESSAGE]} and"
            f" must be {least} or more"
        )
    if "compact" in found.get(CLEANUP, ""):
        # Compaction needs keys, and our records have none: brokers refuse each of them.
        raise StartupError(
            f"topic {name} refuses our records: {CLEANUP} is {found[CLEANUP]} and must be delete"
        )
    if MIN_IN_SYNC in found and int(found[MIN_IN_SYNC]) > int(found[REPLICAS]):
        raise StartupError(
            f"topic {name} can acknowledge nothing: {MIN_IN_SYNC} is {found[MIN_IN_SYNC]}, and it"
            f" has {found[REPLICAS]} replicas"
        )
