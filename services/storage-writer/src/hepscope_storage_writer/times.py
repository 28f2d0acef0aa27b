"""What a packet's own time is taken for.

All times are microseconds since the Unix epoch. A time is plausible when it is at most an hour
ahead of the receive time and not older than the data of its kind that are kept. Others come
from broken clocks, replays of old captures, and agents that write the field wrongly; where the
mistake can be told and undone, the time it meant is used.

Three readings come out, because partitions and durations want different things: ``time_us``
places the row (always plausible), ``clock_us`` orders and measures (the packet's own time
unless that is zero or absurd), ``capture_us`` keeps an implausible own time beside the row.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final, NamedTuple

SECOND_US: Final = 1_000_000
MINUTE_US: Final = 60 * SECOND_US
HOUR_US: Final = 3600 * SECOND_US
DAY_US: Final = 24 * HOUR_US

AHEAD_US: Final = HOUR_US
"""How far before us an agent's clock may be."""

NTP_OFFSET_US: Final = 2_208_988_800 * SECOND_US
"""From 1900, where NTP counts from, to 1970."""

MISREAD_BEHIND_US: Final = DAY_US
"""How old a repaired time may be; narrow, so that no true time is taken for a mistake."""

MILLISECONDS_NEAR_US: Final = MINUTE_US
"""The same where seconds hold milliseconds modulo 2^32, which wraps every 50 days."""

FIRST_US: Final = 946_684_800 * SECOND_US
LAST_US: Final = FIRST_US + (1 << 51) - 1
"""From 2000 to 2071: what the 51 bits of time in a call's merge keys can hold."""


class TimeReason(StrEnum):
    """Why the time of a packet was not used as it came. Closed: each is a metric label."""

    ZERO = "zero"
    FUTURE = "future"
    PAST = "past"
    BYTE_SWAPPED = "byte_swapped"
    NTP_ERA = "ntp_era"
    MILLISECONDS = "milliseconds"


class Reading(NamedTuple):
    """The times of one packet."""

    time_us: int
    clock_us: int
    capture_us: int | None = None
    sent_us: int | None = None  # the time as sent, where it was repaired
    reason: TimeReason | None = None


def read_time(sent_us: int, received_us: int, *, oldest_us: int) -> Reading:
    """Return what a sent time is taken for; oldest_us is the first time of its kind kept."""
    if oldest_us <= sent_us <= received_us + AHEAD_US:
        return Reading(sent_us, sent_us)
    if sent_us < SECOND_US:
        return Reading(received_us, received_us, reason=TimeReason.ZERO)
    for reason, meant_us in _meanings(sent_us, received_us):
        return Reading(meant_us, meant_us, sent_us=sent_us, reason=reason)
    reason = TimeReason.FUTURE if sent_us > received_us else TimeReason.PAST
    clock_us = sent_us if FIRST_US <= sent_us <= LAST_US else received_us
    return Reading(received_us, clock_us, capture_us=sent_us, reason=reason)


def _meanings(sent_us: int, received_us: int) -> Iterator[tuple[TimeReason, int]]:
    """Yield the mistakes that would make the time a recent one, most certain first."""
    early, late = received_us - MISREAD_BEHIND_US, received_us + AHEAD_US
    if early <= sent_us - NTP_OFFSET_US <= late:
        yield TimeReason.NTP_ERA, sent_us - NTP_OFFSET_US
    for swapped_us in _swapped(sent_us):
        if early <= swapped_us <= late:
            yield TimeReason.BYTE_SWAPPED, swapped_us
    milliseconds = received_us // 1000
    behind_us = ((milliseconds - sent_us // SECOND_US + (1 << 31)) % (1 << 32) - (1 << 31)) * 1000
    if abs(behind_us) <= MILLISECONDS_NEAR_US:
        yield TimeReason.MILLISECONDS, milliseconds * 1000 - behind_us


def _swapped(sent_us: int) -> Iterator[int]:
    """Yield what the time is if its seconds, or both its fields, were sent little-endian.

    Swapped microseconds overflow into the seconds, up to 4294 of them, when the packet is
    decoded. A swapped field below 1,000,000 ends in a zero byte, and 1,000,000 is 64 times an
    odd number, so one carry in four can have been the one, and none for 63 times out of 64.
    """
    seconds, micros = divmod(sent_us, SECOND_US)
    if seconds >= 1 << 32:
        return
    yield _swap(seconds) * SECOND_US + micros
    if micros % 64:
        return
    first = next(carry for carry in range(4) if (micros + carry * SECOND_US) % 256 == 0)
    for carry in range(first, min(seconds, 4294) + 1, 4):
        field = micros + carry * SECOND_US
        if field < 1 << 32 and (swapped := _swap(field)) < SECOND_US:
            yield _swap(seconds - carry) * SECOND_US + swapped


def _swap(value: int) -> int:
    return int.from_bytes(value.to_bytes(4, "big"), "little")
