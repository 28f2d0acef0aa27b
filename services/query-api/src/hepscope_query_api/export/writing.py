"""The formats of an export: batches of rows as chunks of a file."""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import tzinfo

import asyncpg

from hepscope_common.calls.facts import CallFacts
from hepscope_common.names import Names
from hepscope_query_api.calls.schemas import call_of
from hepscope_query_api.export.pcap import FILE_HEAD, Packet, Writer
from hepscope_query_api.export.text import entry, way_of
from hepscope_query_api.messages.schemas import message_of, transport_of
from hepscope_query_api.schemas import address_text, packed
from hepscope_query_api.timestamps import to_us

Rows = Sequence[asyncpg.Record]


async def write_pcap(batches: AsyncIterator[Rows]) -> AsyncIterator[bytes]:
    """Yield a capture file."""
    writer = Writer()
    yield FILE_HEAD
    async for rows in batches:
        yield b"".join(writer.records(_packet(row)) for row in rows)


async def write_text(batches: AsyncIterator[Rows], zone: tzinfo) -> AsyncIterator[bytes]:
    """Yield messages to read, their times in a zone."""
    async for rows in batches:
        yield "".join(_entry(row, zone) for row in rows).encode()


async def write_json(
    batches: AsyncIterator[Rows],
    calls: Sequence[CallFacts | None],
    now_us: int,
    names: Names,
) -> AsyncIterator[bytes]:
    """Yield ``call``, ``calls`` where there are several, and ``messages`` of all of them.

    A call of which only messages are left is null.
    """
    items = [
        None if call is None else call_of(call, now_us, names).model_dump(mode="json")
        for call in calls
    ]
    head = {"call": items[0]} if len(items) == 1 else {"call": items[0], "calls": items}
    yield json.dumps(head, ensure_ascii=False, separators=(",", ":"))[:-1].encode()
    yield b',"messages":['
    comma = "\n"
    async for rows in batches:
        messages = [message_of(row, names, payload=True) for row in rows]
        if messages:
            texts = [message.model_dump_json(exclude_unset=True) for message in messages]
            yield (comma + ",\n".join(texts)).encode()
            comma = ",\n"
    yield b"\n]}\n"


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


def _entry(row: asyncpg.Record, zone: tzinfo) -> str:
    return entry(
        row["clock"].astimezone(zone),
        way_of(
            (address_text(row["source"]), row["source_port"] or 0),
            (address_text(row["destination"]), row["destination_port"] or 0),
        ),
        transport_of(row) or "",
        row["node"] or "",
        row["payload"] or b"",
    )
