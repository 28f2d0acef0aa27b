"""Names of containers are found where Docker says they are now, all others as ever."""

import asyncio
import socket

import pytest

from chaos.naming_loop import NamingLoop

WHERE = {"kafka": "127.0.0.1", "postgres": ""}


def test_a_connection_goes_where_the_name_leads() -> None:
    """Clients that are told ``kafka`` come to the container's address."""

    async def talk() -> bytes:
        async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            del reader
            writer.write(b"here")
            writer.close()

        async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            reader, writer = await asyncio.open_connection("kafka", port)
            said = await reader.read()
            writer.close()
            await writer.wait_closed()
            return said

    with asyncio.Runner(loop_factory=NamingLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, NamingLoop)
        loop.lookup = WHERE.get
        assert runner.run(talk()) == b"here"


def test_a_container_in_no_network_cannot_be_reached() -> None:
    """As it is while it is cut off: an error at once, which clients take for a dead server."""

    async def reach() -> None:
        await asyncio.open_connection("postgres", 5432)

    with asyncio.Runner(loop_factory=NamingLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, NamingLoop)
        loop.lookup = WHERE.get
        with pytest.raises(socket.gaierror, match="postgres is in no network"):
            runner.run(reach())
