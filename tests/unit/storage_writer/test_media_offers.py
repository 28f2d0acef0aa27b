"""The quick scan of session descriptions agrees with the parser that reads everything."""

import ipaddress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hep.sdp import parse
from hep.sip import parse as parse_sip
from hep.sip import sdp_of
from hepscope_storage_writer.media_offers import MAX_OFFERS, Offer, OfferReader
from support.builders import make_request

ADDRESS = ipaddress.ip_address("192.0.2.10").packed
PCMA = "8 PCMA/8000"


def described(media: str, session: str = "c=IN IP4 192.0.2.10\r\n") -> bytes:
    """Return a description with these media sections."""
    return f"v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\ns=-\r\n{session}t=0 0\r\n{media}".encode()


def read(body: bytes) -> list[Offer]:
    """Return the offers of a description."""
    return OfferReader().read(body)


@pytest.mark.parametrize(
    ("media", "expected"),
    [
        ("m=audio 30000 RTP/AVP 8\r\n", [Offer(ADDRESS, 30000, 30001, "audio", PCMA)]),
        ("m=audio 30000/2 RTP/SAVPF 8\r\n", [Offer(ADDRESS, 30000, 30001, "audio", PCMA)]),
        (
            "m=audio 30000 RTP/AVP 8\r\na=rtcp-mux\r\n",
            [Offer(ADDRESS, 30000, 30001, "audio", PCMA)],
        ),
        (
            "m=audio 30000 RTP/AVP 8\r\na=rtcp:30001\r\n",
            [Offer(ADDRESS, 30000, 30001, "audio", PCMA)],
        ),
        (
            "m=audio 30000 RTP/AVP 8\r\na=rtcp:30009\r\n",
            [
                Offer(ADDRESS, 30000, 30000, "audio", PCMA),
                Offer(ADDRESS, 30009, 30009, "audio", PCMA),
            ],
        ),
        (
            "m=audio 30000 RTP/AVP 8\r\na=rtcp:30009 IN IP4 10.0.0.1\r\n",
            [
                Offer(ADDRESS, 30000, 30000, "audio", PCMA),
                Offer(b"\x0a\0\0\x01", 30009, 30009, "audio", PCMA),
            ],
        ),
        (
            (
                "m=audio 30000 RTP/AVP 96 0\r\na=rtpmap:96 opus/48000/2\r\n"
                "m=video 30002 RTP/AVP 97\r\nc=IN IP6 2001:db8::1\r\na=rtpmap:97 H264/90000\r\n"
            ),
            [
                Offer(ADDRESS, 30000, 30001, "audio", "96 opus/48000,0 PCMU/8000"),
                Offer(
                    ipaddress.ip_address("2001:db8::1").packed,
                    30002,
                    30003,
                    "video",
                    "97 H264/90000",
                ),
            ],
        ),
        ("m=audio 0 RTP/AVP 8\r\n", []),
        ("m=image 30000 udptl t38\r\n", []),
        ("m=audio 30000 RTP/AVP 8\r\nc=IN IP4 0.0.0.0\r\n", []),
        ("m=audio 30000 RTP/AVP 8\r\nc=IN IP4 sip.example.org\r\n", []),
        ("m=audio x RTP/AVP 8\r\n", []),
        ("m=audio\r\n", []),
        ("", []),
    ],
)
def test_what_a_description_wants(media: str, expected: list[Offer]) -> None:
    """Address, ports by a=rtcp, multiplexing or the rule, medium and codecs."""
    assert read(described(media)) == expected
    assert read(described(media).replace(b"\r\n", b"\n")) == expected
    # What begins with a media line, or has other line ends, goes the slow way, to the same end.
    assert read(described(media).replace(b"\r\n", b"\r")) == expected


def test_at_most_so_many_sections_are_read() -> None:
    """Thousands of media lines cost as much as sixteen."""
    body = described("m=audio 30000 RTP/AVP 8\r\n" * 1000)

    assert len(read(body)) == MAX_OFFERS


def test_the_memory_of_codecs_changes_nothing() -> None:
    """A reader that has seen a section gives what a new one does."""
    reader = OfferReader()
    bodies = [described(f"m=audio {port} RTP/AVP 8 0\r\na=ptime:20\r\n") for port in (3000, 4000)]

    assert [reader.read(body) for body in bodies * 2] == [read(body) for body in bodies * 2]


@given(st.binary(max_size=400))
@settings(max_examples=300)
def test_any_bytes_give_offers_that_can_be_stored(body: bytes) -> None:
    """Whatever comes: addresses of 4 or 16 bytes, ports of 16 bits, bounded text."""
    for prefix in (b"", b"v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 5000 RTP/AVP 8\r\n"):
        for offer in read(prefix + body):
            assert len(offer.address) in (4, 16)
            assert 0 < offer.port < 65536
            assert 0 < offer.rtcp_port < 65536
            assert len(offer.codecs) <= 512


def test_recorded_descriptions_read_as_the_parser_reads_them(corpus: Path) -> None:
    """Every description in the recordings of real agents."""
    seen = 0
    for path in sorted((corpus / "sip-pcap").glob("*.pcap")) + sorted(
        (corpus / "hep").glob("*.pcap")
    ):
        for piece in path.read_bytes().split(b"v=0\r\n")[1:]:
            body = b"v=0\r\n" + piece[: piece.find(b"\0")] if b"\0" in piece else b"v=0\r\n" + piece
            media = [one for one in parse(body).media if one.port and "RTP/" in one.protocol]
            offers = read(body)
            assert {offer.port for offer in offers} >= {one.port for one in media}, path.name
            seen += len(media)
    assert seen > 20


def test_a_description_in_a_multipart_body_is_found() -> None:
    """SIP-I and location objects put it into a part."""
    part = described("m=audio 30000 RTP/AVP 8\r\n").decode()
    body = f"--x\r\nContent-Type: application/sdp\r\n\r\n{part}\r\n--x--\r\n"
    message = parse_sip(
        make_request(headers="Content-Type: multipart/mixed;boundary=x\r\n", body=body)
    )
    found = sdp_of(message)

    assert found is not None
    assert [offer.port for offer in read(found)] == [30000]
