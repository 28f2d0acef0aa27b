"""What the kernel dropped at a UDP socket because nobody read it in time."""

import os
import socket
from pathlib import Path

_TABLES = {socket.AF_INET: Path("/proc/net/udp"), socket.AF_INET6: Path("/proc/net/udp6")}


def kernel_drops(bound: socket.socket) -> int:
    """Return the drops of a socket since it was opened; 0 where the kernel does not tell."""
    table = _TABLES.get(bound.family)
    if table is None:
        return 0
    try:
        inode = os.fstat(bound.fileno()).st_ino
        return parse_drops(table.read_text(encoding="ascii"), inode)
    except (OSError, ValueError):
        return 0


def parse_drops(table: str, inode: int) -> int:
    """Return the last column of the row of an inode in a ``/proc/net/udp`` table."""
    wanted = str(inode)
    for row in table.splitlines()[1:]:
        columns = row.split()
        if len(columns) > 12 and columns[9] == wanted:
            return int(columns[12])
    return 0
