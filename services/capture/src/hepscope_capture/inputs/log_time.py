"""When a log line was written, where it says so beyond doubt: RFC 3339, with its zone.

RFC 5424 and the high-precision format of rsyslog begin so. RFC 3164 has neither year nor zone
nor fractions, so of its lines the arrival counts.
"""

import re
from datetime import UTC, datetime

_STAMP = re.compile(
    rb"(?:<\d{1,3}>)?(?:1 )?"
    rb"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)[ \t\]]"
)
_EARLIER_US = 7 * 86_400_000_000
_LATER_US = 10_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def time_of(line: bytes, arrived_us: int) -> int:
    """Return when a line was written, microseconds since the epoch; else when it arrived.

    The line is believed up to a week back, and seconds ahead: clocks differ a little.
    """
    stamp = _STAMP.match(line)
    if stamp is None:
        return arrived_us
    zone = stamp[3].replace(b"Z", b"+00:00")
    try:
        written = datetime.fromisoformat((stamp[1] + zone).decode())
    except ValueError:
        return arrived_us
    since = written - _EPOCH
    micros = int(((stamp[2] or b"") + b"000000")[:6])
    written_us = (since.days * 86_400 + since.seconds) * 1_000_000 + micros
    is_likely = arrived_us - _EARLIER_US <= written_us <= arrived_us + _LATER_US
    return written_us if is_likely else arrived_us
