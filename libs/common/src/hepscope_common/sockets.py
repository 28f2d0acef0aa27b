"""Bound sockets, with errors that name what wanted which address."""

import socket

from hepscope_common.runtime import StartupError
from hepscope_common.settings import Listen


def bind(listen: Listen, kind: socket.SocketKind, what: str) -> socket.socket:
    """Return a non-blocking bound socket of an address.

    Raises StartupError with one line that names the address and the setting's owner.
    """
    try:
        found = socket.getaddrinfo(listen.host, listen.port, type=kind, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise StartupError(f"{what}: cannot resolve {listen.host!r}: {error.strerror}") from error
    family, _, protocol, _, address = found[0]
    # asyncio sets TCP_NODELAY only where the protocol is said; without it answers wait 40 ms.
    bound = socket.socket(family, kind, protocol)
    try:
        if kind == socket.SOCK_STREAM:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, listen.host != "::")
        bound.bind(address)
        bound.setblocking(False)
    except OSError as error:
        bound.close()
        raise StartupError(f"{what}: cannot listen at {listen}: {error.strerror}") from error
    return bound
