"""Errors as RFC 9457 problem details: the closed table of kinds and their responses.

A problem is JSON of type ``application/problem+json``: ``type`` (``/problems/<kind>``, which
answers what the kind means; a base path stands before it), ``title``, ``status``, ``detail`` and,
where they help, members of its own: ``parameter``, ``position`` (characters from 0), ``expected``
(list), ``errors``.
The detail says what to do next, because it is what the page shows. It never holds SQL, paths
or a traceback.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

MEDIA_TYPE = "application/problem+json"

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


class Kind(StrEnum):
    """What went wrong; the last part of the ``type`` URI and a metric label."""

    UNKNOWN_PARAMETER = "unknown-parameter"
    INVALID_PARAMETER = "invalid-parameter"
    INVALID_CURSOR = "invalid-cursor"
    BAD_REQUEST = "bad-request"
    NOT_FOUND = "not-found"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    HOST_NOT_ALLOWED = "host-not-allowed"
    TOO_LARGE = "too-large"
    QUERY_TIMEOUT = "query-timeout"
    DATABASE_LOCKED = "database-locked"
    DATABASE_UNAVAILABLE = "database-unavailable"
    LIVE_FULL = "live-full"
    INTERNAL = "internal"


class KindRow(NamedTuple):
    """A row of KINDS; the response, the docs page and ``/problems/<kind>`` read it."""

    status: int
    title: str
    meaning: str


KINDS: Mapping[Kind, KindRow] = {
    Kind.UNKNOWN_PARAMETER: KindRow(
        400,
        "Unknown query parameter",
        "No parameter is ignored in silence: `expected` lists those that the address takes.",
    ),
    Kind.INVALID_PARAMETER: KindRow(
        400,
        "Invalid parameter",
        "A parameter has a value that cannot be read; `parameter` names it, `detail` says what is "
        "expected there.",
    ),
    Kind.INVALID_CURSOR: KindRow(
        400,
        "Invalid cursor",
        "A cursor continues the very list it came with: repeat all other parameters unchanged, or "
        "start again without a cursor.",
    ),
    Kind.BAD_REQUEST: KindRow(400, "Bad request", "The request is not valid HTTP for this API."),
    Kind.NOT_FOUND: KindRow(404, "Not found", "Nothing is stored under this address (any more)."),
    Kind.METHOD_NOT_ALLOWED: KindRow(
        405, "Method not allowed", "The address exists, but not for this HTTP method."
    ),
    Kind.HOST_NOT_ALLOWED: KindRow(
        421,
        "Host not allowed",
        "The Host header names neither this machine's address nor a name set in "
        "HEPSCOPE_API__HOSTS; this keeps foreign web pages from reading the API.",
    ),
    Kind.TOO_LARGE: KindRow(
        413, "Answer too large", "The answer would not fit; narrow it by start and end."
    ),
    Kind.QUERY_TIMEOUT: KindRow(
        504,
        "The search took too long",
        "The database was stopped after the time a search may take; it answers others. Shorten the "
        "time range, or give a Call-ID, a party or an address.",
    ),
    Kind.DATABASE_LOCKED: KindRow(
        503,
        "A table is locked",
        "Somebody changes a table that the search reads, as an upgrade does, and the search waited "
        "for it in vain. Nothing is lost. Try again after Retry-After seconds; if that lasts, look "
        "for sessions of the database that wait, and for whom: pg_blocking_pids.",
    ),
    Kind.DATABASE_UNAVAILABLE: KindRow(
        503,
        "Database unavailable",
        "The database does not answer. Nothing is lost: what arrives meanwhile is stored once it "
        "is back. Try again after Retry-After seconds.",
    ),
    Kind.LIVE_FULL: KindRow(
        503,
        "Too many readers of live events",
        "Each holds a connection of the server; `api.live_readers` says how many there may be.",
    ),
    Kind.INTERNAL: KindRow(
        500, "Internal error", "A fault of hepscope itself; its log has the details."
    ),
}

PASSING = frozenset({Kind.DATABASE_LOCKED, Kind.DATABASE_UNAVAILABLE, Kind.LIVE_FULL})
"""Answered with Retry-After."""

RETRY_AFTER_SECONDS = 5
"""Restarts of PostgreSQL take a second or two; a page that retries must not add to its load."""


class ProblemError(Exception):
    """A request that cannot be answered; becomes a problem details response."""

    def __init__(
        self,
        kind: Kind,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **members: Json,
    ) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail
        self.headers = dict(headers or {})
        self.members = {name: value for name, value in members.items() if value is not None}


class Problem(BaseModel):
    """Problem details (RFC 9457)."""

    model_config = ConfigDict(title="Problem", extra="allow")

    type: str = Field(description="`/problems/<kind>`; answers what the kind means.")
    title: str = Field(description="The kind in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What is wrong here and what to do next.")
    parameter: str | None = Field(None, description="The query parameter at fault.")
    position: int | None = Field(None, description="Where in its value, in characters from 0.")
    expected: list[str] | None = Field(None, description="What would be accepted there.")


def invalid(
    parameter: str, detail: str, *, position: int | None = None, expected: list[str] | None = None
) -> ProblemError:
    """Return the problem of a parameter whose value cannot be used."""
    return ProblemError(
        Kind.INVALID_PARAMETER,
        detail,
        parameter=parameter,
        position=position,
        expected=None if expected is None else [*expected],
    )


def response_of(problem: ProblemError, base_path: str = "") -> JSONResponse:
    """Return the response of a problem to a request under a base path."""
    row = KINDS[problem.kind]
    content = {
        "type": f"{base_path}/problems/{problem.kind}",
        "title": row.title,
        "status": row.status,
        "detail": problem.detail,
        **problem.members,
    }
    headers = dict(problem.headers)
    if problem.kind in PASSING:
        headers.setdefault("Retry-After", str(RETRY_AFTER_SECONDS))
    return JSONResponse(content, row.status, headers, MEDIA_TYPE)
