"""Server-sent events (WHATWG HTML, 9.2): an event, and the bytes that it is on the wire."""

from dataclasses import dataclass

from hepscope_query_api.live.shapes import Lost, Trouble
from hepscope_query_api.problems import KINDS, ProblemError
from hepscope_query_api.schemas import Shape
from hepscope_query_api.timestamps import format_time, from_us

HEARTBEAT = b":\n\n"
"""A comment: keeps proxies from taking a quiet stream for a dead one."""

RETRY = b"retry: 2000\n\n"
"""After so many milliseconds a browser connects anew."""


RESUMABLE = ("hello", "messages")
"""Events after which everything that was committed until then was sent."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event as it is sent to everybody who reads the same."""

    name: str
    at_us: int
    data: bytes
    messages: int = 0
    """How many messages it holds or stands for."""


def event(name: str, shape: Shape, at_us: int, *, messages: int = 0) -> Event:
    """Return an event; its id, where it has one, is the time of the look, to go on from there.

    JSON has no line ends of its own, so it is one line of data.
    """
    place = f"id: {at_us}\n" if name in RESUMABLE else ""
    text = f"event: {name}\n{place}data: {shape.model_dump_json()}\n\n"
    return Event(name, at_us, text.encode(), messages)


def gap(since_us: int, until_us: int) -> Event:
    """Return the event of messages that nobody can count any more."""
    lost = Lost(
        from_=format_time(from_us(since_us)),
        to=format_time(from_us(until_us)),
        reason="gap",
        messages=None,
    )
    return event("lost", lost, until_us)


def trouble(problem: ProblemError, now_us: int) -> Event:
    """Return the event of a problem that began now."""
    told = Trouble(
        title=KINDS[problem.kind].title,
        detail=problem.detail,
        since=format_time(from_us(now_us)),
    )
    return event("trouble", told, now_us)


def resumed_at(last_event_id: str | None) -> int | None:
    """Return the time that a reader goes on from; None of one that begins, or of no id of ours."""
    if last_event_id and last_event_id.isascii() and last_event_id.isdigit():
        return int(last_event_id[:16])
    return None
