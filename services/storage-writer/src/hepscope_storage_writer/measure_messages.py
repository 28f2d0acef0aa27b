"""Messages to be measured, read back from their rows as the signals that counting works with.

Whether a 183 carries SDP is looked up in its payload, since only then it matters. Times are
microseconds since 1970.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg

from hep.sip import parse
from hepscope_common.calls.bounds import TOKEN_CHARS
from hepscope_common.calls.measuring import Filed
from hepscope_common.calls.message_facts import has_sdp
from hepscope_common.calls.signal import Signal
from hepscope_common.store.attempts import Span
from hepscope_storage_writer.times import FIRST_US, LAST_US

MAX_MESSAGES: Final = 4_000
"""Of one span; the first ones count. A client that uses one Call-ID for everything would have all
of it read again with each message, and hold up everybody while it is measured."""

MAX_TOGETHER: Final = 20_000
"""Of several Call-IDs together, some 20 MB."""

PAYLOAD_BYTES: Final = 16_384
"""Looked at of a 183."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

_COLUMNS: Final = (
    "id, time, capture_time, received_at, coalesce(node, '') as node, inet_send(source) as source,"
    " coalesce(source_port, 0) as source_port, inet_send(destination) as destination,"
    " coalesce(destination_port, 0) as destination_port, sip.call_id,"
    " coalesce(method, '') as method,"
    " coalesce(status, 0) as status, cseq, coalesce(method, cseq_method) as cseq_method,"
    f" left(coalesce(via_branch, ''), {TOKEN_CHARS}) as via_branch,"
    f" left(coalesce(from_tag, ''), {TOKEN_CHARS}) as from_tag,"
    f" left(coalesce(to_tag, ''), {TOKEN_CHARS}) as to_tag,"
    " coalesce(user_agent, '') as user_agent,"
    " case when status = 183 and payload_codec = 0"
    f" then substr(payload, 1, {PAYLOAD_BYTES}) end as payload"
)


class TooMuchError(Exception):
    """Several Call-IDs have more messages than are held at a time; measure fewer together."""


def _time(us: str) -> str:
    return f"timestamptz 'epoch' + {us}::bigint * interval '1 microsecond'"


def _query(table: str, class_: int, methods: str) -> str:
    """Return the messages of spans ($1, $2, $3), those among strays too.

    The first $4 of each, $7 in all. $5 and $6 are the ends of all spans together, which lets the
    planner skip leaves.
    """
    where = (
        f"sip.call_id = span.call_id and time >= {_time('$5')} and time <= {_time('$6')}"
        f" and time >= {_time('span.first_us')} and time <= {_time('span.last_us')}"
        f" and coalesce(method, cseq_method) in ({methods})"
    )
    return (
        "select span.number, message.* from unnest($1::text[], $2::bigint[], $3::bigint[])"
        " with ordinality as span (call_id, first_us, last_us, number), lateral ("
        f"select * from (select {_COLUMNS} from hepscope.{table} sip where {where}"
        f" union all select {_COLUMNS} from hepscope.sip_stray sip where class = {class_}"
        f" and {where}) found order by time, id limit $4) message limit $7"
    )


_OF_CALLS: Final = _query("sip_call", 1, "'INVITE', 'BYE'")
_OF_REGISTRATIONS: Final = _query("sip_registration", 2, "'REGISTER'")


async def read_messages(connection: asyncpg.Connection, spans: Sequence[Span]) -> list[list[Filed]]:
    """Return the messages of each span, both ends included: INVITE and BYE, or REGISTER.

    With their responses, at most MAX_MESSAGES; all spans are calls, or all are registrations.
    Raises TooMuchError.
    """
    found: list[list[Filed]] = [[] for _ in spans]
    if not spans:
        return found
    is_one = len({span.call_id for span in spans}) == 1
    most = len(spans) * MAX_MESSAGES if is_one else MAX_TOGETHER
    rows = await connection.fetch(
        _OF_REGISTRATIONS if spans[0].is_registration else _OF_CALLS,
        [span.call_id for span in spans],
        [span.first_us for span in spans],
        [span.last_us for span in spans],
        MAX_MESSAGES,
        min(span.first_us for span in spans),
        max(span.last_us for span in spans),
        most + 1,
    )
    if len(rows) > most:
        raise TooMuchError(f"more than {most} messages of {len(spans)} spans")
    for row in rows:
        found[row[0] - 1].append(_filed(row))
    return found


def _filed(row: asyncpg.Record) -> Filed:
    """Return a row: the number of its span, and _COLUMNS."""
    _, _, time, capture, received, node, source, port, destination, to_port, *rest = row
    (
        call_id,
        method,
        status,
        cseq,
        cseq_method,
        via_branch,
        from_tag,
        to_tag,
        user_agent,
        payload,
    ) = rest
    filed_us = _us(time)
    clock_us = filed_us if capture is None else _us(capture)
    signal = Signal(
        clock_us if FIRST_US <= clock_us <= LAST_US else filed_us,
        _us(received),
        node,
        _packed(source),
        port,
        _packed(destination),
        to_port,
        call_id,
        method,
        status,
        cseq,
        cseq_method,
        via_branch,
        from_tag,
        to_tag,
        user_agent,
        payload is not None and has_sdp(parse(payload)),
    )
    return Filed(signal, filed_us)


def _packed(inet: bytes | None) -> bytes:
    """Return the address of an inet in wire form, which has four bytes before it."""
    return b"" if inet is None else inet[4:]


def _us(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND
