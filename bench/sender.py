"""An open-loop sender in a process of its own: ``sender.py FILE PORT RATE SECONDS [tls]``.

Sends the packets of a file (each behind a u32 length) round and round at a fixed rate, by UDP
whatever the receiver does, by TLS as fast as it reads, and prints how many it sent and how late
it was.
"""

import socket
import ssl
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
    out = connect(port, secure="tls" in sys.argv[5:])
    start = time.perf_counter()
    sent = 0
    total = int(rate * seconds)
    size = len(packets)
    while sent < total:
        due = min(total, int((time.perf_counter() - start) * rate) + 1)
        while sent < due:
            out.sendall(packets[sent % size])
            sent += 1
        time.sleep(TICK_SECONDS)
    print(sent, time.perf_counter() - start)
    out.close()


def connect(port: int, *, secure: bool) -> socket.socket:
    """Return a socket to a listener on loopback; whose certificate it has does not matter here."""
    if not secure:
        out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        out.connect(("127.0.0.1", port))
        return out
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port)))


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
