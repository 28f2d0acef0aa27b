"""Codecs alone: messages a second on one core, best of several rounds."""

import time
from collections.abc import Callable, Sequence

from bench.report import Row
from hep import admit, decode3, encode3
from hep.sip import parse

ROUNDS = 7


def measure(messages: Sequence[bytes]) -> list[Row]:
    """Return the rows of HEP3 and SIP."""
    packets = [decode3(data) for data in messages]
    payloads = [packet.payload for packet in packets]
    peer = bytes((127, 0, 0, 1, 0, 80))

    def decode_and_parse() -> None:
        for data in messages:
            parse(decode3(data).payload)

    return [
        Row("decode HEP3", _rate(lambda: [decode3(d) for d in messages], messages), "msg/s", 250e3),
        Row("decode HEP3 + SIP", _rate(decode_and_parse, messages), "msg/s", 60e3),
        Row("parse SIP", _rate(lambda: [parse(p) for p in payloads], messages), "msg/s"),
        Row("encode HEP3", _rate(lambda: [encode3(p) for p in packets], messages), "msg/s"),
        Row(
            "admit HEP3",
            _rate(lambda: [admit(d, received_at_us=1, peer=peer) for d in messages], messages),
            "msg/s",
        ),
    ]


def _rate(work: Callable[[], object], messages: Sequence[bytes]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return len(messages) / best
