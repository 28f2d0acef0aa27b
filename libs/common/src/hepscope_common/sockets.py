"""Bound sockets, with errors that name what wanted which address."""

import errno
import socket

from hepscope_common.runtime import StartupError
from hepscope_common.settings import Listen

ALL = "::"
"""Every address of the machine, IPv6 and IPv4 by one socket."""

_ALL_IPV4 = "0.0.0.0"  # noqa: S104 - for machines without IPv6
_NO_IPV6 = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, socket.EAI_ADDRFAMILY})


def bind(
    listen: Listen, kind: socket.SocketKind, what: str, *, reuse_port: bool = False
) -> socket.socket:
    """Return a non-blocking bound socket of an address; ``::`` takes IPv4 too.

    With reuse_port it shares the port with others that are bound so, by the same user.
    Raises StartupError with one line that names the address and what wanted it.
    """
    try:
        return _bind(listen.host, listen.port, kind, reuse_port=reuse_port)
    except socket.gaierror as error:
        raise StartupError(f"{what}: cannot resolve {listen.host!r}: {error.strerror}") from error
    except OSError as error:
        raise StartupError(f"{what}: cannot listen at {listen}: {error.strerror}") from error


def _bind(host: str, port: int, kind: socket.SocketKind, *, reuse_port: bool) -> socket.socket:
    try:
        return _bind_one(host, port, kind, reuse_port=reuse_port)
    except OSError as error:
        if host != ALL or error.errno not in _NO_IPV6:
            raise
        return _bind_one(_ALL_IPV4, port, kind, reuse_port=reuse_port)


def _bind_one(host: str, port: int, kind: socket.SocketKind, *, reuse_port: bool) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=kind, flags=socket.AI_PASSIVE)
    family, _, protocol, _, address = found[0]
    # asyncio sets TCP_NODELAY only where the protocol is said; without it answers wait 40 ms.
    bound = socket.socket(family, kind, protocol)
    try:
        if kind == socket.SOCK_STREAM:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, host != ALL)
        bound.bind(address)
        bound.setblocking(False)
    except OSError:
        bound.close()
        raise
    return bound


def address_of(bound: socket.socket) -> Listen:
    """Return the address that a socket is bound to."""
    host, port = bound.getsockname()[:2]
    return Listen(host=host, port=port)
