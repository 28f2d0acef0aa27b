"""Carrier-like traffic for measurements: calls of about eight messages, 630 bytes of SIP each.

Two Via, Record-Route, SDP, twenty thousand callers of skewed popularity, a tenth of the calls
failed. Deterministic: the same seed gives the same bytes.
"""

import random
from collections.abc import Iterator

from hep import HepPacket, encode3

CALLERS = 20_000
AGENTS = ("Kamailio SBC 5.7", "Asterisk PBX 20.5.0", "Yealink SIP-T54W 96.86.0.70")
FAILURES = ((486, "Busy Here"), (404, "Not Found"), (503, "Service Unavailable"), (480, "Away"))
MILLISECOND = 1000

_SDP = (
    "v=0\r\no=- {n} {n} IN IP4 10.1.{a}.{b}\r\ns=-\r\nc=IN IP4 10.1.{a}.{b}\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"
)


class Call:
    """One generated call."""

    def __init__(self, number: int, dice: random.Random) -> None:
        self.call_id = f"{dice.getrandbits(64):016x}-{number}@10.1.0.1"
        self.caller = f"4930{int(CALLERS * dice.random() ** 2):06d}"
        self.callee = f"4989{dice.randrange(1_000_000):06d}"
        self.number = number
        self.agent = AGENTS[number % len(AGENTS)]
        self.failure = FAILURES[number % len(FAILURES)] if number % 10 == 0 else None
        self.source = bytes((10, 1, number >> 8 & 0xFF, number & 0xFF))

    def messages(self) -> Iterator[tuple[int, bool, bytes]]:
        """Yield (milliseconds from the start, whether it goes to the callee, SIP)."""
        sdp = _SDP.format(n=self.number, a=self.source[2], b=self.source[3], port=20_000)
        yield 0, True, self._sip("INVITE", 1, "INVITE", sdp)
        yield 2, False, self._sip("100 Trying", 1, "INVITE")
        if self.failure is not None:
            code, reason = self.failure
            yield 800, False, self._sip(f"{code} {reason}", 1, "INVITE")
            yield 802, True, self._sip("ACK", 1, "ACK")
            return
        yield 900, False, self._sip("180 Ringing", 1, "INVITE")
        yield 4000, False, self._sip("200 OK", 1, "INVITE", sdp)
        yield 4010, True, self._sip("ACK", 1, "ACK")
        yield 30_000, True, self._sip("INFO", 2, "INFO")
        yield 30_005, False, self._sip("200 OK", 2, "INFO")
        yield 64_000, True, self._sip("BYE", 3, "BYE")
        yield 64_010, False, self._sip("200 OK", 3, "BYE")

    def _sip(self, start: str, cseq: int, method: str, body: str = "") -> bytes:
        is_request = start[0].isalpha()
        line = f"{start} sip:{self.callee}@10.9.0.1 SIP/2.0" if is_request else f"SIP/2.0 {start}"
        tag = "" if is_request and method == "INVITE" and cseq == 1 else f";tag=b{self.number:x}"
        content = f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n" if body else (
            "Content-Length: 0\r\n"
        )  # fmt: skip
        return (
            f"{line}\r\n"
            f"Via: SIP/2.0/UDP 10.9.0.2:5060;branch=z9hG4bK{self.number:x}.{cseq}.p\r\n"
            f"Via: SIP/2.0/UDP 10.1.0.1:5060;branch=z9hG4bK{self.number:x}.{cseq};rport=5060\r\n"
            f"Record-Route: <sip:10.9.0.2;lr;ftag=a{self.number:x}>\r\n"
            f'From: "Caller" <sip:{self.caller}@10.1.0.1>;tag=a{self.number:x}\r\n'
            f"To: <sip:{self.callee}@10.9.0.1>{tag}\r\n"
            f"Call-ID: {self.call_id}\r\nCSeq: {cseq} {method}\r\nMax-Forwards: 69\r\n"
            f"Contact: <sip:{self.caller}@10.1.0.1:5060;transport=udp>\r\n"
            f"User-Agent: {self.agent}\r\nAllow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO\r\n"
            f"Supported: replaces, timer\r\n{content}\r\n{body}"
        ).encode()


def packets(count: int, *, start_us: int, seed: int = 1, per_second: float = 15_000) -> list[bytes]:
    """Return HEP3 packets whose calls overlap, times running at a rate from ``start_us``.

    Calls begin at the rate that gives ``per_second`` messages; each message stands where its
    time puts it among those of the other calls, scaled down so that calls end within the list.
    """
    dice = random.Random(seed)
    timed: list[tuple[float, int, bytes]] = []
    number = 0
    spread = min(1.0, count / per_second / 128)
    while len(timed) < count:
        begin = number * 7.8 / per_second * 1000
        call = Call(number, dice)
        for offset, forward, payload in call.messages():
            time_ms = begin + offset * spread
            timed.append(
                (time_ms, number, _packet(call, time_ms, start_us, payload, forward=forward))
            )
        number += 1
    timed.sort(key=lambda row: (row[0], row[1]))
    return [data for _, _, data in timed[:count]]


def _packet(call: Call, time_ms: float, start_us: int, payload: bytes, *, forward: bool) -> bytes:
    here, there = call.source, b"\x0a\x09\x00\x01"
    return encode3(
        HepPacket(
            source=here if forward else there,
            destination=there if forward else here,
            source_port=5060,
            destination_port=5060,
            time_us=start_us + int(time_ms * MILLISECOND),
            node_id=2001 + call.number % 4,
            payload=payload,
        )
    )
