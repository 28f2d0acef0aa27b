"""Patience: what uses it up, and what makes it whole again."""

from hepscope_capture.senders.patience import LONGEST_DELAY_SECONDS, Patience


def test_only_progress_makes_it_whole() -> None:
    """A new connection alone does not: one could break for ever."""
    patience = Patience(60, 100)
    assert patience.left(130) == 30
    patience.connect(130)
    assert patience.left(150) == 10
    patience.renew(150)
    assert patience.left(150) == 60


def test_a_silent_connection_has_a_time_of_its_own() -> None:
    """From its beginning or the last progress on; twice as long after each that was given up."""
    patience = Patience(600, 0, stall_seconds=30)
    assert patience.stalls_in(10) == 20
    patience.stall()
    patience.connect(30)
    assert patience.stalls_in(30) == 60
    patience.renew(50)
    assert patience.stalls_in(50) == 30


def test_tries_come_ever_more_slowly() -> None:
    """Up to a limit; progress begins anew."""
    patience = Patience(60, 0)
    delays = [patience.next_delay() for _ in range(8)]
    assert delays == sorted(delays)
    assert delays[0] == 0.1
    assert delays[-1] == LONGEST_DELAY_SECONDS
    patience.renew(1)
    assert patience.next_delay() == 0.1
