"""Keys that make call facts mergeable: which message describes a call, which answer counts.

Both are positive 64-bit signed integers, so that SQL compares them as bigint::

    origin_key (least wins)    rank << 61 | time << 10 | 10 bits of a checksum
    final_key  (greatest wins) rank << 61 | time << 10 | status code

``time`` is microseconds since 2000-01-01 in 51 bits (until 2071), clamped at both ends. The
time of a 2xx is inverted inside its key: of several the earliest counts, of all other finals
the latest, because a proxy's upstream answer follows those of its branches.
"""

from enum import IntEnum
from typing import Final
from zlib import crc32

EPOCH_2000_US: Final = 946_684_800_000_000
TIME_BITS: Final = 51
LOW_BITS: Final = 10
RANK_SHIFT: Final = TIME_BITS + LOW_BITS
TIME_MAX: Final = (1 << TIME_BITS) - 1
LOW_MASK: Final = (1 << LOW_BITS) - 1
STATUS_MAX: Final = 999  # RFC 3261 has three digits; more is no status code

CHALLENGES: Final = frozenset({401, 407})


class OriginRank(IntEnum):
    """What a message can say about its call; the least is the best witness."""

    INITIAL_REQUEST = 0
    REQUEST = 1
    RESPONSE = 2


class FinalRank(IntEnum):
    """How much a final response decides; the greatest is the result."""

    CHALLENGE = 1
    OTHER = 2
    SUCCESS = 3


def key_time(time_us: int) -> int:
    """Return Unix microseconds as the 51 bits of a key, clamped to 2000..2071."""
    time = time_us - EPOCH_2000_US
    # Chained, because min and max are calls, and this runs for every message.
    return time if 0 <= time <= TIME_MAX else 0 if time < 0 else TIME_MAX


def address_checksum(
    source: bytes, source_port: int, destination: bytes, destination_port: int, cseq: int
) -> int:
    """Return 10 bits that tell messages of one microsecond apart, in no meaningful order."""
    return (
        crc32(source + destination) + source_port * 31 + destination_port * 7 + cseq * 131
    ) & LOW_MASK


def origin_key(rank: int, time_us: int, checksum: int) -> int:
    """Return the key of the message that describes a call; the least wins."""
    return rank << RANK_SHIFT | key_time(time_us) << LOW_BITS | checksum & LOW_MASK


def final_key(time_us: int, status: int) -> int:
    """Return the key of a final response, 200 <= status <= 999; the greatest wins.

    2xx before other finals before 401 and 407, so that a challenge never hides the result of
    the retry, a failed fork never an answer, and a failed re-INVITE never the first 200.
    """
    time = key_time(time_us)
    if status < 300:
        return FinalRank.SUCCESS << RANK_SHIFT | (TIME_MAX - time) << LOW_BITS | status
    rank = FinalRank.CHALLENGE if status in CHALLENGES else FinalRank.OTHER
    return rank << RANK_SHIFT | time << LOW_BITS | status


def latest_final_key(time_us: int, status: int) -> int:
    """Return a key by which the latest final wins, whatever it says (for registrations)."""
    return FinalRank.OTHER << RANK_SHIFT | key_time(time_us) << LOW_BITS | status


def status_of(key: int) -> int:
    """Return the status code inside a final_key."""
    return key & LOW_MASK


def origin_rank(key: int) -> OriginRank:
    """Return what kind of message an origin_key came from."""
    return OriginRank(min(key >> RANK_SHIFT, OriginRank.RESPONSE))


def final_time_us(key: int) -> int:
    """Return the time inside a final_key, in Unix microseconds."""
    time = key >> LOW_BITS & TIME_MAX
    if key >> RANK_SHIFT == FinalRank.SUCCESS:
        time = TIME_MAX - time
    return time + EPOCH_2000_US
