"""Whether a program listens yet, without getting in its way: the kernel's tables tell."""

import socket
from pathlib import Path

_LISTENING = "0A"


def is_bound(port: int, kind: socket.SocketKind = socket.SOCK_DGRAM) -> bool:
    """Say whether something has a port, at any address of the network that this thread is in.

    To bind it for a try would refuse it to the program that is waited for, just as that begins.
    """
    table = "udp" if kind == socket.SOCK_DGRAM else "tcp"
    for family in ("", "6"):
        path = Path(f"/proc/thread-self/net/{table}{family}")
        rows = path.read_text().splitlines()[1:] if path.exists() else []
        for _, local, _, state, *_ in map(str.split, rows):
            is_open = kind == socket.SOCK_DGRAM or state == _LISTENING
            if is_open and int(local.rpartition(":")[2], 16) == port:
                return True
    return False
