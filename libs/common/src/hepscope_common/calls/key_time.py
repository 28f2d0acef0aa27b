"""Key time: which record of a Call-ID some facts belong to.

A record's key is (Call-ID, key_time): the capture time of its first stored message, frozen
from then on. The store looks up the newest record of the Call-ID within ``lookup_window`` and
hands it to ``choose_key_time``. A Call-ID heard again after a long silence is another call,
because clients that restart and load generators use them again.

All times are microseconds since the epoch. Silence is a setting, 24 hours by default.
"""

from typing import Final, NamedTuple

from hepscope_common.calls.facts import CallFacts
from hepscope_common.calls.keys import OriginRank, origin_rank

HOUR_US: Final = 3_600_000_000
DAY_US: Final = 24 * HOUR_US
SILENCE_US: Final = DAY_US
# A look-up costs 2 us for each leaf, so it goes far back only when a call may be that long.
INITIAL_LOOK_BACK_US: Final = 2 * DAY_US
IN_DIALOG_LOOK_BACK_US: Final = 7 * DAY_US


class KeyTime(NamedTuple):
    """The chosen key; ``is_new`` when no stored record has it yet."""

    key_time_us: int
    is_new: bool


class Window(NamedTuple):
    """Bounds of key_time for a look-up: low <= key_time < high."""

    low_us: int
    high_us: int


def lookup_window(facts: CallFacts, silence_us: int = SILENCE_US) -> Window:
    """Return where a record of these facts can lie.

    With an initial request it looks back two days, at any rate a day more than the silence;
    without one a week, since calls can be long. It also looks ahead: a message that comes late
    belongs to a record whose first stored message is younger.
    """
    back = IN_DIALOG_LOOK_BACK_US
    if origin_rank(facts.origin_key) is OriginRank.INITIAL_REQUEST:
        back = max(INITIAL_LOOK_BACK_US, silence_us + DAY_US)
    return Window(facts.started_us - back, facts.last_us + silence_us + 1)


def begins_again(last_us: int, facts: CallFacts, silence_us: int = SILENCE_US) -> bool:
    """Tell whether facts start another call on a Call-ID that was last heard at ``last_us``.

    Only an initial request can: an in-dialog message after a day belongs to a long call.
    """
    if origin_rank(facts.origin_key) is not OriginRank.INITIAL_REQUEST:
        return False
    # Not the time in origin_key: of an agent whose clock is wrong it is that clock's.
    return facts.started_us - last_us > silence_us


def choose_key_time(
    found: tuple[int, int] | None,
    facts: CallFacts,
    silence_us: int = SILENCE_US,
    floor_us: int = 0,
) -> KeyTime:
    """Return the key under which ``facts``, merged over a batch, are stored.

    ``found`` is (key_time, last_at) of the newest known record of the Call-ID, from the cache
    or the look-up. A record that lies more than the silence after these facts is not theirs
    either. ``floor_us`` is the end of what retention dropped: nothing is stored before it.
    """
    if found is not None:
        key_time_us, last_us = found
        too_young = key_time_us - facts.last_us > silence_us
        if not too_young and not begins_again(last_us, facts, silence_us):
            if key_time_us >= floor_us:
                return KeyTime(key_time_us, is_new=False)
            return KeyTime(floor_us, is_new=True)
    return KeyTime(max(facts.started_us, floor_us), is_new=True)
