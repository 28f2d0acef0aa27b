"""What is derived from a row of table ``call``, as SQL.

Each states once more what ``hepscope_common.calls`` computes; a test compares both over random
facts.
"""

from hepscope_common.calls.keys import EPOCH_2000_US, LOW_BITS, RANK_SHIFT, TIME_MAX, FinalRank
from hepscope_common.calls.kpi import NER_STATUSES
from hepscope_common.calls.outcome import POOR_MOS
from hepscope_common.calls.sessions import SESSION_US
from hepscope_common.calls.state import RINGING_TIMEOUT_US, SETUP_TIMEOUT_US
from hepscope_query_api.timestamps import from_us

ANSWERED = "(answered_at is not null or coalesce(status between 200 and 299, false))"
PENDING = (
    "(status is null or (status in (401, 407) "
    "and (ringing_at is not null or cancelled_at is not null)))"
)

PDD = (
    "case when invite_at is not null and coalesce(progress_at, answered_at) is not null then "
    "greatest(extract(epoch from least(progress_at, answered_at) - invite_at) * 1000, 0) end"
)

DURATION = (
    "case when answered_at is not null and bye_at is not null "
    "then greatest(extract(epoch from bye_at - answered_at), 0) end"
)

_KEY = "(finals -> method ->> 0)::bigint"
_KEY_TIME = f"({_KEY} >> {LOW_BITS} & {TIME_MAX})"
FINAL_TIME = (
    f"(timestamptz '{from_us(EPOCH_2000_US):%Y-%m-%d %H:%M:%S}+00' + interval '1 microsecond' * "
    f"case when {_KEY} >> {RANK_SHIFT} = {int(FinalRank.SUCCESS)} "
    f"then {TIME_MAX} - {_KEY_TIME} else {_KEY_TIME} end)"
)

ENDED = (
    "case when bye_at is not null then bye_at when method = 'INVITE' then "
    "case when coalesce(status between 200 and 299, false) then null "
    "when cancelled_at is not null then cancelled_at "
    f"when {PENDING} then null else {FINAL_TIME} end else {FINAL_TIME} end"
)

_ANSWER = f"case when worst_mos < {POOR_MOS} then 'poor' else 'answered' end"
_OF_STATUS = (
    f"case when status in ({', '.join(map(str, sorted(NER_STATUSES)))}) then 'not_taken' "
    "when status = 408 then 'no_reply' when status < 500 then 'rejected' else 'fault' end"
)


def state_sql(now: str) -> str:
    """Return the SQL of a call's state at the moment whose SQL is now."""
    return (
        f"case when method is distinct from 'INVITE' then 'other' "
        f"when {ANSWERED} then case when bye_at is null then 'answered' else 'completed' end "
        f"when {PENDING} then case when cancelled_at is not null then 'cancelled' "
        f"when ringing_at is not null then case when {_rung_out(now)} "
        f"then 'timeout' else 'ringing' end "
        f"when {_unheard(now)} then 'timeout' else 'setup' end "
        f"when status = 487 then 'cancelled' when status = 408 then 'timeout' else 'failed' end"
    )


def outcome_sql(now: str) -> str:
    """Return the SQL of a call's outcome at the moment whose SQL is now."""
    over = _over("coalesce(answered_at, started_at)", SESSION_US, now)
    return (
        f"case when method = 'INVITE' then case "
        f"when {ANSWERED} then case when bye_at is null and not {over} "
        f"then 'in_progress' else {_ANSWER} end "
        f"when {PENDING} then case when cancelled_at is not null then 'not_taken' "
        f"when ringing_at is not null then case when {_rung_out(now)} "
        f"then 'no_reply' else 'in_progress' end "
        f"when {_unheard(now)} then 'no_reply' else 'in_progress' end "
        f"else {_OF_STATUS} end "
        f"when method = 'CANCEL' then 'not_taken' "
        f"when method = 'ACK' or answered_at is not null then {_ANSWER} "
        f"when status is null then case when {_over('started_at', SETUP_TIMEOUT_US, now)} "
        f"then 'no_reply' else 'in_progress' end "
        f"when status < 300 then {_ANSWER} else {_OF_STATUS} end"
    )


def _unheard(now: str) -> str:
    return _over("coalesce(invite_at, started_at)", SETUP_TIMEOUT_US, now)


def _rung_out(now: str) -> str:
    return _over("ringing_at", RINGING_TIMEOUT_US, now)


def _over(since: str, timeout_us: int, now: str) -> str:
    """Return the SQL of whether more than a time has passed since a moment."""
    return f"({now} - {since} > interval '{timeout_us} microseconds')"
