"""RFC 3339 timestamps: the text form of every time in the API.

Written as UTC with six digits and ``Z`` (``2026-01-01T00:00:00.000000Z``), always 27
characters, so that they also sort as text. Read more liberally: any offset, 0-9 digits of
seconds, of which those below a microsecond are cut.
"""

import re
from datetime import UTC, datetime, timedelta, timezone

SHAPE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?"
    # A "+" that was not percent-encoded arrives as a blank; nothing else can stand there.
    r"(?:([Zz])|([-+ ])(\d\d):(\d\d))",
    re.ASCII,
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
EXAMPLE = "2026-01-31T12:00:00Z"


def format_time(moment: datetime) -> str:
    """Return an aware moment in UTC with microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_time(text: str) -> datetime:
    """Return the moment that an RFC 3339 text names, in UTC; raises ValueError."""
    found = SHAPE.fullmatch(text)
    if found is None:
        raise ValueError(f"expected a time as {EXAMPLE}")
    *fields, fraction, zulu, sign, hours, minutes = found.groups()
    micros = int((fraction or "").ljust(6, "0")[:6])
    zone = UTC if zulu else _zone(sign, int(hours), int(minutes))
    try:
        year, month, day, hour, minute, second = map(int, fields)
        return datetime(year, month, day, hour, minute, second, micros, zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"no such time: {error}") from error


def _zone(sign: str, hours: int, minutes: int) -> timezone:
    if hours > 23 or minutes > 59:
        raise ValueError("no such time: the offset from UTC is more than a day")
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if sign == "-" else offset)


def to_us(moment: datetime) -> int:
    """Return microseconds since the Unix epoch."""
    return (moment - EPOCH) // MICROSECOND


def from_us(micros: int) -> datetime:
    """Return the moment that lies micros after the Unix epoch; raises OverflowError."""
    return EPOCH + micros * MICROSECOND
