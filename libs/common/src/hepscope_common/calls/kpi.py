"""SIP performance metrics (RFC 6076) and telephone ratios, from counted attempts.

``statuses`` maps the final status of settled attempts to how many ended so; None stands for no
final at all. Attempts are folded (see ``folding``): 401 and 407 remain only where the client gave
up. A ratio of nothing is undefined, not 0.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

Statuses = Mapping[int | None, int]

SEER_STATUSES: Final = frozenset({480, 486, 600, 603})  # RFC 6076 4.7, beside the answers
ISA_STATUSES: Final = frozenset({408, 500, 503, 504})  # RFC 6076 4.8, "a guideline"
NER_STATUSES: Final = frozenset({480, 486, 487, 600, 603})  # what users decide (ITU-T E.425)
# RFC 6076 4.2 and 4.3.2: a demand for credentials or payment is no failure
NO_FAILURE: Final = frozenset({401, 402, 407})


class Ratio(NamedTuple):
    """Part of a whole; both are numbers of attempts."""

    numerator: int
    denominator: int

    @property
    def percent(self) -> float | None:
        """0 to 100, None when there is no whole."""
        return None if self.denominator == 0 else self.numerator * 100 / self.denominator


def total(statuses: Statuses) -> int:
    """Return the number of attempts."""
    return sum(statuses.values())


def answered(statuses: Statuses) -> int:
    """Return how many ended with a 2xx."""
    return sum(count for status, count in statuses.items() if is_success(status))


def redirected(statuses: Statuses) -> int:
    """Return how many ended with a 3xx; their follow-ups are attempts of their own."""
    return sum(n for status, n in statuses.items() if status is not None and 300 <= status < 400)


def ser(statuses: Statuses) -> Ratio:
    """Session establishment ratio: answered / (all - redirected); RFC 6076 4.6."""
    return Ratio(answered(statuses), total(statuses) - redirected(statuses))


def seer(statuses: Statuses) -> Ratio:
    """Session establishment effectiveness ratio; RFC 6076 4.7."""
    effective = answered(statuses) + _among(statuses, SEER_STATUSES)
    return Ratio(effective, total(statuses) - redirected(statuses))


def isa(statuses: Statuses) -> Ratio:
    """Ineffective session attempts, over all of them; RFC 6076 4.8."""
    return Ratio(_among(statuses, ISA_STATUSES), total(statuses))


def scr(statuses: Statuses, completed: int) -> Ratio:
    """Session completion ratio: sessions that ended in order / all requests; RFC 6076 4.9."""
    return Ratio(completed, total(statuses))


def asr(statuses: Statuses) -> Ratio:
    """Answer seizure ratio: answered / all; ITU-T E.411."""
    return Ratio(answered(statuses), total(statuses))


def abr(statuses: Statuses, follow_ups: int) -> Ratio:
    """Answer bid ratio: answered / bids; ITU-T E.411.

    A bid is a first attempt toward a route: the INVITEs that follow a redirection are none.
    """
    return Ratio(answered(statuses), total(statuses) - follow_ups)


def ner(statuses: Statuses) -> Ratio:
    """Network effectiveness ratio: answered or ended by a user / all; ITU-T E.425."""
    return Ratio(answered(statuses) + _among(statuses, NER_STATUSES), total(statuses))


def ira(statuses: Statuses) -> Ratio:
    """Ineffective registration attempts, over all of them; RFC 6076 4.2."""
    failed = sum(count for status, count in statuses.items() if is_failure(status))
    return Ratio(failed, total(statuses))


def is_success(status: int | None) -> bool:
    """Tell whether an attempt ended with a 2xx."""
    return status is not None and 200 <= status < 300


def is_failure(status: int | None) -> bool:
    """Tell whether RFC 6076 counts a final as failed: 4xx but 401, 402, 407, 5xx, 6xx, none."""
    return status is None or (status >= 400 and status not in NO_FAILURE)


def _among(statuses: Statuses, wanted: frozenset[int]) -> int:
    return sum(count for status, count in statuses.items() if status in wanted)
