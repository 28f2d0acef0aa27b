"""Pending: whose turn it is, and when a row of the queue is finished."""

from hepscope_storage_writer.measure_pending import Pending
from hepscope_storage_writer.measure_queue import QueueRow, TouchedCall, TouchedRegistration

A, B, C = (TouchedCall(name, 1) for name in "abc")
R = TouchedRegistration("r", 0)


def row(number: int, *calls: TouchedCall, age: float = 0.0) -> QueueRow:
    """Return a row of the queue that names calls."""
    return QueueRow(number, age, list(calls), {})


def pending() -> Pending:
    """Quiet for 5 s, a minute at most."""
    return Pending(quiet_seconds=5, longest_seconds=60)


def test_a_call_is_due_once_it_is_quiet() -> None:
    """Another touch puts it off."""
    waiting = pending()
    waiting.add(row(1, A, B), 0)
    waiting.add(row(2, A), 3)

    assert waiting.due(4.9, 10) == []
    assert waiting.due(5, 10) == [B]
    assert waiting.due(8, 10) == [B, A]


def test_a_call_that_is_never_quiet_is_due_after_a_minute() -> None:
    """And once measured, a minute later again."""
    waiting = pending()
    for at in range(0, 64, 3):
        waiting.add(row(at, A), at)

    assert waiting.due(59, 10) == []
    assert waiting.due(60, 10) == [A]
    waiting.done([A])
    assert (len(waiting), waiting.rows) == (0, [])


def test_what_was_stored_before_a_start_has_waited() -> None:
    """The queue says how long."""
    waiting = pending()
    waiting.add(row(1, A, age=30), 100)

    assert waiting.due(100, 10) == [A]


def test_a_row_is_finished_with_the_last_of_its_calls() -> None:
    """Whatever row a call was measured for, it is measured for all."""
    waiting = pending()
    waiting.add(row(1, A, B), 0)
    waiting.add(row(2, B), 1)

    assert waiting.finished_by([A]) == []
    waiting.done([A])
    assert sorted(waiting.finished_by([B])) == [1, 2]
    waiting.done([B])
    assert waiting.rows == []


def test_no_more_are_due_than_asked_for() -> None:
    """The longest waiting come first."""
    waiting = pending()
    waiting.add(row(1, A, B, C), 0)

    assert waiting.due(10, 2) == [A, B]


def test_registrations_keep_the_span_that_was_touched() -> None:
    """Of all rows that name them."""
    waiting = pending()
    assert waiting.add(QueueRow(1, 0, [], {R: (20, 30)}), 0)
    assert waiting.add(QueueRow(2, 0, [], {R: (10, 25)}), 0)

    assert waiting.span_of(R) == (10, 30)


def test_a_row_that_names_nothing_is_finished() -> None:
    """It may go at once."""
    waiting = pending()

    assert not waiting.add(row(1), 0)
    assert waiting.rows == []


def test_after_clear_all_is_read_again() -> None:
    """As a process that starts would."""
    waiting = pending()
    waiting.add(row(1, A), 0)
    waiting.clear()

    assert (len(waiting), waiting.rows, waiting.due(100, 10)) == (0, [], [])
