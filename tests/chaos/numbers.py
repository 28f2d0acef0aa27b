"""Numbered packets: each says in its SIP which lane sent it and as which one of that lane.

The number stands twice in the message, in Call-ID (``chaos-udp-17@...``) and in a header of its
own (``X-Seq: udp 17``), so that it can be read back from the bus, from a stored payload and from
the columns, and each can be held against the other. A packet is an INVITE of a call of its own.
"""

import re
from enum import StrEnum
from typing import NamedTuple

from hep import HepPacket, encode3


class LaneName(StrEnum):
    """A way from a sender to ingest."""

    UDP = "udp"
    TCP = "tcp"
    HEP = "hep"
    HTTP = "http"


PLAIN_LANES = (LaneName.UDP, LaneName.TCP)
"""Those on which nothing is acknowledged, which are balanced by counters instead."""


class Number(NamedTuple):
    """The identity of a packet: its lane and its number there, from 1."""

    lane: str
    n: int


CALL_ID_PATTERN = "chaos-%@chaos.test"
"""For SQL's like."""

_CALL_ID = re.compile(r"chaos-([a-z]+)-(\d+)@chaos\.test")
_HEADER = re.compile(rb"^X-Seq: ([a-z]+) (\d+)\r$", re.MULTILINE)
_NODE_IDS = {lane: 901 + index for index, lane in enumerate(LaneName)}
_MESSAGE = (
    "INVITE sip:49891{n:09d}@192.0.2.2 SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-{lane}-{n}\r\n"
    "From: <sip:4930{caller:05d}@192.0.2.1>;tag={lane}{n}\r\n"
    "To: <sip:49891{n:09d}@192.0.2.2>\r\n"
    "Call-ID: {call_id}\r\n"
    "CSeq: 1 INVITE\r\nMax-Forwards: 70\r\nUser-Agent: chaos/1\r\n"
    "X-Seq: {lane} {n}\r\n"
    "Content-Length: 0\r\n\r\n"
)


def call_id_of(number: Number) -> str:
    """Return the Call-ID of a packet."""
    return f"chaos-{number.lane}-{number.n}@chaos.test"


def number_of_call_id(call_id: str) -> Number | None:
    """Return the number in a Call-ID, None for one that is not of a chaos run."""
    found = _CALL_ID.fullmatch(call_id)
    return None if found is None else Number(found[1], int(found[2]))


def number_of_payload(payload: bytes) -> Number | None:
    """Return the number in a SIP message, None for one that is not of a chaos run."""
    found = _HEADER.search(payload)
    return None if found is None else Number(found[1].decode(), int(found[2]))


def make_packet(
    lane: LaneName, n: int, *, time_us: int, origin: bytes = b"", seq: int | None = None
) -> bytes:
    """Return the HEP3 packet of a number; origin and seq are for acknowledged HEP."""
    number = Number(lane, n)
    payload = _MESSAGE.format(lane=lane, n=n, caller=n % 20_000, call_id=call_id_of(number))
    return encode3(
        HepPacket(
            source=b"\xc0\x00\x02\x01",
            destination=b"\xc0\x00\x02\x02",
            source_port=5060,
            destination_port=5060,
            time_us=time_us,
            node_id=_NODE_IDS[lane],
            payload=payload.encode(),
            origin=origin,
            seq=seq,
        )
    )
