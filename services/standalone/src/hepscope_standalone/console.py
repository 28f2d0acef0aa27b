"""What commands print and read: tables, times, and foreign text that no terminal obeys."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from hepscope_common.logs import escape_controls

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_US: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


def table(lines: Sequence[Sequence[str]]) -> str:
    """Return lines of cells as text, each column as wide as its widest cell."""
    safe = [[escape_controls(cell) for cell in line] for line in lines]
    widths = [max(map(len, column)) for column in zip(*safe, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in safe
    )


def utc_text(time_us: int) -> str:
    """Return a time in microseconds since 1970 as RFC 3339, ``-`` for one that is none."""
    if not 0 < time_us <= _LAST_US:
        return "-"
    moment = _EPOCH + timedelta(microseconds=time_us)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_time(text: str) -> int:
    """Return an ISO 8601 date or time in microseconds since 1970; UTC unless it names an offset.

    Raises ValueError.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1)
