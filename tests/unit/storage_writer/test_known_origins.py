"""Tests of what a worker remembers of origins."""

from hepscope_common.bus.protocol import TopicPartition
from hepscope_common.store.origins import NONE_STORED, OriginAt
from hepscope_storage_writer.batch import Batch
from hepscope_storage_writer.known_origins import KnownOrigins
from hepscope_storage_writer.times import DAY_US

A, B, C = (OriginAt("t", partition, bytes([partition]) * 16) for partition in range(3))


def make_batch(**highest: int) -> Batch:
    """Return a batch that brings origins to these numbers."""
    batch = Batch(DAY_US)
    batch.origins.update({globals()[name]: seq for name, seq in highest.items()})
    return batch


def test_what_was_never_heard_of_is_not_stored() -> None:
    """Zero is a number that may be stored, so it cannot say that nothing is."""
    known = KnownOrigins()
    known.learn({A: 0})

    assert (known.stored(A), known.stored(B)) == (0, NONE_STORED)


def test_commits_are_followed() -> None:
    """The batch says what each origin came to."""
    known = KnownOrigins()
    known.learn({A: 4})

    known.committed(make_batch(A=9, B=1))

    assert (known.stored(A), known.stored(B)) == (9, 1)


def test_over_the_bound_the_ones_silent_for_longest_are_forgotten() -> None:
    """What is learned comes with the newest first."""
    known = KnownOrigins(2)
    known.learn({A: 1, B: 2, C: 3})
    assert [known.stored(at) for at in (A, B, C)] == [1, 2, NONE_STORED]

    known.committed(make_batch(C=4))
    assert [known.stored(at) for at in (A, B, C)] == [1, NONE_STORED, 4]
    assert len(known) == 2


def test_partitions_are_forgotten_with_all_their_origins() -> None:
    """Somebody else may store theirs from now on."""
    known = KnownOrigins()
    known.learn({A: 1, B: 2})

    known.forget([TopicPartition("t", 0), TopicPartition("t", 7)])

    assert [known.stored(at) for at in (A, B)] == [NONE_STORED, 2]


def test_what_the_database_does_not_find_is_not_believed_any_more() -> None:
    """Of what was asked for, only the answer stays."""
    known = KnownOrigins()
    known.learn({A: 1, B: 2, C: 3})

    known.correct([A, B], {A: 8})

    assert [known.stored(at) for at in (A, B, C)] == [8, NONE_STORED, 3]
