"""An event loop that knows where containers are by name, as Docker's own resolver does inside.

Kafka tells clients the name under which it is reached among containers, which this machine's
resolver does not know; and a container that was started again may have another address. So names
are looked up anew for each connection.
"""

import asyncio
import socket
from collections.abc import Callable
from socket import AddressFamily, SocketKind
from typing import Literal

Lookup = Callable[[str], str | None]
"""Returns the address of a name, "" when it has none now, None when it is not one of ours."""

Found = list[
    tuple[Literal[AddressFamily.AF_INET], SocketKind, int, str, tuple[str, int]]
    | tuple[
        Literal[AddressFamily.AF_INET6],
        SocketKind,
        int,
        str,
        tuple[str, int, int, int] | tuple[int, bytes],
    ]
]


def _nothing(name: str) -> str | None:
    del name
    return None


class NamingLoop(asyncio.SelectorEventLoop):
    """Asks ``lookup`` first."""

    def __init__(self) -> None:
        super().__init__()
        self.lookup: Lookup = _nothing

    async def getaddrinfo(
        self,
        host: bytes | str | None,
        port: bytes | str | int | None,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002 - the name that callers use
        proto: int = 0,
        flags: int = 0,
    ) -> Found:
        """Return addresses; raises gaierror (an OSError) for one of ours that has none."""
        name = host.decode() if isinstance(host, bytes) else host
        address = None if name is None else self.lookup(name)
        if address == "":
            raise socket.gaierror(socket.EAI_NONAME, f"{name} is in no network")
        return await super().getaddrinfo(
            address or host, port, family=family, type=type, proto=proto, flags=flags
        )
