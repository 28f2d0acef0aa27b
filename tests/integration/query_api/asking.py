"""Short ways to ask the API in tests."""

from typing import cast

import httpx

Json = dict[str, object]


async def get(client: httpx.AsyncClient, path: str, /, **query: object) -> Json:
    """Return the JSON of a request that must succeed."""
    answer = await client.get(path, params=cast("dict[str, str]", query))
    assert answer.status_code == 200, answer.text
    return cast("Json", answer.json())


async def items(client: httpx.AsyncClient, path: str, /, **query: object) -> list[Json]:
    """Return the items of a list."""
    return cast("list[Json]", (await get(client, path, **query))["items"])


async def pages(client: httpx.AsyncClient, path: str, /, **query: object) -> list[Json]:
    """Return the items of all pages of a list."""
    found: list[Json] = []
    cursor: dict[str, object] = {}
    while True:
        page = await get(client, path, **query, **cursor)
        found += cast("list[Json]", page["items"])
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


async def problem(client: httpx.AsyncClient, path: str, expected: int, /, **query: object) -> Json:
    """Return the problem details of a request that must fail with a status."""
    answer = await client.get(path, params=cast("dict[str, str]", query))
    assert answer.status_code == expected, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    details = cast("Json", answer.json())
    assert details["status"] == expected
    assert details["title"]
    return details
