"""The time range of a list: ``start`` <= time < ``end``, frozen over the pages of one list."""

from dataclasses import dataclass
from datetime import datetime

from hepscope_query_api.problems import invalid
from hepscope_query_api.query.parameters import RangeQuery
from hepscope_query_api.timestamps import format_time, from_us, parse_time, to_us

DAY_US = 24 * 3600 * 1_000_000

AHEAD_US = 3600 * 1_000_000
"""How far before us an agent's clock may be without its times being replaced; a default range
that ended now would hide the newest calls of such an agent."""


@dataclass(frozen=True, slots=True)
class Period:
    """``start_us`` <= time < ``end_us``."""

    start_us: int
    end_us: int

    @property
    def start(self) -> datetime:
        """First moment inside."""
        return from_us(self.start_us)

    @property
    def end(self) -> datetime:
        """First moment after."""
        return from_us(self.end_us)


ALWAYS = Period(
    to_us(parse_time("0001-01-02T00:00:00Z")), to_us(parse_time("9999-12-30T00:00:00Z"))
)
"""Every time that can be stored; a day from the ends, so that arithmetic stays in range."""


def last_day(query: RangeQuery, now_us: int, *, ahead_us: int = AHEAD_US) -> Period:
    """Return the range of a top-level list; the last 24 h where it is not given."""
    end_us = _given("end", query.end)
    start_us = _given("start", query.start)
    upto_us = now_us + ahead_us if end_us is None else end_us
    if start_us is None:
        start_us = (now_us if end_us is None else end_us) - DAY_US
    return _checked(start_us, upto_us)


def whole(query: RangeQuery) -> Period:
    """Return the range of a list that covers everything unless it is given."""
    end_us = _given("end", query.end)
    start_us = _given("start", query.start)
    return _checked(
        ALWAYS.start_us if start_us is None else start_us,
        ALWAYS.end_us if end_us is None else end_us,
    )


def _given(name: str, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return to_us(parse_time(text))
    except ValueError as error:
        raise invalid(name, f"{name}: {error}.", expected=["RFC 3339 time"]) from error


def _checked(start_us: int, end_us: int) -> Period:
    start_us = max(start_us, ALWAYS.start_us)
    end_us = min(end_us, ALWAYS.end_us)
    if start_us >= end_us:
        detail = f"start ({_name(start_us)}) must be before end ({_name(end_us)})."
        raise invalid("start", detail)
    return Period(start_us, end_us)


def _name(micros: int) -> str:
    return format_time(from_us(micros))
