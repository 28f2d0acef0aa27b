"""Where the messages of a call lie: its Call-ID and a period that holds no other call."""

from collections.abc import Mapping
from dataclasses import dataclass

from hepscope_common.calls.facts import CallFacts
from hepscope_query_api.calls.parameters import call_not_found, choose
from hepscope_query_api.calls.repository import CallRepository
from hepscope_query_api.context import Context
from hepscope_query_api.messages.identity import Root
from hepscope_query_api.messages.repository import MessageRepository, Selection
from hepscope_query_api.query.database import Session
from hepscope_query_api.query.kept import calls_kept_since
from hepscope_query_api.query.period import Period

EVERY_ROOT: Mapping[Root, list[int] | None] = {Root.SIP: None, Root.PACKET: None}


@dataclass(frozen=True, slots=True)
class Scope:
    """A call as a selection of messages; ``call`` is None where only messages are left."""

    call_id: str
    call: CallFacts | None
    period: Period


async def scope_of(
    shared: Context, session: Session, call_id: str, *, at: str | None, within: Period
) -> Scope:
    """Return the scope of a call; raises ProblemError (not-found) when nothing of it is stored."""
    now_us = shared.now_us()
    chosen = choose(await CallRepository(session, now_us).records(call_id), at)
    if chosen is not None:
        start_us = max(chosen.period.start_us, within.start_us)
        # Empty where the call lies outside of what was asked for.
        end_us = max(min(chosen.period.end_us, within.end_us), start_us)
        return Scope(call_id, chosen.call, Period(start_us, end_us))
    anything = Selection(EVERY_ROOT, call_id=call_id)
    if not await MessageRepository(session, now_us).first(anything, 1):
        raise call_not_found(call_id, await calls_kept_since(session))
    return Scope(call_id, None, within)
