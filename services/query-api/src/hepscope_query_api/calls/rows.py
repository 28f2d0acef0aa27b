"""Rows of table ``call`` as call facts, and the records of one Call-ID joined.

A Call-ID has one row per call: one that is used again after a day of silence starts another.
A row without an initial request (an orphan) is the rest of an earlier call whose row was too
old to be found when it was stored; it is joined to that when read.
"""

import json
from collections.abc import Iterable
from datetime import datetime

import asyncpg

from hepscope_common.calls.facts import CallFacts, MediaWorst
from hepscope_common.calls.finals import Finals
from hepscope_query_api.schemas import packed
from hepscope_query_api.timestamps import to_us

COLUMNS = (
    "call_id, key_time, started_at, last_at, invite_at, ringing_at, progress_at, answered_at, "
    "cancelled_at, bye_at, origin_key, bytes, message_count, invite_count, source_port, "
    "destination_port, flags, methods, finals::text as finals, method, from_user, from_domain, "
    "to_user, to_domain, ruri_user, ruri_domain, user_agent, source, destination, nodes, "
    "worst_mos, worst_loss, worst_jitter"
)


def facts_of_row(row: asyncpg.Record) -> CallFacts:
    """Return the facts that a row of COLUMNS holds."""
    return CallFacts(
        call_id=row["call_id"],
        started_us=to_us(row["started_at"]),
        last_us=to_us(row["last_at"]),
        origin_key=row["origin_key"],
        method=row["method"] or "",
        from_user=row["from_user"] or "",
        from_domain=row["from_domain"] or "",
        to_user=row["to_user"] or "",
        to_domain=row["to_domain"] or "",
        ruri_user=row["ruri_user"] or "",
        ruri_domain=row["ruri_domain"] or "",
        source=packed(row["source"]),
        source_port=row["source_port"] or 0,
        destination=packed(row["destination"]),
        destination_port=row["destination_port"] or 0,
        user_agent=row["user_agent"] or "",
        message_count=row["message_count"],
        invite_count=row["invite_count"],
        bytes=row["bytes"],
        flags=row["flags"],
        methods=row["methods"],
        nodes=tuple(row["nodes"] or ()),
        finals=_finals(row["finals"]),
        invite_us=_us(row["invite_at"]),
        ringing_us=_us(row["ringing_at"]),
        progress_us=_us(row["progress_at"]),
        answered_us=_us(row["answered_at"]),
        cancelled_us=_us(row["cancelled_at"]),
        bye_us=_us(row["bye_at"]),
        worst=_worst(row),
    )


def join_orphans(records: Iterable[CallFacts]) -> list[CallFacts]:
    """Return the calls of one Call-ID, oldest first, each with the orphans that follow it.

    Takes its rows ordered by key_time. An orphan with no call before it stands alone.
    """
    calls: list[CallFacts] = []
    for facts in records:
        if calls and facts.is_orphan:
            calls[-1].merge(facts)
        else:
            calls.append(facts)
    return calls


def _worst(row: asyncpg.Record) -> MediaWorst | None:
    worst = MediaWorst(row["worst_mos"], row["worst_loss"], row["worst_jitter"])
    return None if worst == MediaWorst() else worst


def _us(moment: datetime | None) -> int | None:
    return None if moment is None else to_us(moment)


def _finals(text: str) -> Finals:
    return {method: (key, reason or "") for method, (key, reason) in json.loads(text).items()}
