"""Query parameters of calls, and which part of a Call-ID's history they choose."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Path
from pydantic import Field

from hepscope_common.calls.facts import CallFacts
from hepscope_query_api.problems import Kind, ProblemError, invalid
from hepscope_query_api.query.parameters import ListQuery, Query, filter_parameter
from hepscope_query_api.query.period import ALWAYS, Period
from hepscope_query_api.timestamps import parse_time, to_us

CallIdPath = Annotated[
    str,
    Path(
        description="The Call-ID, percent-encoded: `@` may stay, `/`, `%`, `?` and `#` may not.",
        examples=["a84b4c76e66710%40192.0.2.1"],
    ),
]

AT = (
    "Which of several calls with this Call-ID: the one that was under way at this time "
    "(RFC 3339), else the nearest. Without it, the newest."
)


class CallQuery(ListQuery):
    """Parameters of the list of calls."""

    q: str | None = Field(
        None,
        description="Bare words, each of which must be a Call-ID, part of a user of From or To, "
        "`user@domain`, or an address, port or network of the first request.",
    )
    call_id: list[str] = filter_parameter("Call-ID.")
    method: list[str] = filter_parameter("Method of the first request, e.g. `INVITE`.")
    status: list[str] = filter_parameter("Final code: `486`, or `4*`.")
    reason: list[str] = filter_parameter("Reason phrase of the final.")
    state: list[str] = filter_parameter(
        "setup, ringing, answered, completed, cancelled, timeout, failed or other."
    )
    started_at: list[str] = filter_parameter("Time of the first message, exactly.")
    answered_at: list[str] = filter_parameter("Time of the answer; `*` = answered.")
    ended_at: list[str] = filter_parameter("Time of the end; empty = goes on.")
    pdd_ms: list[str] = filter_parameter("Post-dial delay, exactly.")
    duration_s: list[str] = filter_parameter("Talk time, exactly.")
    from_user: list[str] = filter_parameter("User of From: `4930*`, `*123*`.")
    from_domain: list[str] = filter_parameter("Domain of From.")
    to_user: list[str] = filter_parameter("User of To.")
    to_domain: list[str] = filter_parameter("Domain of To.")
    ruri_user: list[str] = filter_parameter("User of the request URI.")
    ruri_domain: list[str] = filter_parameter("Domain of the request URI.")
    user_agent: list[str] = filter_parameter("User-Agent of the first request.")
    source: list[str] = filter_parameter(
        "Where the first request came from: `10.0.0.5`, `10.0.0.5:5060`, `10.0.0.0/8`, `10.1.*`."
    )
    destination: list[str] = filter_parameter("Where the first request went to.")
    message_count: list[str] = filter_parameter("Number of messages.")
    nodes: list[str] = filter_parameter("A node that captured it.")


CALL_FILTERS = [name for name in CallQuery.model_fields if name not in ListQuery.model_fields]
CALL_FILTERS.remove("q")


class OneCallQuery(Query):
    """Which call of a Call-ID is meant."""

    at: str | None = Field(None, description=AT)


class PartOfCallQuery(OneCallQuery):
    """Which call of a Call-ID, and which part of it."""

    start: str | None = Field(None, description="Only from this time on (RFC 3339).")
    end: str | None = Field(None, description="Only before this time (RFC 3339).")


@dataclass(frozen=True, slots=True)
class Chosen:
    """One call of a Call-ID, and the time that belongs to it and not to its neighbours."""

    call: CallFacts
    others: Sequence[CallFacts]
    period: Period


def choose(records: Sequence[CallFacts], at: str | None) -> Chosen | None:
    """Return the call that is meant, of those of one Call-ID, oldest first; None of none.

    Its period is everything up to the next call, as late messages belong to the one before.
    """
    moment_us = _moment(at)
    if not records:
        return None
    index = len(records) - 1
    if moment_us is not None:
        index = min(range(len(records)), key=lambda one: _distance(records[one], moment_us))
    start_us = records[index].started_us if index else ALWAYS.start_us
    last = index + 1 == len(records)
    end_us = ALWAYS.end_us if last else max(records[index + 1].started_us, start_us + 1)
    others = [facts for facts in records if facts is not records[index]]
    return Chosen(records[index], others[::-1], Period(start_us, end_us))


def call_not_found(call_id: str) -> ProblemError:
    """Return the problem of a Call-ID of which nothing is stored."""
    return ProblemError(
        Kind.NOT_FOUND,
        f"No call has the Call-ID “{call_id[:200]}”. It may be older than what is kept, or have "
        "been sent a moment ago: messages are stored within seconds. In the path of a URL it "
        "must be percent-encoded (/ as %2F, % as %25).",
    )


def _moment(at: str | None) -> int | None:
    if at is None:
        return None
    try:
        return to_us(parse_time(at))
    except ValueError as error:
        raise invalid("at", f"at: {error}.", expected=["RFC 3339 time"]) from error


def _distance(call: CallFacts, moment_us: int) -> int:
    return max(call.started_us - moment_us, moment_us - call.last_us, 0)
