"""The time of a line: the packet's own, where Loki takes it.

It is read as the writer reads it (``times``), with a narrower view of the future: Loki refuses
lines more than ten minutes ahead (creation_grace_period). What gets the time of arrival instead
keeps its own beside the line, so that no time is falsified in silence.
"""

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from hepscope_storage_writer.times import MINUTE_US, SECOND_US, TimeReason, read_time

AHEAD_US: Final = 9 * MINUTE_US
"""A minute less than Loki's ten, since ours and its clock differ."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DISPLACED: Final = (TimeReason.FUTURE, TimeReason.PAST)


class Moment(NamedTuple):
    """The time of a line in microseconds; packet_time is the packet's, where that is another."""

    time_us: int
    packet_time: str = ""
    reason: TimeReason | None = None


def moment_of(sent_us: int, received_us: int, *, oldest_us: int) -> Moment:
    """Return the time of a line; oldest_us is the first time that Loki takes."""
    reading = read_time(sent_us, received_us, oldest_us=oldest_us)
    time_us, reason = reading.time_us, reading.reason
    if time_us > received_us + AHEAD_US:
        time_us, reason = received_us, TimeReason.FUTURE
    return Moment(time_us, _text(sent_us) if reason in _DISPLACED else "", reason)


def _text(time_us: int) -> str:
    seconds, micros = divmod(time_us, SECOND_US)
    return f"{(_EPOCH + timedelta(seconds=seconds)):%Y-%m-%dT%H:%M:%S}.{micros:06d}Z"
