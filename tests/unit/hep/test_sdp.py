"""Session descriptions: media, codecs, inheritance, holds, faults and bounds."""

from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hep.sdp import (
    STATIC_PAYLOAD_TYPES,
    Codec,
    Direction,
    Media,
    Origin,
    RtcpAddress,
    SdpFault,
    parse,
)
from hep.sdp.parser import MAX_FORMATS, MAX_LINES, MAX_MEDIA

HEAD = "v=0\r\no=alice 12 34 IN IP4 192.0.2.1\r\ns=a call\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"


def media_of(*lines: str, session: str = "") -> Media:
    """Return the first media section of lines behind session attributes."""
    return parse(HEAD + session + "".join(f"{line}\r\n" for line in lines)).media[0]


def test_a_sound_offer_gives_everything() -> None:
    """Origin, name, connection and each media with its codecs, in the order offered."""
    description = parse(
        HEAD.encode() + b"m=audio 49170/2 RTP/SAVPF 96 8 101\r\na=rtpmap:96 opus/48000/2\r\n"
        b"a=fmtp:96 useinbandfec=1\r\na=rtpmap:101 telephone-event/8000\r\na=sendonly\r\n"
        b"m=image 0 udptl t38\r\n"
    )
    audio, image = description.media

    assert description.faults == ()
    assert description.origin == Origin("alice", "12", "34", "192.0.2.1")
    assert (description.session_name, description.connection) == ("a call", "192.0.2.1")
    assert (audio.kind, audio.port, audio.port_count) == ("audio", 49170, 2)
    assert (audio.protocol, audio.formats) == ("RTP/SAVPF", ["96", "8", "101"])
    assert list(audio.codecs.items()) == [
        (96, Codec("opus", 48000, 2, "useinbandfec=1")),
        (8, Codec("PCMA", 8000)),
        (101, Codec("telephone-event", 8000)),
    ]
    assert (audio.direction, audio.connection) == (Direction.SENDONLY, "192.0.2.1")
    assert (image.kind, image.protocol, image.formats) == ("image", "udptl", ["t38"])
    assert image.is_rejected
    assert image.codecs == {}


@pytest.mark.parametrize("kind", STATIC_PAYLOAD_TYPES)
def test_static_payload_types_need_no_rtpmap(kind: int) -> None:
    """RFC 3551 names them."""
    assert media_of(f"m=audio 1 RTP/AVP {kind}").codecs == {kind: STATIC_PAYLOAD_TYPES[kind]}


def test_an_rtpmap_goes_before_the_static_name() -> None:
    """What a description says counts, and dynamic types without a map have no name."""
    media = media_of("m=audio 1 RTP/AVP 0 97", "a=rtpmap:0 L8/8000")

    assert media.codecs == {0: Codec("L8", 8000)}


def test_media_inherit_from_the_session() -> None:
    """Direction, connection and security of the session hold where a section says nothing."""
    session = (
        "a=recvonly\r\na=rtcp-mux\r\na=ice-ufrag:x\r\na=fingerprint:sha-256 AA\r\na=crypto:1 x\r\n"
    )
    own = "c=IN IP6 2001:db8::1"
    description = parse(
        HEAD + session + f"m=audio 2 RTP/AVP 0\r\nm=video 4 RTP/AVP 31\r\n{own}\r\na=inactive\r\n"
    )
    audio, video = description.media

    assert (audio.direction, audio.connection) == (Direction.RECVONLY, "192.0.2.1")
    assert (video.direction, video.connection) == (Direction.INACTIVE, "2001:db8::1")
    for media in description.media:
        assert (media.rtcp_mux, media.ice, media.fingerprint, media.crypto) == (True,) * 4
    assert description.connection == "192.0.2.1"


@pytest.mark.parametrize("line", ["a=ice-pwd:x", "a=candidate:1 1 udp 1 192.0.2.1 9 typ host"])
def test_ice_is_noticed(line: str) -> None:
    """Credentials or candidates show that the address may change."""
    assert media_of("m=audio 1 RTP/AVP 0", line).ice
    assert not media_of("m=audio 1 RTP/AVP 0").ice


@pytest.mark.parametrize(
    ("lines", "endpoint"),
    [
        (("m=audio 1000 RTP/AVP 0",), ("192.0.2.1", 1001)),
        (("m=audio 1000 RTP/AVP 0", "a=rtcp:53020"), ("192.0.2.1", 53020)),
        (("m=audio 1000 RTP/AVP 0", "a=rtcp:53020 IN IP4 192.0.2.9"), ("192.0.2.9", 53020)),
        (("m=audio 1000 RTP/AVP 0", "a=rtcp:1001", "a=rtcp-mux"), ("192.0.2.1", 1000)),
        (("m=audio 0 RTP/AVP 0", "a=rtcp:1001"), ("192.0.2.1", 0)),
        (("m=audio 65535 RTP/AVP 0",), ("192.0.2.1", 0)),
    ],
)
def test_rtcp_endpoint(lines: tuple[str, ...], endpoint: tuple[str, int]) -> None:
    """The rtcp attribute, else the media's own port when multiplexed, else the next one."""
    assert media_of(*lines).rtcp_endpoint == endpoint


def test_rtcp_attribute_is_kept() -> None:
    """Also as it was said."""
    assert media_of("m=audio 1 RTP/AVP 0", "a=rtcp:9 IN IP6 ::1").rtcp == RtcpAddress(9, "::1")


