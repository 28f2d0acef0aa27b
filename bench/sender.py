"""An open-loop UDP sender in a process of its own: ``sender.py FILE PORT RATE SECONDS``.

Sends the packets of a file (each behind a u32 length) round and round at a fixed rate, whatever
the receiver does, and prints how many it sent and how late it was.
"""

import socket
import struct
import sys
import time
from pathlib import Path

TICK_SECONDS = 0.002
"""Packets go out in bursts of two milliseconds' worth: a timer finer than that is not kept."""


def main() -> None:
    """Send and report."""
    path, port, rate, seconds = (
        sys.argv[1],
        int(sys.argv[2]),
        float(sys.argv[3]),
        float(sys.argv[4]),
    )
    packets = read(Path(path).read_bytes())
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.connect(("127.0.0.1", port))
    start = time.perf_counter()
    sent = 0
    total = int(rate * seconds)
    size = len(packets)
    while sent < total:
        due = min(total, int((time.perf_counter() - start) * rate) + 1)
        while sent < due:
            out.send(packets[sent % size])
            sent += 1
        time.sleep(TICK_SECONDS)
    print(sent, time.perf_counter() - start)


def read(data: bytes) -> list[bytes]:
    """Return the packets of a file."""
    packets, at = [], 0
    while at < len(data):
        (size,) = struct.unpack_from("!I", data, at)
        packets.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return packets


def write(path: Path, packets: list[bytes]) -> None:
    """Write packets for ``read``."""
    path.write_bytes(b"".join(struct.pack("!I", len(one)) + one for one in packets))


if __name__ == "__main__":
    main()
