"""What descriptions claim: the scan and the full parser agree, and nothing breaks it."""

from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from hep.sdp import parse
from hepscope_capture.media.evidence import Evidence, endpoint
from hepscope_capture.media.offers import MAX_CANDIDATES, MAX_MEDIA, read_offer

HOSTS = ("192.0.2.1", "10.1.2.3", "2001:db8::7", "0.0.0.0", "media.example.com")
SENDER = ip_address("203.0.113.1").packed


def key(host: str, port: int) -> bytes:
    """Return a claim's key."""
    return endpoint(ip_address(host).packed, port)


def claims(text: str, sender: bytes | None = None) -> dict[bytes, tuple[Evidence, bool]]:
    """Return what a description claims."""
    return {key: (why, secure) for key, why, secure in read_offer(text.encode(), sender).claims}


@st.composite
def connections(draw: st.DrawFn) -> str:
    """Return a c= line, or none."""
    host = draw(st.sampled_from(HOSTS))
    ttl = draw(st.sampled_from(["", "", "/127"]))
    return draw(st.sampled_from(["", f"c=IN {'IP6' if ':' in host else 'IP4'} {host}{ttl}\r\n"]))


@st.composite
def descriptions(draw: st.DrawFn) -> str:
    """Return a description such as programs write."""
    lines = ["v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n", draw(connections()), "t=0 0\r\n"]
    extra = st.lists(
        st.sampled_from(
            [
                "a=rtcp-mux",
                "a=rtcp:4001",
                "a=rtcp:4001 IN IP4 192.0.2.99",
                "a=rtcp-fb:* nack",
                "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x",
                "a=fingerprint:sha-256 00",
                "a=rtpmap:8 PCMA/8000",
                "a=sendrecv",
                "b=AS:80",
            ]
        ),
        max_size=4,
        unique=True,
    )
    lines += [f"{line}\r\n" for line in draw(extra)]
    for _ in range(draw(st.integers(0, 3))):
        port = draw(st.integers(0, 65534))
        proto = draw(st.sampled_from(["RTP/AVP", "RTP/SAVP", "UDP/TLS/RTP/SAVPF", "udptl"]))
        kind = draw(st.sampled_from(["audio", "video", "image"]))
        lines.append(f"m={kind} {port} {proto} 8 101\r\n")
        lines.append(draw(connections()))
        lines += [f"{line}\r\n" for line in draw(extra)]
    return "".join(lines)


@given(descriptions())
def test_the_full_parser_agrees(text: str) -> None:
    """Every address of hep.sdp's media is claimed, with what it says of SRTP and rtcp-mux."""
    expected: dict[bytes, Evidence] = {}
    secure: dict[bytes, set[bool]] = {}
    for media in parse(text).media:
        if not media.port:
            continue
        is_secure = media.crypto or media.fingerprint or "SAVP" in media.protocol
        rtcp_host, rtcp_port = media.connection, media.port + 1
        if media.rtcp is not None:
            rtcp_host, rtcp_port = media.rtcp.address or media.connection, media.rtcp.port
        plain = Evidence.MUX if media.rtcp_mux else Evidence.RTP_PORT
        for host, port, why in (
            (media.connection, media.port, plain),
            (rtcp_host, rtcp_port, Evidence.RTCP),
        ):
            if host and host[0].isdigit() and host != "0.0.0.0":
                expected[key(host, port)] = why
                secure.setdefault(key(host, port), set()).add(is_secure)
    found = claims(text)

    assert set(found) == set(expected)
    assert all(flag in secure[place] for place, (_, flag) in found.items())
    if len(parse(text).media) == 1:
        assert {place: why for place, (why, _) in found.items()} == expected


@given(st.binary(max_size=600), st.booleans())
def test_any_bytes(body: bytes, has_sender: bool) -> None:
    """Never an error; keys have an address and a port."""
    offer = read_offer(b"v=0\r\nm=audio 4000 RTP/AVP 8\r\n" + body, SENDER if has_sender else None)

    assert all(len(place) in (6, 18) for place, _, _ in offer.claims)


def test_port_pairs() -> None:
    """`port/number` (RFC 8866 section 5.14), bounded."""
    found = claims("v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000/2 RTP/AVP 8\r\n")

    assert set(found) == {key("192.0.2.1", port) for port in (4000, 4001, 4002, 4003)}
    many = claims("v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000/60000 RTP/AVP 8\r\n")
    assert len(many) == 8


def test_the_sender_when_its_address_is_another() -> None:
    """Its ports at the address that SIP came from, weaker than all that the description says."""
    text = "v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/AVP 8\r\na=rtcp:4100\r\n"
    found = claims(text, SENDER)

    assert found[key("203.0.113.1", 4000)] == (Evidence.SIP_SOURCE, False)
    assert found[key("203.0.113.1", 4100)] == (Evidence.SIP_SOURCE, False)
    assert found[key("10.0.0.1", 4100)] == (Evidence.RTCP, False)
    assert key("203.0.113.1", 4001) not in found


def test_media_over_tcp_have_no_rtcp_of_their_own() -> None:
    """MSRP and the like."""
    assert not claims("v=0\r\nc=IN IP4 10.0.0.1\r\nm=message 4000 TCP/MSRP *\r\n")


def test_hostile_numbers_are_bounded() -> None:
    """Of media, candidates, SSRCs."""
    media = "".join(f"m=audio {4000 + 2 * n} RTP/AVP 8\r\n" for n in range(200))
    candidates = "".join(f"a=candidate:1 1 UDP 1 192.0.2.1 {n}\r\n" for n in range(1, 200))
    ssrcs = "".join(f"a=ssrc:{n} cname:x\r\n" for n in range(1, 200))
    head = "v=0\r\nc=IN IP4 192.0.2.7\r\n"

    assert len(claims(head + media)) == 2 * MAX_MEDIA
    one = "m=audio 5000 RTP/AVP 8\r\n"
    assert len(claims(head + one + candidates)) == 2 + MAX_CANDIDATES
    assert len(read_offer((head + one + ssrcs).encode()).ssrcs) == 8
