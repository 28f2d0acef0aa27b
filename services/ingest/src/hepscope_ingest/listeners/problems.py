"""Answers that are no success: problem details (RFC 9457) with the counts of a request."""

from collections import Counter
from dataclasses import dataclass, field

from starlette.responses import JSONResponse, Response

RETRY_SECONDS = 5
"""After 503."""

_TITLES = {
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    503: "Service Unavailable",
}


@dataclass(slots=True)
class Outcome:
    """What became of the packets of a request."""

    accepted: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def counts(self) -> dict[str, object]:
        """The numbers, as answers carry them."""
        refused = self.reasons.total()
        return {"accepted": self.accepted, "refused": refused, "reasons": dict(self.reasons)}


class Problem(Exception):  # noqa: N818 - an answer, and no error of ours
    """Why a request is not answered with success; with a reason it is counted."""

    def __init__(self, status: int, detail: str, *, reason: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.reason = reason


def problem_details(problem: Problem, outcome: Outcome | None = None) -> Response:
    """Return the answer; without an outcome nothing was taken."""
    counts = (outcome or Outcome()).counts
    body = {"type": "about:blank", "title": _TITLES[problem.status], "status": problem.status}
    headers = {"Retry-After": str(RETRY_SECONDS)} if problem.status == 503 else {}
    return JSONResponse(
        {**body, "detail": problem.detail, **counts},
        status_code=problem.status,
        headers=headers,
        media_type="application/problem+json",
    )
