"""Network namespaces for tests: two machines on a wire, and sockets in either of them.

Only root may make them; elsewhere tests skip, where services are required they fail. Names begin
with ``hscap``; all that a test made is gone when its ``with`` block ends.
"""

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from support.corpus import REQUIRED
from support.service import until
from support.siptools import program

ALICE, BOB = "10.77.0.1", "10.77.0.2"
ALICE6, BOB6 = "fd77::1", "fd77::2"
_NEW_NETWORK = 0x40000000  # CLONE_NEWNET
_RUN = Path("/run/netns")
_GET_FLAGS, _RUNNING = 0x8913, 0x40  # linux/sockios.h, net/if.h

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Namespace:
    """A network namespace, with the interface ``wire`` in it."""

    name: str
    wire: str = "wire0"

    def ip(self, words: str) -> None:
        """Run ``ip`` in it."""
        _ip(f"-n {self.name} {words}")

    def has_carrier(self) -> bool:
        """Whether the wire takes frames; of an end that was up first that is known a bit later."""
        request = struct.pack("16s16x", self.wire.encode())

        def ask() -> bytes:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
                return fcntl.ioctl(any_socket, _GET_FLAGS, request)

        (flags,) = struct.unpack("16xH14x", self.call(ask))
        return bool(flags & _RUNNING)

    def command(self, *words: str) -> list[str]:
        """Return the command line that runs a program in it."""
        return [program("ip"), "netns", "exec", self.name, *words]

    def call(self, work: Callable[[], _Result]) -> _Result:
        """Return what a function returns that runs in it: sockets it makes stay in it."""
        results: list[_Result] = []
        errors: list[BaseException] = []

        def run() -> None:
            try:
                _enter(self.name)
                results.append(work())
            except BaseException as error:  # noqa: BLE001 - raised again by the caller
                errors.append(error)

        # A namespace is the thread's, so it ends with the thread.
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        if errors:
            raise errors[0]
        return results[0]


def _enter(name: str) -> None:
    """Move this thread into a namespace; os.setns is younger than our oldest Python."""
    handle = os.open(_RUN / name, os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).setns(handle, _NEW_NETWORK):
            raise OSError(ctypes.get_errno(), "setns")
    finally:
        os.close(handle)


@dataclass(frozen=True, slots=True)
class Here(Namespace):
    """The network of this machine; its loopback is the wire."""

    wire: str = "lo"

    def call(self, work: Callable[[], _Result]) -> _Result:
        """Return what a function returns."""
        return work()


def here() -> Here:
    """The network of this machine, for those who may capture in it."""
    need_root("capturing needs root")
    return Here("")


def need_root(reason: str) -> None:
    """Return for root; else skip, or fail where all services must be there."""
    if os.geteuid() != 0:
        (pytest.fail if any(map(os.environ.get, REQUIRED)) else pytest.skip)(reason)


@contextmanager
def namespace(name: str) -> Iterator[Namespace]:
    """A namespace with its loopback up."""
    need_root("network namespaces need root")
    made = Namespace(f"hscap-{os.getpid()}-{name}")
    _ip(f"netns add {made.name}")
    try:
        made.ip("link set lo up")
        yield made
    finally:
        _ip(f"netns del {made.name}")


@contextmanager
def wired(mtu: int = 1500) -> Iterator[tuple[Namespace, Namespace]]:
    """Two namespaces on one wire, alice and bob, with IPv4 and IPv6 addresses."""
    with ExitStack() as stack:
        pair = [stack.enter_context(namespace(name)) for name in ("alice", "bob")]
        alice, bob = pair
        _ip(
            f"link add {alice.wire} netns {alice.name} mtu {mtu} type veth"
            f" peer name {bob.wire} netns {bob.name} mtu {mtu}"
        )
        for one, v4, v6 in ((alice, ALICE, ALICE6), (bob, BOB, BOB6)):
            one.ip(f"addr add {v4}/24 dev {one.wire}")
            one.ip(f"addr add {v6}/64 dev {one.wire} nodad")
            one.ip(f"link set {one.wire} up")
        until(lambda: alice.has_carrier() and bob.has_carrier(), "the wire to take frames")
        yield alice, bob


def _ip(words: str) -> None:
    done = subprocess.run(
        [program("ip"), *words.split()], check=False, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, f"ip {words}: {done.stderr}"
