"""SIP with descriptions, and RTCP, as datagrams: what a correlator is fed with in tests."""

from ipaddress import ip_address

from hep.rtcp import (
    Packet,
    ReceiverReport,
    ReportBlock,
    SdesChunk,
    SdesItem,
    SenderReport,
    SourceDescription,
    encode,
)
from hepscope_capture.decode.datagrams import Datagram
from support.frames import ethernet, ipv4, ipv6, udp

SECOND = 1_000_000
START_US = 1_700_000_000 * SECOND

Address = tuple[str, int]
ALICE: Address = ("192.0.2.10", 5060)
BOB: Address = ("198.51.100.20", 5060)
ALICE_RTP: Address = ("192.0.2.10", 30000)
BOB_RTP: Address = ("198.51.100.20", 40000)


def beside(address: Address) -> Address:
    """Return the port that RTCP has beside RTP's."""
    return address[0], address[1] + 1


ALICE_RTCP, BOB_RTCP = beside(ALICE_RTP), beside(BOB_RTP)


def datagram(
    payload: bytes, source: Address, destination: Address, seconds: float = 0.0
) -> Datagram:
    """Return a UDP datagram."""
    return Datagram(
        START_US + round(seconds * SECOND),
        17,
        ip_address(source[0]).packed,
        source[1],
        ip_address(destination[0]).packed,
        destination[1],
        payload,
    )


def as_frame(one: Datagram) -> bytes:
    """Return a datagram in its wrapping."""
    hosts = (str(ip_address(one.source)), str(ip_address(one.destination)))
    inner = udp(one.payload, ports=(one.source_port, one.destination_port))
    return ethernet(ipv4(inner, hosts=hosts) if len(one.source) == 4 else ipv6(inner, hosts=hosts))


def description(
    address: Address, more: str = "", proto: str = "RTP/AVP", kind: str = "audio"
) -> str:
    """Return a description of one stream."""
    host, port = address
    family = "IP6" if ":" in host else "IP4"
    return (
        f"v=0\r\no=- 1 1 IN {family} {host}\r\ns=-\r\nc=IN {family} {host}\r\nt=0 0\r\n"
        f"m={kind} {port} {proto} 8\r\n{more}"
    )


def message(
    start: str,
    call_id: str = "call-1",
    body: str = "",
    *,
    method: str = "INVITE",
    tags: tuple[str, str] = ("a", "b"),
    vias: int = 1,
    kind: str = "application/sdp",
) -> bytes:
    """Return a SIP message."""
    via = "Via: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1\r\n" * vias
    to_tag = f";tag={tags[1]}" if tags[1] else ""
    head = (
        f"{start}\r\n{via}From: <sip:alice@example.com>;tag={tags[0]}\r\n"
        f"To: <sip:bob@example.com>{to_tag}\r\nCall-ID: {call_id}\r\nCSeq: 1 {method}\r\n"
    )
    if body:
        head += f"Content-Type: {kind}\r\n"
    return f"{head}Content-Length: {len(body.encode())}\r\n\r\n{body}".encode()


def invite(
    call_id: str = "call-1",
    offer: Address | str = ALICE_RTP,
    *,
    seconds: float = 0.0,
    source: Address = ALICE,
    vias: int = 1,
) -> Datagram:
    """Return an INVITE with an offer."""
    body = offer if isinstance(offer, str) else description(offer)
    text = message("INVITE sip:bob@example.com SIP/2.0", call_id, body, tags=("a", ""), vias=vias)
    return datagram(text, source, BOB, seconds)


def answer(
    call_id: str = "call-1",
    reply: Address | str = BOB_RTP,
    *,
    seconds: float = 1.0,
    tags: tuple[str, str] = ("a", "b"),
    source: Address = BOB,
) -> Datagram:
    """Return a 200 to an INVITE, with its description."""
    body = reply if isinstance(reply, str) else description(reply)
    return datagram(message("SIP/2.0 200 OK", call_id, body, tags=tags), source, ALICE, seconds)


def failure(call_id: str = "call-1", *, seconds: float = 1.0, status: str = "486 Busy") -> Datagram:
    """Return a final response to an INVITE that is no success."""
    return datagram(message(f"SIP/2.0 {status}", call_id), BOB, ALICE, seconds)


def bye(
    call_id: str = "call-1", *, seconds: float = 60.0, tags: tuple[str, str] = ("a", "b")
) -> Datagram:
    """Return a BYE."""
    text = message("BYE sip:bob@example.com SIP/2.0", call_id, method="BYE", tags=tags)
    return datagram(text, ALICE, BOB, seconds)


def compound(ssrc: int = 0x1111, about: int = 0x2222) -> tuple[Packet, ...]:
    """Return an SR with a block, and SDES."""
    block = ReportBlock(about, 12, 34, 5678, 90, 0x12345678, 0x10000)
    return (
        SenderReport(ssrc, 3_900_000_000 << 32 | 77, 8000, 50, 8000, (block,)),
        SourceDescription((SdesChunk(ssrc, (SdesItem(1, b"alice@host"),)),)),
    )


def rtcp(
    source: Address = ALICE_RTCP,
    destination: Address = BOB_RTCP,
    *,
    seconds: float = 5.0,
    ssrc: int = 0x1111,
    about: int = 0x2222,
) -> Datagram:
    """Return an RTCP compound."""
    return datagram(encode(*compound(ssrc, about)), source, destination, seconds)


def receiver_report(
    source: Address, destination: Address, *, seconds: float, ssrc: int, about: int = 0
) -> Datagram:
    """Return an RR with or without a block."""
    blocks = (ReportBlock(about),) if about else ()
    return datagram(encode(ReceiverReport(ssrc, blocks)), source, destination, seconds)
