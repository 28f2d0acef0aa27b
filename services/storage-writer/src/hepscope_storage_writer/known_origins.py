"""What is stored of each origin, as far as a worker remembers it.

Follows take-overs and commits, never a batch at work. It is only a memory: bounded, and an origin
that it forgot counts as new. The storing transaction compares with the database, and what was
decoded on a wrong belief is decoded again.
"""

from collections.abc import Collection, Iterable, Mapping

from hepscope_common.store.origins import NONE_STORED, OriginAt
from hepscope_storage_writer.batch import Batch
from hepscope_storage_writer.lru import Lru

DEFAULT_SIZE = 20_000
"""Origins: an ingest makes one per start and topic partition, a sender of ours one per partition
that its calls fall into. 5 MB."""


class KnownOrigins:
    """The highest number stored per origin and partition, of the origins heard last."""

    def __init__(self, size: int = DEFAULT_SIZE) -> None:
        self._stored: Lru[OriginAt, int] = Lru(size)

    def __len__(self) -> int:
        return len(self._stored)

    def stored(self, at: OriginAt) -> int:
        """Return the highest number stored, NONE_STORED when none is or it is not known."""
        found = self._stored.get(at)
        return NONE_STORED if found is None else found

    def learn(self, stored: Mapping[OriginAt, int]) -> None:
        """Believe what the database says, the origins heard last first."""
        self._stored.update(reversed(list(stored.items())))

    def correct(self, asked: Collection[OriginAt], stored: Mapping[OriginAt, int]) -> None:
        """Believe the database about the origins asked for: what it did not find is not stored."""
        self._drop(set(asked))
        self.learn(stored)

    def committed(self, batch: Batch) -> None:
        """Note that a batch is stored."""
        self._stored.update(batch.origins.items())

    def forget(self, partitions: Iterable[tuple[str, int]]) -> None:
        """Forget all origins of partitions that others may store from now on."""
        gone = set(partitions)
        self._drop({at for at in self._stored if (at.topic, at.partition) in gone})

    def _drop(self, origins: Iterable[OriginAt]) -> None:
        for at in origins:
            self._stored.drop(at)
