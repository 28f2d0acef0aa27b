"""RTCP put to its call: processor time by report, and by SIP message that may tell of media.

Calls of two ends with two descriptions each, and reports of SR, one block and SDES, many calls at
once. What a message costs where no RTCP is captured is measured apart: nothing is read then.
"""

import time
from collections.abc import Sequence

from bench.report import Row
from hep.rtcp import (
    ReportBlock,
    SdesChunk,
    SdesItem,
    SenderReport,
    SourceDescription,
    encode,
)
from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.decode.transport import UDP
from hepscope_capture.media.correlator import Correlator

CALLS, REPORTS = 5_000, 4
ROUNDS = 3
ALICE, BOB, SIP_PORT = bytes((192, 0, 2, 1)), bytes((198, 51, 100, 2)), 5060
SDP = (
    "v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=sendrecv\r\na=ptime:20\r\n"
)


def measure() -> list[Row]:
    """Return what a report and a message cost."""
    messages = [_message(number, is_offer=is_offer) for number in range(CALLS)
                for is_offer in (True, False)]  # fmt: skip
    reports = [_report(number) for _ in range(REPORTS) for number in range(CALLS)]
    unread = read = correlated = float("inf")
    for _ in range(ROUNDS):
        correlator = Correlator()
        begun = time.process_time()
        for message in messages:
            correlator.learn(message)
        unread = min(unread, time.process_time() - begun)
        begun = time.process_time()
        correlator.correlate(reports[0])
        read = min(read, time.process_time() - begun)
        begun = time.process_time()
        for report in reports:
            correlator.correlate(report)
        correlated = min(correlated, time.process_time() - begun)
        assert correlator.counts.reports == len(reports) + 1
    return [
        _row("RTCP, put to its call, as JSON", correlated, reports, "us/report", 40.0),
        _row("SIP with SDP, RTCP captured", read, messages, "us/message", 40.0),
        _row("SIP with SDP, no RTCP", unread, messages, "us/message", 3.0),
    ]


def _row(name: str, seconds: float, of: Sequence[Datagram], unit: str, floor: float) -> Row:
    return Row(name, seconds / len(of) * 1e6, unit, floor, higher_is_better=False)


def _port(number: int) -> int:
    return 10_000 + 2 * number


def _message(number: int, *, is_offer: bool) -> Datagram:
    """An INVITE or its answer, with a description."""
    host = "192.0.2.1" if is_offer else "198.51.100.2"
    body = SDP.format(host=host, port=_port(number))
    text = (
        ("INVITE sip:bob@example.com SIP/2.0\r\n" if is_offer else "SIP/2.0 200 OK\r\n")
        + "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport\r\nMax-Forwards: 70\r\n"
        + f"From: <sip:alice@example.com>;tag=a{number}\r\n"
        + f"To: <sip:bob@example.com>{'' if is_offer else f';tag=b{number}'}\r\n"
        + f"Call-ID: {number}-8f1c@192.0.2.1\r\nCSeq: 1 INVITE\r\n"
        + "Contact: <sip:alice@192.0.2.1:5060>\r\nAllow: INVITE, ACK, CANCEL, OPTIONS, BYE\r\n"
        + f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    )
    ends = (ALICE, BOB) if is_offer else (BOB, ALICE)
    return Datagram(1, UDP, ends[0], SIP_PORT, ends[1], SIP_PORT, text.encode())


def _report(number: int) -> Datagram:
    """SR, a block, SDES, from the port above RTP's to the other's."""
    block = ReportBlock(2 * number + 2, 3, 4, 5, 6, 7, 8)
    name = SdesItem(1, b"alice@192.0.2.1")
    payload = encode(
        SenderReport(2 * number + 1, 1 << 60, 2, 3, 4, (block,)),
        SourceDescription((SdesChunk(2 * number + 1, (name,)),)),
    )
    port = _port(number) + 1
    return Datagram(2, UDP, ALICE, port, BOB, port, payload)
