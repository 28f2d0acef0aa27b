"""The bell: rung once or often, it is heard, and heard again after it was silenced."""

import select

from hepscope_capture.senders.bell import Bell


def is_heard(bell: Bell) -> bool:
    """Whether a waiter would wake."""
    return bool(select.select([bell.socket], [], [], 0)[0])


def test_it_is_heard_until_it_is_silenced() -> None:
    """However often it was rung; more often than any buffer holds."""
    bell = Bell()
    assert not is_heard(bell)
    for _ in range(100_000):
        bell.ring()
    assert is_heard(bell)
    bell.silence()
    assert not is_heard(bell)
    bell.ring()
    assert is_heard(bell)
    bell.close()


def test_silencing_a_bell_that_was_not_rung_does_nothing() -> None:
    """It can be rung afterwards."""
    bell = Bell()
    bell.silence()
    bell.ring()
    assert is_heard(bell)
    bell.close()
