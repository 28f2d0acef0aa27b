"""Times derived from a call's facts: post-dial delay, ringing, talking, the end.

Facts are microseconds since the epoch, results are seconds (``_s``) or milliseconds (``_ms``);
None where a fact is missing. Clocks of two nodes differ: what would be negative is 0.
"""

from hepscope_common.calls.keys import final_time_us, status_of
from hepscope_common.calls.state import is_pending


def pdd_ms(invite_us: int | None, progress_us: int | None, answered_us: int | None) -> float | None:
    """Return the post-dial delay: initial INVITE to the first 180, 183 with SDP, or 2xx.

    Challenges are inside, as in RFC 6076 section 5.3.
    """
    ends = [end for end in (progress_us, answered_us) if end is not None]
    if invite_us is None or not ends:
        return None
    return max(min(ends) - invite_us, 0) / 1000


def duration_s(answered_us: int | None, bye_us: int | None) -> float | None:
    """Return the talk time: earliest 2xx to the INVITE until the earliest BYE."""
    if answered_us is None or bye_us is None:
        return None
    return max(bye_us - answered_us, 0) / 1_000_000


def ring_s(ringing_us: int | None, end_us: int | None) -> float | None:
    """Return how long it rang: first 18x to the answer, or to the end of an unanswered call.

    None when the first 18x came after ``end_us``: it then belongs to a re-INVITE.
    """
    if ringing_us is None or end_us is None or end_us < ringing_us:
        return None
    return (end_us - ringing_us) / 1_000_000


def ended_us(
    method: str,
    final_key: int | None,
    ringing_us: int | None,
    cancelled_us: int | None,
    bye_us: int | None,
) -> int | None:
    """Return when the call ended: BYE, else CANCEL, else the final; None while it goes on.

    ``final_key`` is that of the call's own method. An answered INVITE ends by its BYE alone: a
    CANCEL that lost the race against the 2xx ends nothing.
    """
    if bye_us is not None:
        return bye_us
    status = None if final_key is None else status_of(final_key)
    if method == "INVITE":
        if status is not None and 200 <= status < 300:
            return None
        if cancelled_us is not None:
            return cancelled_us
        if is_pending(status, ringing_us, cancelled_us):
            return None
    return None if final_key is None else final_time_us(final_key)
