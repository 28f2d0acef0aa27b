"""Tests of positions as a worker knows them."""

import pytest

from hepscope_common.bus.protocol import Record, TopicPartition
from hepscope_common.store.origins import NONE_STORED, OriginAt
from hepscope_common.store.positions import Advance, Position
from hepscope_storage_writer.batch import Batch, Span
from hepscope_storage_writer.ownership import DatabaseWentBackError, Ownership
from hepscope_storage_writer.times import DAY_US

ONE, TWO = TopicPartition("t", 1), TopicPartition("t", 2)


def make_owner() -> Ownership:
    """Return an owner of two partitions."""
    owner = Ownership()
    owner.assign({ONE: Position(5, 3), TWO: Position(0, 8)}, {})
    return owner


def make_batch() -> Batch:
    """Return a batch of two records of one partition and one of another."""
    batch = Batch(DAY_US)
    for partition, offset in ((2, 0), (1, 5), (1, 6)):
        batch.take(Record("t", partition, offset, b"x", 1))
    return batch


def test_only_the_next_record_is_expected() -> None:
    """Neither what is stored already, nor what leaves a gap, nor what is not owned."""
    owner, batch = make_owner(), Batch(DAY_US)

    assert owner.expects(batch, Record("t", 1, 5, b"", 1))
    batch.take(Record("t", 1, 5, b"", 1))
    assert [owner.expects(batch, Record("t", 1, n, b"", 1)) for n in (4, 5, 6, 7)] == [
        False,
        False,
        True,
        False,
    ]
    assert not owner.expects(batch, Record("t", 3, 0, b"", 1))


def test_advances_are_sorted_and_start_where_the_position_is() -> None:
    """Locks are taken in one order by every writer."""
    assert make_owner().advances(make_batch()) == [
        Advance("t", 1, 5, 3, 7),
        Advance("t", 2, 0, 8, 1),
    ]


def test_a_commit_moves_the_positions() -> None:
    """The next batch goes on behind it, under the same epoch."""
    owner = make_owner()

    owner.committed(make_batch())

    assert owner.positions == {ONE: Position(7, 3), TWO: Position(1, 8)}


def test_a_commit_whose_answer_was_lost_is_recognised() -> None:
    """Epochs are ours and every position stands behind the batch."""
    owner = make_owner()

    found = owner.settle(make_batch(), {ONE: Position(7, 3), TWO: Position(1, 8)}, {})

    assert found.is_committed


def test_a_partition_of_another_epoch_is_lost() -> None:
    """It is stopped until it is assigned again; the others are read again from where they stand."""
    owner = make_owner()

    found = owner.settle(make_batch(), {ONE: Position(7, 4), TWO: Position(0, 8)}, {})

    assert (found.is_committed, found.lost, found.reread) == (False, {ONE: 4}, {TWO: 0})
    assert (owner.stopped, set(owner.positions)) == ({ONE}, {TWO})
    assert not owner.holds(make_batch())
    owner.assign({ONE: Position(9, 5)}, {})
    assert owner.stopped == set()


def test_a_position_that_somebody_moved_is_believed() -> None:
    """Reading goes on there."""
    owner = make_owner()

    found = owner.settle(make_batch(), {ONE: Position(40, 3), TWO: Position(1, 8)}, {})

    assert (found.is_committed, found.reread) == (False, {ONE: 40, TWO: 1})
    assert owner.positions[ONE] == Position(40, 3)


def test_released_partitions_are_forgotten() -> None:
    """Also by what a batch at work then asks."""
    owner = make_owner()

    owner.release([ONE, TopicPartition("t", 9)])

    assert set(owner.positions) == {TWO}
    assert not owner.holds(make_batch())
    assert not owner.settle(make_batch(), {TWO: Position(1, 8)}, {}).is_committed


def test_a_batch_whose_partition_went_on_elsewhere_is_not_held() -> None:
    """It left while the batch was repeated, somebody stored of it, and it came back."""
    owner, batch = make_owner(), make_batch()
    assert owner.holds(batch)

    owner.release([ONE])
    owner.assign({ONE: Position(6, 5)}, {})

    assert not owner.holds(batch)
    rest = Batch(DAY_US)
    assert [owner.expects(rest, record) for record in batch.records] == [True, False, True]


def test_origins_come_and_go_with_their_partitions() -> None:
    """What is known of them is true only as long as nobody else stores them."""
    owner, at = Ownership(), OriginAt("t", 1, bytes(16))
    owner.assign({ONE: Position(5, 3)}, {at: 7})
    assert owner.origins.stored(at) == 7

    owner.release([ONE])
    assert owner.origins.stored(at) == NONE_STORED


def test_a_settled_batch_leaves_what_the_database_says_of_origins() -> None:
    """What was believed before may never have been stored."""
    owner, at = make_owner(), OriginAt("t", 1, bytes(16))
    owner.assign({ONE: Position(5, 3)}, {at: 7})

    owner.settle(make_batch(), {ONE: Position(2, 3), TWO: Position(0, 8)}, {at: 3})

    assert owner.origins.stored(at) == 3


def test_a_database_that_went_back_is_told_from_a_take_over() -> None:
    """Under our epoch it is read again from there; before our epoch only a new start helps."""
    owner = make_owner()
    assert owner.doubtful({ONE: Position(5, 3), TWO: Position(0, 8)}) == {}
    assert owner.doubtful({ONE: Position(4, 3), TWO: Position(0, 8)}) == {ONE: Span(5, 5)}

    found = owner.settle(make_batch(), {ONE: Position(4, 3), TWO: Position(0, 8)}, {})

    assert (found.went_back, found.reread) == (True, {ONE: 4, TWO: 0})
    with pytest.raises(DatabaseWentBackError):
        owner.settle(make_batch(), {ONE: Position(4, 2), TWO: Position(0, 8)}, {})
    with pytest.raises(DatabaseWentBackError):
        owner.settle(make_batch(), {TWO: Position(0, 8)}, {})
