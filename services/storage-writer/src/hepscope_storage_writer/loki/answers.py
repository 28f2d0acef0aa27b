"""What Loki's answer to a push means.

204 is the only answer that acknowledges. 400 has three meanings, told apart by the text:

- Loki checks each line and each label set. It stores what passes, and answers 400 with what it
  refused: as ``N errors like: ...; M errors like: ...`` (one text for each different message; a
  single error has no count), or, where an ingester refused lines for their place in the stream, as
  a list that ends in ``total ignored: N out of M``, of the last such stream of the push. Nothing
  is left of such a push to send, and sending it again would be refused for ever. Old releases tell
  only of the last error.
- Structured metadata may not be allowed, which refuses every line that has some.
- Anything else: the push could not be read, or it is no Loki that answers. Nothing was stored.

The texts are those of Loki 2.4 to 3.7 (pkg/validation, pkg/chunkenc, pkg/ingester).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Final

MAX_PAUSE_SECONDS: Final = 300.0
"""The longest pause that Loki may ask for."""

MAX_DETAIL: Final = 300
"""Characters of an answer that go into a log line."""


class Verdict(StrEnum):
    """What a push came to. Closed: each is a metric label."""

    ACCEPTED = "accepted"
    PARTLY = "partly_refused"
    PLAIN = "metadata_refused"
    TOO_LARGE = "too_large"
    UNCLEAR = "unclear"
    BUSY = "busy"
    DENIED = "denied"
    AWAY = "away"


class Refused(StrEnum):
    """Why Loki keeps no line; its own names where it has one. Closed: each is a metric label."""

    TOO_OLD = "greater_than_max_sample_age"
    TOO_NEW = "too_far_in_future"
    TOO_FAR_BEHIND = "too_far_behind"
    OUT_OF_ORDER = "out_of_order"
    LINE_TOO_LONG = "line_too_long"
    METADATA = "structured_metadata"
    LABELS = "labels"
    TOO_LARGE = "request_too_large"
    OTHER = "other"


_TEXTS: Final = (
    ("entry too far behind", Refused.TOO_FAR_BEHIND),
    ("entry out of order", Refused.OUT_OF_ORDER),
    ("has timestamp too old", Refused.TOO_OLD),
    ("has timestamp too new", Refused.TOO_NEW),
    ("max entry size", Refused.LINE_TOO_LONG),
    ("has structured metadata too large", Refused.METADATA),
    ("has too many structured metadata labels", Refused.METADATA),
    ("label names; limit", Refused.LABELS),
    ("label name too long", Refused.LABELS),
    ("label value too long", Refused.LABELS),
    ("duplicate label name", Refused.LABELS),
    ("missing required labels", Refused.LABELS),
    ("error parsing labels '", Refused.LABELS),
    ("at least one label pair is required", Refused.LABELS),
)
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*(?:"|$)', re.DOTALL)
"""Values of labels, which Loki repeats: a node may be called like any of these texts."""

_NOT_ALLOWED: Final = "includes structured metadata, but this feature is disallowed"
_COUNTED: Final = re.compile(r"(\d+) errors like: ")
_BETWEEN: Final = re.compile(r"; (?=\d+ errors like: )")
_IGNORED: Final = re.compile(r"total ignored: (\d+) out of (\d+)")


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a push."""

    verdict: Verdict
    detail: str = ""
    pause_seconds: float = 0.0
    """What Loki asks to wait at least."""
    refused: Mapping[Refused, int] = field(default_factory=dict)
    """Lines refused for good by reason; all others of the push are stored."""


def read_answer(status: int, text: str, *, retry_after: str = "", location: str = "") -> Answer:
    """Return what an HTTP response means; text is the beginning of its body."""
    detail = f"{status}: {' '.join(text.split())[:MAX_DETAIL]}".removesuffix(": ")
    pause = _pause(retry_after)
    if status == 204:
        return Answer(Verdict.ACCEPTED)
    if status in (400, 422):
        return _read_refusal(text, detail)
    if status == 413:
        return Answer(Verdict.TOO_LARGE, detail)
    if status == 429:
        return Answer(Verdict.BUSY, detail, pause)
    if status >= 500 or status == 408:
        return Answer(Verdict.AWAY, detail, pause)
    if 300 <= status < 400:
        return Answer(Verdict.DENIED, f"{status}: redirects to {location[:MAX_DETAIL]!r}", pause)
    if status < 300:
        return Answer(Verdict.DENIED, f"{status} is no answer of Loki, which says 204", pause)
    return Answer(Verdict.DENIED, detail, pause)


def _read_refusal(said: str, detail: str) -> Answer:
    text = _QUOTED.sub('""', said)
    if _NOT_ALLOWED in text:
        return Answer(Verdict.PLAIN, detail)
    ignored = _IGNORED.search(text)
    if ignored is not None:
        reason = _reason_of(text)
        if reason is not None:
            return Answer(Verdict.PARTLY, detail, refused={reason: int(ignored[1])})
    refused: dict[Refused, int] = {}
    if any(part in text for part, _ in _TEXTS):
        for piece in _BETWEEN.split(text):
            counted = _COUNTED.match(piece)
            reason = _reason_of(piece) or Refused.OTHER
            refused[reason] = refused.get(reason, 0) + (int(counted[1]) if counted else 1)
    if refused:
        return Answer(Verdict.PARTLY, detail, refused=refused)
    return Answer(Verdict.UNCLEAR, detail)


def _reason_of(text: str) -> Refused | None:
    return next((reason for part, reason in _TEXTS if part in text), None)


def _pause(retry_after: str) -> float:
    """Return the seconds that a Retry-After header asks for (RFC 9110 section 10.2.3)."""
    value = retry_after.strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:6]), MAX_PAUSE_SECONDS)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max((until - datetime.now(UTC)).total_seconds(), 0.0), MAX_PAUSE_SECONDS)
