"""Bound sockets that do not block, and what the kernel dropped at them."""

import contextlib
import errno
import socket
import struct

from hepscope_capture.inputs.input import InputError
from hepscope_capture.inputs.listen import Listen
from hepscope_capture.senders.target import Scheme

# A burst of one second at 10,000 packets; the kernel's own bound may be lower.
RECEIVE_BUFFER_BYTES = 8 * 1024 * 1024

_ALL_IPV6, _ALL_IPV4 = "::", "0.0.0.0"  # noqa: S104 - what the user may ask for
_NO_IPV6 = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)
_BACKLOG = 128
_SO_RCVBUFFORCE = 33  # with CAP_NET_ADMIN
_SO_MEMINFO = 55
_MEMINFO = struct.Struct("=9I")  # the last is SK_MEMINFO_DROPS


def bind(listen: Listen) -> socket.socket:
    """Return a socket that listens there; ``[::]`` takes IPv4 too. Raises InputError."""
    try:
        return _bind(listen.scheme, listen.host, listen.port)
    except socket.gaierror as error:
        raise InputError(f"{listen}: no such host: {error.strerror}") from None
    except OSError as error:
        if listen.host == _ALL_IPV6 and error.errno in _NO_IPV6:
            return bind(Listen(listen.scheme, _ALL_IPV4, listen.port))
        raise InputError(f"{listen}: cannot listen there: {error.strerror}") from None


def _bind(scheme: Scheme, host: str, port: int) -> socket.socket:
    kind = socket.SOCK_DGRAM if scheme is Scheme.UDP else socket.SOCK_STREAM
    family, _, protocol, _, address = socket.getaddrinfo(
        host, port, type=kind, flags=socket.AI_PASSIVE
    )[0]
    bound = socket.socket(family, kind, protocol)
    try:
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, host != _ALL_IPV6)
        if kind == socket.SOCK_STREAM:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            _grow(bound)
        bound.bind(address)
        bound.setblocking(False)
        if kind == socket.SOCK_STREAM:
            bound.listen(_BACKLOG)
    except OSError:
        bound.close()
        raise
    return bound


def _grow(bound: socket.socket) -> None:
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    with contextlib.suppress(OSError):
        bound.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES)


def kernel_drops(bound: socket.socket) -> int:
    """Return the datagrams dropped at a socket since it was opened; 0 where nobody tells."""
    try:
        info = bound.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
    except OSError:
        return 0
    return _MEMINFO.unpack(info)[-1] if len(info) == _MEMINFO.size else 0


def address_of(bound: socket.socket, scheme: Scheme) -> Listen:
    """Return where a socket listens, with the port that it was given."""
    host, port = bound.getsockname()[:2]
    return Listen(scheme, host, port)
