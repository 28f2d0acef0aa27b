"""Single values of reports, told from what programs write: a bad one is None, never an error.

JSON and headers hold numbers as text, floats where counts belong, -1 as an unsigned number, and
sentinels for "unknown". Every number is finite and within the bounds of its kind; text is
printable, so that no lone surrogate or NUL reaches a database.
"""

from datetime import UTC, datetime
from ipaddress import ip_address
from math import isfinite

from hep.rtcp.clock import NTP_UNIX_OFFSET, us_to_ntp

U16, U24, U32 = 2**16 - 1, 2**24 - 1, 2**32 - 1
# Columns of signed 64 bits hold it, and no stream has more octets.
MAX_COUNT = 2**63 - 1
MAX_MILLISECONDS = 600_000.0
MAX_TEXT = 128
MAX_ID = 512

_MAX_DIGITS = 32
_UNAVAILABLE = 127
_UNKNOWN_MS = 65535
# Times before 2000 are clocks that were never set.
_EARLIEST_S = 946_684_800
_LATEST_S = 4_102_444_800


def number(value: object) -> float | int | None:
    """A finite number, also one written as text; None for anything else and for huge ones."""
    if type(value) is int:
        return value if -MAX_COUNT <= value <= MAX_COUNT else None
    if type(value) is float:
        return value if isfinite(value) and abs(value) <= MAX_COUNT else None
    if type(value) is str and len(value) <= _MAX_DIGITS and value.isascii() and "_" not in value:
        try:
            return number(int(value))
        except ValueError:
            pass
        try:
            return number(float(value))
        except ValueError:
            return None
    return None


def count(value: object, limit: int = U32) -> int | None:
    """A whole number from 0 to limit; fractions are cut."""
    if type(value) is int:
        return value if 0 <= value <= limit else None
    read = number(value)
    return int(read) if read is not None and 0 <= read <= limit else None


def said_count(value: object, limit: int = U32) -> int | None:
    """The same, where 0 stands for "not said"."""
    return count(value, limit) or None


def amount(value: object, limit: float = MAX_COUNT) -> float | None:
    """A number from 0 to limit."""
    read = number(value)
    return float(read) if read is not None and 0 <= read <= limit else None


def cumulative_loss(value: object) -> int | None:
    """Packets lost, signed 24 bits; a negative one sent as unsigned 24 or 32 bits is repaired."""
    read = number(value)
    if read is None:
        return None
    lost = int(read)
    if lost > U24:
        lost -= U32 + 1
    elif lost > U24 // 2:
        lost -= U24 + 1
    return lost if -(U24 // 2) - 1 <= lost <= U24 // 2 else None


def share_of_256(value: object) -> float | None:
    """A share from 0 to 255 of 256."""
    read = number(value)
    return read / 256 if read is not None and 0 <= read <= 255 else None


def percentage(value: object) -> float | None:
    """A share given in percent, 0 to 100."""
    read = number(value)
    return read / 100 if read is not None and 0 <= read <= 100 else None


def milliseconds(value: object) -> float | None:
    """A time in ms up to ten minutes; 65535 stands for unknown."""
    read = number(value)
    if read is None or not 0 <= read <= MAX_MILLISECONDS or read == _UNKNOWN_MS:
        return None
    return float(read)


def delay(value: object) -> float | None:
    """The same, where 0 stands for unknown too: no delay is nothing at all."""
    return milliseconds(value) or None


def mos(value: object) -> float | None:
    """A MOS from 1 to 5, also one given in tenths or hundredths; 127 and 12.7 are unknown."""
    read = number(value)
    if read is None or read in (_UNAVAILABLE, _UNAVAILABLE / 10):
        return None
    if 10 <= read <= 50:
        read /= 10
    elif 100 <= read <= 500:
        read /= 100
    return float(read) if 1 <= read <= 5 else None


def rating(value: object) -> float | None:
    """An R above 0 and up to 150, also one given in hundredths; 127 stands for unknown."""
    read = number(value)
    if read is None or read == _UNAVAILABLE:
        return None
    if 150 < read <= 15_000:
        read /= 100
    return float(read) if 0 < read <= 150 else None


def level(value: object) -> float | None:
    """A level in dB, also a negative one sent as an unsigned byte; 127 stands for unknown."""
    read = number(value)
    if read is None or read == _UNAVAILABLE or not -128 <= read <= 255:
        return None
    return float(read - 256 if read > _UNAVAILABLE else read)


def text(value: object, limit: int = MAX_TEXT) -> str | None:
    """A text without blanks around it; None when empty or too long (cut, it would mislead)."""
    if type(value) is not str:
        return None
    value = value.strip()
    if not value or len(value) > limit:
        return None
    if not value.isprintable():
        value = "".join(sign if sign.isprintable() else "\ufffd" for sign in value)
    return value


def identifier(value: object) -> str | None:
    """A Call-ID or the like."""
    return text(value, MAX_ID)


def address(value: object) -> str | None:
    """An IP address in its usual spelling; None for a name, and for one that means nobody."""
    if type(value) is not str:
        return None
    try:
        read = ip_address(value.strip().strip("[]").partition("%")[0])
    except ValueError:
        return None
    return None if read.is_unspecified else str(read)


def port(value: object) -> int | None:
    """A port; 0 is none."""
    return said_count(value, U16)


def endpoint(value: str) -> tuple[str | None, int | None]:
    """Address and port of `address:port`, `[address]:port` or an address alone."""
    whole = address(value)
    if whole is not None:
        return whole, None
    host, _, digits = value.rpartition(":")
    return address(host), port(digits.strip())


def ssrc(value: object) -> int | None:
    """An SSRC: a number, decimal text, or hexadecimal text with 0x."""
    if type(value) is str and value[:2] in ("0x", "0X"):
        return hexadecimal(value)
    return count(value)


def hexadecimal(value: str) -> int | None:
    """A number of up to 32 bits in hexadecimal digits; longer decimal ones are read as such."""
    digits = value.strip().removeprefix("0x").removeprefix("0X")
    if not digits or not digits.isalnum() or not digits.isascii():
        return None
    if len(digits) > 8:
        return count(digits)
    try:
        return int(digits, 16)
    except ValueError:
        return None


def unix_time(value: object) -> int | None:
    """Microseconds of a Unix time in seconds or milliseconds, between 2000 and 2100."""
    read = number(value)
    if read is None:
        return None
    if read > _LATEST_S:
        read /= 1000
    return round(read * 1_000_000) if _EARLIEST_S <= read <= _LATEST_S else None


def rfc3339(value: str) -> int | None:
    """Microseconds since the Unix epoch of an RFC 3339 time; without zone it is UTC."""
    try:
        read = datetime.fromisoformat(value.strip().upper())
        if read.tzinfo is None:
            read = read.replace(tzinfo=UTC)
        return unix_time(read.timestamp())
    except (ValueError, OverflowError):
        return None


def ntp(seconds: object, part: object) -> int | None:
    """The 64-bit NTP timestamp of two JSON numbers.

    Most agents put the words of the wire there: seconds since 1900 and a fraction. Asterisk puts
    Unix seconds and microseconds: told by seconds between 2000 and 2040 with a part that can be
    microseconds. Anything else may be a sender's own clock and is taken as it is.
    """
    high, low = count(seconds), count(part)
    if high is None or low is None or not high | low:
        return None
    if _EARLIEST_S <= high < NTP_UNIX_OFFSET and low < 1_000_000:
        return us_to_ntp(high * 1_000_000 + low)
    return high << 32 | low
