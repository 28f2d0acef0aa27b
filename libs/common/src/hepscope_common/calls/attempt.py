"""Attempt: one try at a session, a registration or a hang-up, as RFC 6076 counts them.

One attempt is what a user would call one: a request, its retransmissions and its retries after
a challenge. An INVITE counts once per hop; several capture points of a hop see the same
transaction. Times are microseconds since the epoch, in packet time.
"""

from dataclasses import dataclass
from enum import StrEnum

from hepscope_common.calls.keys import CHALLENGES
from hepscope_common.calls.kpi import is_failure, is_success


class AttemptOutcome(StrEnum):
    """How an attempt ended; closed, because it is a metric label."""

    SUCCESS = "success"  # 2xx
    REDIRECTED = "redirected"  # 3xx; the INVITE that follows is an attempt of its own
    CHALLENGED = "challenged"  # 401 or 407, and the client gave up
    CANCELLED = "cancelled"  # 487
    FAILED = "failed"
    TIMEOUT = "timeout"  # no final


@dataclass(slots=True)
class Attempt:
    """One attempt; ``status`` is the final that counts so far, None without any."""

    method: str
    call_id: str
    from_tag: str
    request_uri: str
    hop: int  # Via headers of the request: 1 = as the user agent sent it
    source: bytes
    destination: bytes
    node: str
    started_us: int
    session_us: int  # start of the first INVITE where this one follows a redirection
    provisional_us: int | None = None  # first 101..199
    final_us: int | None = None
    status: int | None = None
    requests: int = 1  # with retransmissions and capture points
    retries: int = 0  # new transactions after a challenge or for want of an answer

    @property
    def outcome(self) -> AttemptOutcome:
        """How the attempt ended, or would if nothing more came."""
        status = self.status
        if status is None:
            return AttemptOutcome.TIMEOUT
        if is_success(status):
            return AttemptOutcome.SUCCESS
        if status in CHALLENGES:
            return AttemptOutcome.CHALLENGED
        if status == 487:
            return AttemptOutcome.CANCELLED
        return AttemptOutcome.REDIRECTED if status < 400 else AttemptOutcome.FAILED

    @property
    def request_delay_us(self) -> int | None:
        """Session request delay of an INVITE (RFC 6076 4.3), None where it has none.

        From the first INVITE (redirections and challenges inside) to the first provisional
        response but 100, else to the final. It is the failed kind when ``is_failed``, and the
        two are never averaged together.
        """
        if self.method != "INVITE" or self.outcome in _WITHOUT_DELAY:
            return None
        end = self.final_us if self.provisional_us is None else self.provisional_us
        return None if end is None else max(end - self.session_us, 0)

    @property
    def is_failed(self) -> bool:
        """Whether RFC 6076 counts the attempt as failed."""
        return is_failure(self.status)

    @property
    def success_delay_us(self) -> int | None:
        """First request to the 2xx: RRD of a REGISTER (4.1), SDD of a BYE (4.4); else None."""
        if self.final_us is None or not is_success(self.status):
            return None
        return max(self.final_us - self.started_us, 0)


_WITHOUT_DELAY = frozenset(
    {AttemptOutcome.REDIRECTED, AttemptOutcome.CHALLENGED, AttemptOutcome.TIMEOUT}
)
