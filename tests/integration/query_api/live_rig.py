"""A running API with a live stream, and rows that two writers commit as they like."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import asyncpg
import httpx
from prometheus_client import CollectorRegistry

from hepscope_common.bus.topics import SIGNALLING
from hepscope_common.runtime import Supervisor
from hepscope_common.settings import Listen
from hepscope_query_api.component import QueryApi
from hepscope_query_api.settings import ApiSettings
from hepscope_query_api.timestamps import from_us
from integration.query_api.asking import Json

PATIENCE_SECONDS = 60.0


class Told(NamedTuple):
    """An event as it was read."""

    name: str
    id: str
    data: Json


class Follower:
    """Reads one stream; ``until`` goes on to the event that is waited for."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()
        self.heard: list[Told] = []

    async def next(self) -> Told | None:
        """Return the next event, None at the end of the stream."""
        fields: dict[str, str] = {}
        async for line in self._lines:
            if not line and "data" in fields:
                told = Told(fields["event"], fields.get("id", ""), json.loads(fields["data"]))
                self.heard.append(told)
                return told
            name, _, value = line.partition(": ")
            if name:
                fields[name] = value
        return None

    async def until(self, name: str) -> Told:
        """Return the next event of a name."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (told := await self.next()) is not None:
                if told.name == name:
                    return told
        raise AssertionError(f"the stream ended without {name}")

    async def call_ids(self, count: int) -> list[str]:
        """Return the Call-IDs of the next messages, oldest event first, once there are so many."""
        found: list[str] = []
        while len(found) < count:
            items = (await self.until("messages")).data["items"]
            assert isinstance(items, list)
            found += [item["call_id"] for item in items]
        return found


class Writer:
    """A connection that stores as the writer does: rows and position in one transaction."""

    def __init__(self, connection: asyncpg.Connection, partition: int) -> None:
        self.connection = connection
        self.partition = partition
        self.offset = 0

    async def put(self, *call_ids: str, age_s: float = 0, **columns: object) -> None:
        """Store a record of INVITEs, captured so long ago; commits unless in a transaction."""
        now_us = time.time_ns() // 1000
        at = from_us(now_us - round(age_s * 1_000_000))
        leaf = await self.connection.fetchval(
            "select leaf from hepscope.ensure_partition('hepscope.sip_call', $1, now())", at
        )
        values = {"method": "INVITE", "status": None, "from_user": "alice", **columns}
        rows = [
            (at, from_us(now_us), self._id(index), call_id, *values.values())
            for index, call_id in enumerate(call_ids)
        ]
        names = ["time", "received_at", "id", "call_id", *values]
        marks = ", ".join(f"${number}" for number, _ in enumerate(names, 1))
        await self.connection.executemany(
            f'insert into hepscope."{leaf}" ({", ".join(names)}, class, transport, cseq, '
            f"cseq_method) values ({marks}, 1, 1, 1, 'INVITE')",
            rows,
        )
        self.offset += 1
        await self.connection.execute(
            "insert into hepscope.bus_position (bus_id, topic, partition, next_offset) "
            "values ('bus', $1, $2, $3) on conflict (bus_id, topic, partition) "
            "do update set next_offset = excluded.next_offset",
            SIGNALLING,
            self.partition,
            self.offset,
        )

    def _id(self, index: int) -> int:
        return self.partition << 53 | self.offset << 10 | index


class Rig:
    """The API, and who follows it."""

    def __init__(
        self, api: QueryApi, client: httpx.AsyncClient, registry: CollectorRegistry
    ) -> None:
        self.api = api
        self._client = client
        self._registry = registry

    @property
    def url(self) -> str:
        """The address of the stream."""
        return f"{self.api.servers[0].url}/api/v1/live"

    def count(self, name: str, **labels: str) -> float:
        """Return a counter or gauge of live events by the end of its name."""
        value = self._registry.get_sample_value(f"hepscope_api_live_{name}", labels)
        assert value is not None, name
        return value

    @asynccontextmanager
    async def following(
        self, last_event_id: str = "", **query: str | list[str]
    ) -> AsyncIterator[Follower]:
        """Follow from the event ``hello`` on, which is read."""
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        async with self._client.stream("GET", self.url, params=query, headers=headers) as response:
            follower = Follower(response)
            await follower.until("hello")
            yield follower

    async def ask(self, method: str = "GET", **query: str) -> httpx.Response:
        """Return a whole answer."""
        return await self._client.request(method, self.url, params=query)


@asynccontextmanager
async def running(
    database: str, frontend: Path, settings: Mapping[str, int] | None = None
) -> AsyncIterator[Rig]:
    """Run the API over a database."""
    free = (Listen(host="127.0.0.1", port=0),)
    chosen = ApiSettings(listen=free, frontend=frontend).model_copy(update=dict(settings or {}))
    registry = CollectorRegistry()
    api = QueryApi(chosen, database, registry, Supervisor())
    async with api, httpx.AsyncClient(trust_env=False, timeout=PATIENCE_SECONDS) as client:
        yield Rig(api, client, registry)
