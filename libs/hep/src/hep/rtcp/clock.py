"""NTP times of RTCP and the round trip that LSR and DLSR give (RFC 3550 sections 4 and 6.4.1).

An NTP timestamp has 64 bits: seconds since 1900-01-01 UTC modulo 2**32, and their fraction. The
middle 32 bits, seconds modulo 2**16 and 16 bits of fraction, are RTCP's short form.
"""

NTP_UNIX_OFFSET = 2_208_988_800
"""Seconds from 1900 to 1970."""
MAX_ROUND_TRIP_US = 10_000_000
"""Longer ones are clocks that jumped or reports that repeat an old LSR."""

_ERA_SECONDS = 1 << 32
_HALF_ERA_US = _ERA_SECONDS * 500_000
_SHORT = 1 << 32
_HALF_ERA_BIT = 1 << 63


def ntp_to_us(ntp: int, near_us: int | None = None) -> int:
    """Unix time in microseconds of a 64-bit NTP timestamp.

    With near_us, the reading nearest to that time; without, RFC 4330 section 3 decides: seconds
    below 2**31 are after 2036-02-07. A sender may count from its own start instead of 1900
    (RFC 3550 section 6.4.1 allows it), so the result need not be a time of day.
    """
    seconds, fraction = ntp >> 32, ntp & 0xFFFFFFFF
    time_us = (seconds - NTP_UNIX_OFFSET) * 1_000_000 + (fraction * 1_000_000 >> 32)
    if near_us is None:
        return time_us if ntp & _HALF_ERA_BIT else time_us + 2 * _HALF_ERA_US
    eras = (near_us - time_us + _HALF_ERA_US) // (2 * _HALF_ERA_US)
    return time_us + eras * 2 * _HALF_ERA_US


def us_to_ntp(time_us: int) -> int:
    """The 64-bit NTP timestamp of a Unix time in microseconds; ntp_to_us gives the time back."""
    seconds, micros = divmod(time_us, 1_000_000)
    # Rounded up, because the way back rounds down.
    fraction = -(-(micros << 32) // 1_000_000)
    return (seconds + NTP_UNIX_OFFSET) % _ERA_SECONDS << 32 | fraction


def middle_bits(ntp: int) -> int:
    """The short form of a 64-bit NTP timestamp: what LSR repeats of an SR."""
    return ntp >> 16 & 0xFFFFFFFF


def dlsr_us(dlsr: int) -> int:
    """Microseconds of a DLSR or DLRR, which count 1/65536 s."""
    return dlsr * 1_000_000 >> 16


def round_trip_us(arrival_us: int, lsr: int, dlsr: int) -> int | None:
    """Round trip seen by the sender of the SR, whose clock also gave arrival_us (Unix).

    None when no SR was received (LSR 0), when negative, or longer than MAX_ROUND_TRIP_US. At a
    tap between the two the clocks differ: use tapped_round_trip_us.
    """
    if not lsr:
        return None
    short = (middle_bits(us_to_ntp(arrival_us)) - lsr - dlsr) % _SHORT
    # The upper half is negative.
    if short >= _SHORT // 2:
        return None
    round_trip = dlsr_us(short)
    return round_trip if round_trip <= MAX_ROUND_TRIP_US else None


def tapped_round_trip_us(sr_seen_us: int, report_seen_us: int, dlsr: int) -> int | None:
    """Round trip between a tap and the reporter: both packets seen at the tap, by its own clock.

    The SR is the one whose middle_bits(ntp) equal the report's LSR. None as in round_trip_us.
    """
    round_trip = report_seen_us - sr_seen_us - dlsr_us(dlsr)
    return round_trip if 0 <= round_trip <= MAX_ROUND_TRIP_US else None
