"""Offsets that could not be committed are said with a reason, and noted ones go together."""

from collections.abc import Mapping
from typing import cast

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as WireTopicPartition

from hepscope_common.bus.kafka_commits import Commits
from hepscope_common.bus.kafka_link import Link
from hepscope_common.bus.protocol import TopicPartition

WHERE = TopicPartition("topic", 1)


class Client:
    """Commits, or ends as a client without a coordinator does: in time, without a word."""

    def __init__(self, *, is_slow: bool) -> None:
        self.committed: list[Mapping[WireTopicPartition, int]] = []
        self._is_slow = is_slow

    async def commit(self, offsets: Mapping[WireTopicPartition, int]) -> None:
        """Take offsets."""
        if self._is_slow:
            raise TimeoutError
        self.committed.append(offsets)


async def test_the_latest_offsets_are_committed_under_names_of_the_cluster() -> None:
    """Once; what was sent is not sent again."""
    client = Client(is_slow=False)
    commits = Commits(Link(("a:1",), "prefix.", {}))
    commits.note({WHERE: 5})
    commits.note({WHERE: 7})
    for _ in range(2):
        await commits.send(cast("AIOKafkaConsumer", client))
    assert client.committed == [{WireTopicPartition("prefix.topic", 1): 7}]


async def test_a_commit_that_takes_too_long_says_so(caplog: pytest.LogCaptureFixture) -> None:
    """The error of a time-out has no words of its own."""
    commits = Commits(Link(("a:1",), "", {}))
    commits.note({WHERE: 5})
    await commits.send(cast("AIOKafkaConsumer", Client(is_slow=True)))
    assert commits.failures == 1
    assert "offsets not committed: too slow" in caplog.text
