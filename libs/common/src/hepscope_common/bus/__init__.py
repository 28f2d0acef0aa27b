"""The bus between ingest and its readers: one Protocol, an implementation per transport."""

from hepscope_common.bus.memory import MemoryBus
from hepscope_common.bus.protocol import Bus, Consumer, Listener, Producer, Record, TopicPartition
from hepscope_common.bus.topics import DEAD_LETTER, LOG, MEDIA, SIGNALLING, TOPICS, topic_of

__all__ = [
    "DEAD_LETTER",
    "LOG",
    "MEDIA",
    "SIGNALLING",
    "TOPICS",
    "Bus",
    "Consumer",
    "Listener",
    "MemoryBus",
    "Producer",
    "Record",
    "TopicPartition",
    "topic_of",
]
