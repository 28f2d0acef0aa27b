"""How old data may be, by kind."""

from hepscope_storage_writer.expiry import DEFAULT_KEEP_US, Expiry
from hepscope_storage_writer.times import DAY_US, FIRST_US, TimeReason, read_time

NOW = 1_795_424_000_000_000  # 2026-11-23


def test_a_kind_without_policy_has_the_default() -> None:
    """Before the policies are read, everything is kept for the default time."""
    assert Expiry().oldest_us("sip_call", NOW) == NOW - DEFAULT_KEEP_US


def test_the_later_of_age_and_floor_decides() -> None:
    """Times whose partitions were dropped are not made again."""
    expiry = Expiry()
    expiry.set("call", keep_us=10 * DAY_US, floor_us=NOW - 3 * DAY_US)
    expiry.set("sip_call", keep_us=10 * DAY_US, floor_us=None)
    assert expiry.oldest_us("call", NOW) == expiry.call_floor_us == NOW - 3 * DAY_US
    assert expiry.oldest_us("sip_call", NOW) == NOW - 10 * DAY_US


def test_a_century_of_retention_makes_no_time_of_zero() -> None:
    """HEP 1 has no time: it is the receive time, not 1970, also where 1970 would be kept."""
    expiry = Expiry()
    expiry.set("sip_call", keep_us=36_500 * DAY_US, floor_us=None)
    oldest_us = expiry.oldest_us("sip_call", NOW)
    assert oldest_us == FIRST_US
    reading = read_time(0, NOW, oldest_us=oldest_us)
    assert (reading.time_us, reading.reason) == (NOW, TimeReason.ZERO)
