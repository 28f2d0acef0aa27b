"""Bound sockets, and the one line that says why there is none."""

import socket

import pytest

from hepscope_common.runtime import StartupError
from hepscope_common.settings import Listen
from hepscope_common.sockets import ALL, address_of, bind

LOOPBACK = Listen(host="127.0.0.1", port=0)


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_socket_is_bound_and_does_not_block(kind: socket.SocketKind) -> None:
    """Port 0 takes a free one."""
    with bind(LOOPBACK, kind, "HEP") as bound:
        assert bound.getsockname()[1] > 0
        assert not bound.getblocking()


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_an_address_in_use_is_named(kind: socket.SocketKind) -> None:
    """With what wanted it."""
    with bind(LOOPBACK, kind, "first") as bound:
        if kind is socket.SOCK_STREAM:
            bound.listen()
        taken = Listen(host="127.0.0.1", port=bound.getsockname()[1])
        with pytest.raises(StartupError, match=f"^second: cannot listen at {taken}: "):
            bind(taken, kind, "second")


def test_a_name_that_does_not_resolve_is_named() -> None:
    """A typing error in the settings."""
    with pytest.raises(StartupError, match=r"^HEP: cannot resolve 'no such host': "):
        bind(Listen(host="no such host", port=0), socket.SOCK_DGRAM, "HEP")


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_all_addresses_are_those_of_ipv4_too(kind: socket.SocketKind) -> None:
    """An agent of either family reaches the same socket."""
    with bind(Listen(host=ALL, port=0), kind, "HEP") as bound:
        port = address_of(bound).port
        with socket.socket(socket.AF_INET, kind) as peer:
            if kind == socket.SOCK_STREAM:
                bound.listen()
                peer.connect(("127.0.0.1", port))
                assert peer.getpeername() == ("127.0.0.1", port)
            else:
                peer.sendto(b"x", ("127.0.0.1", port))
                bound.settimeout(60)
                assert bound.recv(9) == b"x"


def test_a_port_is_shared_only_by_those_who_all_say_so() -> None:
    """Who does not ask for it finds the port in use."""
    with bind(Listen(host="127.0.0.1", port=0), socket.SOCK_DGRAM, "first", reuse_port=True) as one:
        taken = address_of(one)
        with bind(taken, socket.SOCK_DGRAM, "second", reuse_port=True) as other:
            assert address_of(other) == taken
        with pytest.raises(StartupError, match="third: cannot listen at"):
            bind(taken, socket.SOCK_DGRAM, "third")
