"""What became of a question to Loki."""

from enum import StrEnum


class LokiOutcome(StrEnum):
    """Closed: each is a metric label."""

    OK = "ok"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    REDIRECT = "redirect"
    INVALID = "invalid"
    TOO_LARGE = "too_large"
