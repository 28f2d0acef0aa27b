"""``/calls/{call_id}/export``: the SIP of a call as a file, written while it is read.

The first rows are read before the answer begins, so that what is missing or broken gets its
proper status; an error after that cuts the connection.
"""

import json
import re
from collections.abc import AsyncIterator, Callable, Sequence
from enum import StrEnum
from typing import Annotated, NamedTuple

import asyncpg
from fastapi import APIRouter, Depends
from fastapi import Query as Parameters
from fastapi.responses import StreamingResponse
from pydantic import Field

from hepscope_query_api.calls.parameters import CallIdPath, PartOfCallQuery
from hepscope_query_api.calls.schemas import call_of
from hepscope_query_api.calls.scope import Scope, scope_of
from hepscope_query_api.context import Context, Shared
from hepscope_query_api.export.pcap import FILE_HEAD, Packet, Writer
from hepscope_query_api.export.text import entry, way_of
from hepscope_query_api.messages.repository import in_batches
from hepscope_query_api.messages.schemas import message_of, transport_of
from hepscope_query_api.query.parameters import ListQuery, strict
from hepscope_query_api.query.period import whole
from hepscope_query_api.schemas import endpoint_of, packed
from hepscope_query_api.timestamps import to_us
from hepscope_query_api.web.raw_path import call_id_of

router = APIRouter(tags=["calls"])

NAME_CHARS = 80
Rows = Sequence[asyncpg.Record]


class Format(StrEnum):
    """What an export is written as."""

    PCAP = "pcap"
    TEXT = "text"
    JSON = "json"


class ExportQuery(PartOfCallQuery):
    """Parameters of an export."""

    format: Format = Field(description="`pcap`, `text` or `json`.")


class Style(NamedTuple):
    """How a format is written: what comes before, for each batch, and after."""

    suffix: str
    media_type: str
    write: Callable[[Scope, AsyncIterator[Rows], int], AsyncIterator[bytes]]


@router.get(
    "/calls/{call_id}/export",
    summary="Export a call",
    dependencies=[Depends(strict(ExportQuery))],
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The file, as an attachment.",
            "content": {
                "application/vnd.tcpdump.pcap": {"schema": {"type": "string", "format": "binary"}},
                "text/plain": {"schema": {"type": "string"}},
                "application/json": {"schema": {"type": "object"}},
            },
        }
    },
)
async def export_call(
    call_id: CallIdPath, query: Annotated[ExportQuery, Parameters()], shared: Shared
) -> StreamingResponse:
    """All SIP of a call as a file, oldest first.

    `pcap` has the original addresses, ports, transports and times; TCP is written as streams
    that Wireshark reassembles, TLS and WebSocket as the TCP that was inside. `text` is for
    reading, `json` holds the call and its messages with payload.
    """
    period = ListQuery.model_validate({"start": query.start, "end": query.end})
    scope = await scope_of(
        shared,
        shared.database.session(),
        call_id_of(call_id),
        at=query.at,
        within=whole(period),
    )
    batches = await _begun(in_batches(shared.database, scope.call_id, scope.period))
    style = STYLES[query.format]
    name = f"hepscope-{_safe(scope.call_id)}.{style.suffix}"
    return StreamingResponse(
        _counted(style.write(scope, batches, shared.now_us()), query.format, shared),
        media_type=style.media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def _begun(batches: AsyncIterator[Rows]) -> AsyncIterator[Rows]:
    first = await anext(batches, ())

    async def all_of_them() -> AsyncIterator[Rows]:
        yield first
        async for rows in batches:
            yield rows

    return all_of_them()


async def _counted(
    chunks: AsyncIterator[bytes], kind: Format, shared: Context
) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        shared.metrics.exported_bytes.add((kind,), len(chunk))
        yield chunk


async def _pcap(_scope: Scope, batches: AsyncIterator[Rows], _now: int) -> AsyncIterator[bytes]:
    writer = Writer()
    yield FILE_HEAD
    async for rows in batches:
        yield b"".join(writer.records(_packet(row)) for row in rows)


async def _text(_scope: Scope, batches: AsyncIterator[Rows], _now: int) -> AsyncIterator[bytes]:
    async for rows in batches:
        yield "".join(_entry(row) for row in rows).encode()


async def _json(scope: Scope, batches: AsyncIterator[Rows], now_us: int) -> AsyncIterator[bytes]:
    call = None if scope.call is None else call_of(scope.call, now_us).model_dump(mode="json")
    yield b'{"call":' + json.dumps(call, ensure_ascii=False).encode() + b',"messages":['
    comma = "\n"
    async for rows in batches:
        messages = [message_of(row, payload=True) for row in rows]
        if messages:
            texts = [message.model_dump_json(exclude_unset=True) for message in messages]
            yield (comma + ",\n".join(texts)).encode()
            comma = ",\n"
    yield b"\n]}\n"


STYLES = {
    Format.PCAP: Style("pcap", "application/vnd.tcpdump.pcap", _pcap),
    Format.TEXT: Style("txt", "text/plain; charset=utf-8", _text),
    Format.JSON: Style("json", "application/json", _json),
}


def _packet(row: asyncpg.Record) -> Packet:
    return Packet(
        time_us=to_us(row["clock"]),
        source=packed(row["source"]),
        source_port=row["source_port"] or 0,
        destination=packed(row["destination"]),
        destination_port=row["destination_port"] or 0,
        transport=transport_of(row) or "",
        payload=row["payload"] or b"",
    )


def _entry(row: asyncpg.Record) -> str:
    return entry(
        row["clock"],
        way_of(
            endpoint_of(row["source"], row["source_port"]),
            endpoint_of(row["destination"], row["destination_port"]),
        ),
        transport_of(row) or "",
        row["node"] or "",
        row["payload"] or b"",
    )


def _safe(call_id: str) -> str:
    """Return a Call-ID as part of a file name that every system and shell takes."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", call_id)[:NAME_CHARS].strip("-") or "call"
