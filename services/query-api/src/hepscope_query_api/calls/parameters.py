"""Query parameters of calls, and which part of a Call-ID's history they choose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Path
from pydantic import Field

from hepscope_common.calls.facts import CallFacts
from hepscope_query_api.problems import Kind, ProblemError, invalid
from hepscope_query_api.query.parameters import ADDRESSES, ListQuery, Query, filtered_by
from hepscope_query_api.query.period import ALWAYS, Period
from hepscope_query_api.timestamps import format_time, parse_time, to_us

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

WORDS = (
    "Bare words, each of which must be a Call-ID, part of a user of From or To, "
    "`user@domain`, or an address, port or network of the first request."
)

DESCRIBED_FILTERS: Mapping[str, str] = {
    "call_id": "Call-ID.",
    "method": "Method of the first request, e.g. `INVITE`.",
    "status": "Final code: `486`, or `4*`.",
    "reason": "Reason phrase of the final.",
    "state": "setup, ringing, answered, completed, cancelled, timeout, failed or other.",
    "outcome": "answered, poor, not_taken, rejected, fault, no_reply or in_progress.",
    "started_at": "Time of the first message, exactly.",
    "answered_at": "Time of the answer; `*` = answered.",
    "ended_at": "Time of the end; empty = goes on.",
    "pdd_ms": "Post-dial delay, exactly.",
    "duration_s": "Talk time, exactly.",
    "from_user": "User of From: `4930*`, `*123*`.",
    "from_domain": "Domain of From.",
    "to_user": "User of To.",
    "to_domain": "Domain of To.",
    "ruri_user": "User of the request URI.",
    "ruri_domain": "Domain of the request URI.",
    "user_agent": "User-Agent of the first request.",
    "source": f"Where the first request came from: {ADDRESSES}.",
    "destination": "Where the first request went to.",
    "message_count": "Number of messages.",
    "nodes": "A node that captured it.",
    "worst_mos": "Lowest MOS of its media, exactly; `*` = there are reports.",
    "worst_loss": "Highest loss of its media (0 to 1), exactly.",
    "worst_jitter_ms": "Highest jitter of its media, exactly.",
}


@filtered_by(DESCRIBED_FILTERS)
class CallQuery(ListQuery):
    """Parameters of the list of calls."""

    q: str | None = Field(None, description=WORDS)


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
    moment_us = moment_of(at)
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


def call_not_found(call_id: str, kept_since: datetime | None) -> ProblemError:
    """Return the problem of a Call-ID of which nothing is stored.

    ``kept_since`` says since when calls are kept, if retention has removed any.
    """
    return ProblemError(
        Kind.NOT_FOUND,
        f"No call has the Call-ID “{call_id[:200]}”. It may be older than what is kept, or have "
        "been sent a moment ago: messages are stored within seconds. In the path of a URL it "
        "must be percent-encoded (/ as %2F, % as %25).",
        kept_since=None if kept_since is None else format_time(kept_since),
    )


def moment_of(at: str | None) -> int | None:
    """Return the time that `at` says, in microseconds; raises ProblemError for what is none."""
    if at is None:
        return None
    try:
        return to_us(parse_time(at))
    except ValueError as error:
        raise invalid("at", f"at: {error}.", expected=["RFC 3339 time"]) from error


def _distance(call: CallFacts, moment_us: int) -> int:
    return max(call.started_us - moment_us, moment_us - call.last_us, 0)
