"""Call state: where an INVITE stands, derived from its facts and a point in time.

setup (no 18x, no final), ringing (18x), answered (2xx without BYE), completed (2xx and BYE),
cancelled (487, or CANCEL without final), timeout (408, or no final within 32 s, 180 s after an
18x), failed (any other final from 300). Every other method is "other".

A challenge (401, 407) is the final of a call only while nothing shows that the client tried
again: an 18x or a CANCEL can only belong to the retry, so that call is still under way.
"""

from enum import StrEnum
from typing import Final

from hepscope_common.calls.keys import CHALLENGES

SECOND_US: Final = 1_000_000
# RFC 3261: Timer B, 64 * T1 with T1 = 500 ms
SETUP_TIMEOUT_US: Final = 32 * SECOND_US
# RFC 3261 16.6: Timer C is longer than 3 minutes; a proxy restarts it with each 101-199
RINGING_TIMEOUT_US: Final = 180 * SECOND_US


class CallState(StrEnum):
    """The states of a call, as the API names them."""

    SETUP = "setup"
    RINGING = "ringing"
    ANSWERED = "answered"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    TIMEOUT = "timeout"
    FAILED = "failed"
    OTHER = "other"


def call_state(
    method: str,
    status: int | None,
    *,
    ringing_us: int | None,
    answered_us: int | None,
    cancelled_us: int | None,
    bye_us: int | None,
    invite_us: int | None,
    now_us: int,
) -> CallState:
    """Return the state of a call at ``now_us``, measured in packet time.

    ``method`` and ``status`` are those of the record (``status`` None while there is no
    final). ``invite_us`` is the initial INVITE, or the first message of a call whose INVITE was
    not seen.
    """
    if method != "INVITE":
        return CallState.OTHER
    if answered_us is not None or (status is not None and 200 <= status < 300):
        return CallState.ANSWERED if bye_us is None else CallState.COMPLETED
    if is_pending(status, ringing_us, cancelled_us):
        return _pending_state(ringing_us, cancelled_us, invite_us, now_us)
    if status == 487:
        return CallState.CANCELLED
    return CallState.TIMEOUT if status == 408 else CallState.FAILED


def is_pending(status: int | None, ringing_us: int | None, cancelled_us: int | None) -> bool:
    """Tell whether an INVITE still waits for its result: no final, or a challenge retried."""
    if status is None:
        return True
    return status in CHALLENGES and (ringing_us is not None or cancelled_us is not None)


def _pending_state(
    ringing_us: int | None, cancelled_us: int | None, invite_us: int | None, now_us: int
) -> CallState:
    if cancelled_us is not None:
        return CallState.CANCELLED
    if ringing_us is not None:
        late = now_us - ringing_us > RINGING_TIMEOUT_US
        return CallState.TIMEOUT if late else CallState.RINGING
    late = invite_us is not None and now_us - invite_us > SETUP_TIMEOUT_US
    return CallState.TIMEOUT if late else CallState.SETUP
