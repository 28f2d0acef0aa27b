"""Tests of what a batch gathers."""

from hepscope_common.bus.protocol import Record, TopicPartition
from hepscope_common.calls import CallFacts
from hepscope_common.calls.facts import FLAG_INITIAL
from hepscope_common.calls.registration import RegistrationFacts
from hepscope_storage_writer.batch import Batch, RowGroup, Span
from hepscope_storage_writer.times import HOUR_US
from support.builders import BASE_US


def make_facts(after_us: int, *, initial: bool = True, call_id: str = "a") -> CallFacts:
    """Return the facts of one message at a time."""
    time_us = BASE_US + after_us
    rank = 0 if initial else 1 << 61
    return CallFacts(
        call_id,
        time_us,
        time_us,
        rank | (after_us + HOUR_US) << 10,
        flags=FLAG_INITIAL if initial else 0,
    )


def test_spans_cover_the_records_of_each_partition() -> None:
    """From the first offset to behind the last one."""
    batch = Batch(HOUR_US)
    for record in (Record("t", 1, 5, b"x", 1), Record("t", 2, 9, b"y", 1)):
        batch.take(record)
    batch.take(Record("t", 1, 6, b"zz", 1))

    assert batch.spans == {TopicPartition("t", 1): Span(5, 7), TopicPartition("t", 2): Span(9, 10)}
    assert batch.next_offsets() == {("t", 1): 7, ("t", 2): 10}
    assert (batch.size_bytes, len(batch.records)) == (4, 3)


def test_facts_of_a_call_are_merged() -> None:
    """One Call-ID is one set of facts, however many messages."""
    batch = Batch(HOUR_US)
    for after in (0, 5, 10):
        batch.add_call(make_facts(after))

    (facts,) = batch.call_facts()
    assert (facts.message_count, facts.last_us) == (3, BASE_US + 10)


def test_a_call_id_used_again_after_silence_is_kept_apart() -> None:
    """An initial request after the silence begins another call; in-dialog messages never do."""
    batch = Batch(HOUR_US)
    batch.add_call(make_facts(0))
    batch.add_call(make_facts(2 * HOUR_US, initial=False))
    batch.add_call(make_facts(4 * HOUR_US))

    counts = [facts.message_count for facts in batch.call_facts()]
    assert counts == [2, 1]


def test_registrations_are_kept_by_day() -> None:
    """The same Call-ID on another day is another record."""
    batch = Batch(HOUR_US)
    for day in (0, 0, 1):
        batch.add_registration(RegistrationFacts("r", day, 1, 1, 1))

    assert {key: facts.message_count for key, facts in batch.registrations.items()} == {
        ("r", 0): 2,
        ("r", 1): 1,
    }


def test_rows_come_back_by_table_and_minute() -> None:
    """A group knows a time whose leaf is that of all its rows."""
    batch = Batch(HOUR_US)
    batch.rows["sip_call", 2].append(b"row")

    ((group, rows),) = batch.groups()
    assert (group, group.time_us, rows) == (RowGroup("sip_call", 2), 120_000_000, [b"row"])
