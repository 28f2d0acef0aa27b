"""Attempt: one try at a session or a registration, with the session it made, as RFC 6076 counts.

An attempt is what a user would call one: a request with its retransmissions, the copies of it
that other hops or capture points show, and its retries after a challenge. Its numbers are those
of the hop seen first (source and destination of the first request), which is the nearest to the
user agent that the capture has. It belongs to the time of its first request. Times are
microseconds since the epoch, in packet time; addresses are packed.
"""

from dataclasses import dataclass
from enum import StrEnum

from hepscope_common.calls.kpi import NO_FAILURE, is_failure, is_success
from hepscope_common.calls.state import SETUP_TIMEOUT_US


class AttemptOutcome(StrEnum):
    """How an attempt ended; closed, because it is a metric label."""

    SUCCESS = "success"  # 2xx
    REDIRECTED = "redirected"  # 3xx; the INVITE that follows it is an attempt of its own
    CHALLENGED = "challenged"  # 401, 402 or 407, and the client gave up
    CANCELLED = "cancelled"  # 487
    FAILED = "failed"
    TIMEOUT = "timeout"  # no final


@dataclass(slots=True)
class Attempt:
    """An INVITE or a REGISTER; or, with method BYE, a hang-up whose INVITE was not seen."""

    method: str
    call_id: str
    from_tag: str
    node: str  # "" where every node counts as one capture
    started_us: int
    session_us: int  # start of the first INVITE where this one follows a redirection
    source: bytes = b""
    source_port: int = 0
    destination: bytes = b""
    destination_port: int = 0
    user_agent: str = ""
    follows_redirection: bool = False
    requests: int = 1  # with retransmissions, other hops and capture points
    retries: int = 0  # new transactions after a challenge or for want of an answer
    provisional_us: int | None = None  # first 101..199
    progress_us: int | None = None  # first 180, or 183 with SDP
    final_us: int | None = None
    final_node: str = ""  # the node that showed it first
    status: int | None = None  # the final that counts; None without any
    is_settled: bool = False  # the final is certain, or none will come
    bye_us: int | None = None
    bye_final_us: int | None = None
    bye_status: int | None = None
    is_ended: bool = False  # the BYE was answered, or will not be

    @property
    def outcome(self) -> AttemptOutcome:
        """How the attempt ended, or would if nothing more came."""
        status = self.status
        if status is None:
            return AttemptOutcome.TIMEOUT
        if is_success(status):
            return AttemptOutcome.SUCCESS
        if status in NO_FAILURE:
            return AttemptOutcome.CHALLENGED
        if status == 487:
            return AttemptOutcome.CANCELLED
        return AttemptOutcome.REDIRECTED if status < 400 else AttemptOutcome.FAILED

    @property
    def is_answered(self) -> bool:
        """Whether an INVITE was answered by a 2xx: there is a session."""
        return self.method == "INVITE" and is_success(self.status)

    @property
    def is_completed(self) -> bool:
        """Whether the session ended in order: its BYE has a 2xx (RFC 6076 4.9)."""
        return self.is_answered and is_success(self.bye_status)

    @property
    def request_delay_us(self) -> int | None:
        """Session request delay of an INVITE (RFC 6076 4.3), None where it has none.

        From the first INVITE (redirections and challenges inside) to the first provisional
        response but 100, else to the final. Whether it is the successful or the failed one tells
        ``is_answered``; the two are never averaged together.
        """
        if self.method != "INVITE" or not (self.is_answered or is_failure(self.status)):
            return None
        end = self.final_us if self.provisional_us is None else self.provisional_us
        # Without any response there is nothing to measure to.
        return None if self.status is None or end is None else max(end - self.session_us, 0)

    @property
    def post_dial_delay_us(self) -> int | None:
        """INVITE to the first 180, 183 with SDP, or 2xx; None where the caller heard nothing."""
        if self.method != "INVITE":
            return None
        end = self.progress_us
        if end is None and self.is_answered:
            end = self.final_us
        return None if end is None else max(end - self.session_us, 0)

    @property
    def registration_delay_us(self) -> int | None:
        """REGISTER to its 2xx, the challenge inside (RFC 6076 4.1); None without success."""
        if self.method != "REGISTER" or self.final_us is None or not is_success(self.status):
            return None
        return max(self.final_us - self.started_us, 0)

    @property
    def disconnect_delay_us(self) -> int | None:
        """Session disconnect delay (RFC 6076 4.4): BYE to what ended the waiting for its 2xx.

        That is the 2xx, another final, or Timer F; it is the failed kind unless the BYE has a 2xx.
        """
        if self.bye_us is None or not self.is_ended:
            return None
        if self.bye_final_us is None:
            return SETUP_TIMEOUT_US
        return max(self.bye_final_us - self.bye_us, 0)

    @property
    def duration_us(self) -> int | None:
        """Session duration time (RFC 6076 4.5): 2xx to the INVITE until BYE.

        Of a BYE that nobody answered until its Timer F ran out, which is the failed kind.
        """
        if not self.is_answered or self.final_us is None or self.bye_us is None:
            return None
        if not self.is_ended:
            return None
        end = self.bye_us + SETUP_TIMEOUT_US if self.bye_status is None else self.bye_us
        return max(end - self.final_us, 0)
