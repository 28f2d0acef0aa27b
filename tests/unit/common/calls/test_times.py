"""Derived times: delays, durations and ends."""

from hepscope_common.calls import duration_s, ended_us, final_key, pdd_ms, ring_s

T = 1_795_423_618_000_000


def test_pdd_ends_at_the_earlier_of_progress_and_answer() -> None:
    """180 of a re-INVITE comes after the answer and does not count."""
    assert pdd_ms(T, T + 1_350_000, T + 5_000_000) == 1350.0
    assert pdd_ms(T, T + 9_000_000, T + 2_100_000) == 2100.0
    assert pdd_ms(T, None, T + 2_100_000) == 2100.0


def test_pdd_needs_both_ends() -> None:
    """A failed call without ringing has none, nor one whose INVITE was not seen."""
    assert pdd_ms(T, None, None) is None
    assert pdd_ms(None, T, T) is None


def test_skewed_clocks_give_no_negative_times() -> None:
    """Two nodes may disagree."""
    assert pdd_ms(T, T - 5, None) == 0
    assert duration_s(T, T - 5) == 0


def test_duration_is_answer_to_bye() -> None:
    """RFC 6076 4.5: 200 at 5.0, BYE at 65.4."""
    assert duration_s(T + 5_000_000, T + 65_400_000) == 60.4
    assert duration_s(T, None) is None
    assert duration_s(None, T) is None


def test_ring_time_ends_with_the_call() -> None:
    """A later 18x belongs to a re-INVITE."""
    assert ring_s(T, T + 4_000_000) == 4.0
    assert ring_s(T + 1, T) is None
    assert ring_s(None, T) is None


def test_end_is_bye_before_cancel_before_final() -> None:
    """In this order, whichever is earlier."""
    failed = final_key(T + 3, 487)

    assert ended_us("INVITE", failed, None, T + 2, T + 9) == T + 9
    assert ended_us("INVITE", failed, None, T + 2, None) == T + 2
    assert ended_us("INVITE", failed, None, None, None) == T + 3


def test_call_under_way_has_no_end() -> None:
    """Answered, ringing, or ringing after a challenge."""
    assert ended_us("INVITE", final_key(T, 200), None, T, None) is None
    assert ended_us("INVITE", None, T, None, None) is None
    assert ended_us("INVITE", final_key(T, 407), T + 1, None, None) is None


def test_other_methods_end_with_their_final() -> None:
    """Also with a 2xx."""
    assert ended_us("OPTIONS", final_key(T + 3, 200), None, None, None) == T + 3
