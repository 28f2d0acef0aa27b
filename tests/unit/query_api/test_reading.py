"""Requests that only read: HEAD, and clients that leave."""

import asyncio

import pytest
from starlette.types import Message, Receive, Scope, Send

from hepscope_query_api.web.reading import CLIENT_GONE, Reading

START: Message = {"type": "http.response.start", "status": 200, "headers": []}


class Client:
    """A client that sends a request, and leaves when ``leaves`` is set."""

    def __init__(self) -> None:
        self.leaves = asyncio.Event()
        self.asked = False
        self.got: list[Message] = []

    async def receive(self) -> Message:
        """Return the request, then its disconnect."""
        if not self.asked:
            self.asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Keep what is sent."""
        self.got.append(message)

    async def ask(self, app: Reading, method: str = "GET") -> None:
        """Make a request."""
        await app({"type": "http", "method": method}, self.receive, self.send)


async def test_work_for_a_client_that_left_is_cancelled() -> None:
    """The status is one that metrics can tell from success and from failure."""
    client, ended = Client(), asyncio.Event()

    async def endless(_scope: Scope, _receive: Receive, _send: Send) -> None:
        client.leaves.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    await client.ask(Reading(endless))

    assert ended.is_set()
    assert client.got[0]["status"] == CLIENT_GONE


async def test_an_answer_under_way_is_cut_without_a_second_one() -> None:
    """Nothing follows what was sent before."""
    client = Client()

    async def endless(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send(START)
        client.leaves.set()
        await asyncio.Event().wait()

    await client.ask(Reading(endless))

    assert client.got == [START]


async def test_an_application_that_waits_for_the_disconnect_is_cancelled_too() -> None:
    """It reads its request once, then waits."""
    client = Client()
    read: list[Message] = []

    async def waiting(_scope: Scope, receive: Receive, _send: Send) -> None:
        read.append(await receive())
        client.leaves.set()
        read.append(await receive())

    await client.ask(Reading(waiting))

    assert [message["type"] for message in read] == ["http.request"]


async def test_the_end_of_the_server_ends_the_work() -> None:
    """Cancelling the request from outside leaves no task behind."""
    client, begun, ended = Client(), asyncio.Event(), asyncio.Event()

    async def endless(_scope: Scope, _receive: Receive, _send: Send) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    request = asyncio.create_task(client.ask(Reading(endless)))
    await begun.wait()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request

    assert ended.is_set()
    assert client.got == []


async def test_errors_pass_through() -> None:
    """What the application raises is for the layers around it."""

    async def failing(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise LookupError("of ours")

    with pytest.raises(LookupError, match="of ours"):
        await Client().ask(Reading(failing))


async def test_head_is_served_as_get_without_body() -> None:
    """The application sees GET; the client gets the heads."""
    client = Client()
    methods: list[str] = []

    async def serve(scope: Scope, _receive: Receive, send: Send) -> None:
        methods.append(scope["method"])
        await send(START)
        await send({"type": "http.response.body", "body": b"text"})

    await client.ask(Reading(serve), "HEAD")

    assert methods == ["GET"]
    assert client.got == [START, {"type": "http.response.body", "body": b""}]


async def test_other_methods_pass_through_with_their_bodies() -> None:
    """An upload is read by its endpoint, not here."""
    client = Client()

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        assert receive == client.receive
        assert send == client.send
        await send({"type": "http.response.start", "status": len(scope["method"]), "headers": []})

    await client.ask(Reading(serve), "POST")

    assert [message["status"] for message in client.got] == [4]