@pytest.mark.parametrize(
    ("lines", "is_hold"),
    [
        (("m=audio 1 RTP/AVP 0",), False),
        (("m=audio 1 RTP/AVP 0", "a=recvonly"), False),
        (("m=audio 1 RTP/AVP 0", "a=sendonly"), True),
        (("m=audio 1 RTP/AVP 0", "a=inactive"), True),
        (("m=audio 1 RTP/AVP 0", "c=IN IP4 0.0.0.0"), True),
        (("m=audio 1 RTP/AVP 0", "c=IN IP6 ::"), True),
        (("m=audio 0 RTP/AVP 0", "m=video 2 RTP/AVP 31", "a=inactive"), True),
        (("m=audio 1 RTP/AVP 0", "m=video 2 RTP/AVP 31", "a=inactive"), False),
        (("m=audio 0 RTP/AVP 0", "a=inactive"), False),
        ((), False),
    ],
)
def test_hold_forms(lines: tuple[str, ...], is_hold: bool) -> None:
    """A call is on hold when every stream that is not refused is."""
    description = parse(HEAD + "".join(f"{line}\r\n" for line in lines))

    assert description.is_hold is is_hold


def test_addresses_lose_ttl_count_and_brackets() -> None:
    """Multicast suffixes are no part of an address, `:::` reads as `::`."""
    assert media_of("m=audio 1 RTP/AVP 0", "c=IN IP4 224.2.1.1/127/3").connection == "224.2.1.1"
    assert media_of("m=audio 1 RTP/AVP 0", "c=IN IP6 [2001:db8:::1]").connection == "2001:db8::1"


FAULTY = {
    "": SdpFault.EMPTY,
    "o=a 1 1 IN IP4 h": SdpFault.MISSING_VERSION,
    "v=0\nnonsense": SdpFault.BAD_LINE,
    "v=0\nmm=x": SdpFault.BAD_LINE,
    "v=0\no=only three words": SdpFault.BAD_ORIGIN,
    "v=0\nc=IN IP4": SdpFault.BAD_CONNECTION,
    "v=0\nm=audio": SdpFault.BAD_MEDIA,
    "v=0\nm=audio x RTP/AVP 0": SdpFault.BAD_MEDIA,
    "v=0\nm=audio 70000 RTP/AVP 0": SdpFault.BAD_MEDIA,
    "v=0\nm=audio 1 RTP/AVP 0\na=rtpmap:x PCMU/8000": SdpFault.BAD_ATTRIBUTE,
    "v=0\nm=audio 1 RTP/AVP 0\na=rtcp:x": SdpFault.BAD_ATTRIBUTE,
    "v=0\n" + "b=AS:1\n" * MAX_LINES: SdpFault.TOO_LONG,
    "v=0\n" + "m=audio 1 RTP/AVP 0\n" * (MAX_MEDIA + 1): SdpFault.TOO_LONG,
    "v=0\nm=audio 1 RTP/AVP" + " 0" * (MAX_FORMATS + 1): SdpFault.TOO_LONG,
}


@pytest.mark.parametrize("text", FAULTY, ids=lambda text: text[-30:])
def test_each_fault_is_told(text: str) -> None:
    """One defect gives one fault."""
    assert parse(text).faults == (FAULTY[text],)


def test_bounds_hold() -> None:
    """What lies beyond a bound is not read, what came before stands."""
    many = parse("v=0\n" + "m=audio 1 RTP/AVP 0\na=sendonly\n" * 500)

    assert len(many.media) == MAX_MEDIA
    assert len(parse("v=0\nm=audio 1 RTP/AVP" + " 0" * 5000).media[0].formats) == MAX_FORMATS


def test_a_map_without_clock_still_names_its_codec() -> None:
    """RFC 4475 sends such maps; the name is worth having."""
    assert media_of("m=video 1 RTP/AVP 31", "a=rtpmap:31 LPC").codecs == {31: Codec("LPC", 0)}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_blanks_make_no_difference(end: str) -> None:
    """Any line end, blank lines, blanks before a line or around the letter."""
    text = end.join(["v=0", "", " m = audio 1 RTP/AVP 0", "a = sendonly", ""])

    assert [media.direction for media in parse(text).media] == [Direction.SENDONLY]
    assert parse(text).faults == ()


PIECES = st.one_of(
    st.sampled_from(
        [
            "v=0",
            "\r\n",
            "\n",
            "m=audio 1 RTP/AVP 0",
            "m=",
            "c=IN IP4 192.0.2.1",
            "o=",
            "a=rtpmap:",
            "0 PCMU/8000",
            "a=rtcp:",
            "a=",
            "sendonly",
            " ",
            "\0",
            "\ud800",
            "\u00b2",
            "/",
        ]
    ),
    st.text(max_size=5),
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=100), st.lists(PIECES, max_size=30).map("".join)))
def test_any_input_gives_a_description_of_clean_text(body: bytes | str) -> None:
    """No error, no NUL, no lone surrogate, whatever comes."""
    description = parse(body)

    texts = [description.session_name, description.connection, *description.origin]
    for media in description.media:
        values = [getattr(media, field.name) for field in fields(media)]
        texts += [value for value in values if isinstance(value, str)] + media.formats
        texts += [codec.name + codec.parameters for codec in media.codecs.values()]
    for text in texts:
        assert "\0" not in text
        text.encode()
