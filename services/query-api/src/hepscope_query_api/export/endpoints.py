"""``/calls/{call_id}/export``: the SIP of calls as a file, written while it is read.

The first rows are read before the answer begins, so that what is missing or broken gets its
proper status; an error after that cuts the connection.
"""

from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from fastapi import Query as Parameters
from fastapi.responses import StreamingResponse
from pydantic import Field

from hepscope_query_api.calls.parameters import CallIdPath, PartOfCallQuery
from hepscope_query_api.context import Context, Shared
from hepscope_query_api.export.file_name import file_name
from hepscope_query_api.export.writing import Rows, write_json, write_pcap, write_text
from hepscope_query_api.export.zone import zone_of
from hepscope_query_api.messages.call_rows import in_batches
from hepscope_query_api.messages.several import scopes_of, with_calls
from hepscope_query_api.query.parameters import strict
from hepscope_query_api.web.raw_path import call_id_of

router = APIRouter(tags=["calls"])


class Format(StrEnum):
    """What an export is written as."""

    PCAP = "pcap"
    TEXT = "text"
    JSON = "json"


SUFFIXES: Final = {Format.PCAP: "pcap", Format.TEXT: "txt", Format.JSON: "json"}
MEDIA_TYPES: Final = {
    Format.PCAP: "application/vnd.tcpdump.pcap",
    Format.TEXT: "text/plain; charset=utf-8",
    Format.JSON: "application/json",
}


@with_calls
class ExportQuery(PartOfCallQuery):
    """Parameters of an export."""

    format: Format = Field(description="`pcap`, `text` or `json`.")
    tz: str = Field(
        "UTC",
        description="Zone of the times in `text`, by its IANA name: `Europe/Berlin`. "
        "The other formats have none.",
    )


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
    """All SIP of a call as a file, oldest first; with `with`, of several calls in one.

    `pcap` has the original addresses, ports, transports and times; TCP is written as streams
    that Wireshark reassembles, TLS and WebSocket as the TCP that was inside. `text` is for
    reading, `json` holds the call and its messages with payload, and with `with` all calls in
    the order asked for as `calls`.
    """
    zone = zone_of(query.tz)
    session = shared.database.session()
    scopes = await scopes_of(shared, session, call_id_of(call_id), query)
    batches = await _begun(in_batches(shared.database, scopes))
    match query.format:
        case Format.PCAP:
            chunks = write_pcap(batches)
        case Format.TEXT:
            chunks = write_text(batches, zone)
        case Format.JSON:
            chunks = write_json(
                batches, [scope.call for scope in scopes], shared.now_us(), shared.names
            )
    name = file_name([scope.call_id for scope in scopes], SUFFIXES[query.format])
    return StreamingResponse(
        _counted(chunks, query.format, shared),
        media_type=MEDIA_TYPES[query.format],
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
