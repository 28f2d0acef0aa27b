"""A process that delivers until it is killed: ``putter.py URL SPOOL FIRST MARK``.

Packets have rising numbers; with a mark they are SIP and have the number in their Call-ID. It
prints up to where all it was given is safe: delivered, or on disk. What is in memory only is
always the newest.
"""

import sys
from pathlib import Path

from hep import HepPacket, encode3
from hepscope_capture.clock import SystemClock
from hepscope_capture.delivery.plan import parse_server
from hepscope_capture.delivery.router import make_router

A_TURN = 50
"""Packets put at once."""

_SIP = (
    "OPTIONS sip:a@example.com SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n"
    "From: <sip:b@example.com>;tag=1\r\nTo: <sip:a@example.com>\r\n"
    "Call-ID: {call_id}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)


def call_id(mark: str, number: int) -> str:
    """The Call-ID of a packet's message."""
    return f"{mark}-{number:06d}@example.com"


def main() -> None:
    """Put and tell, for ever."""
    url, spool, first, mark = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    clock = SystemClock()
    router = make_router([parse_server(url)], clock, spool_directory=spool, spill_seconds=0.1)
    router.start()
    (destination,) = router.destinations
    given = first
    while True:
        time_us = clock.now_us()
        router.put([_hep(number, mark, time_us) for number in range(given, given + A_TURN)], 1)
        given += A_TURN
        counts = destination.counts()
        sys.stdout.write(f"{given - (counts.kept - counts.kept_on_disk)}\n")
        sys.stdout.flush()
        clock.sleep(0.005)


def _hep(number: int, mark: str, time_us: int) -> bytes:
    payload = b"%08d" % number + bytes(300)
    if mark:
        payload = _SIP.format(call_id=call_id(mark, number)).encode()
    packet = HepPacket(
        source=bytes(4),
        destination=bytes(4),
        time_us=time_us,
        protocol_type=1,
        payload=payload,
    )
    return encode3(packet)


if __name__ == "__main__":
    main()
