"""Contents: session descriptions and reasons of messages, in short."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hep.sdp import Direction
from hepscope_common.calls.contents import Contents, ContentsReader
from hepscope_common.calls.reason_header import VALUE_CHARS, reason_text
from hepscope_common.calls.sdp_summary import MAX_CODECS, MediaSummary, SdpSummary, summary_of

VOICE = """\
v=0
o=- 1 1 IN IP4 192.0.2.1
s=-
c=IN IP4 192.0.2.1
t=0 0
m=audio 4000 RTP/AVP 8 96 0 18 101 127
a=rtpmap:96 opus/48000/2
a=rtpmap:101 telephone-event/8000
a=sendonly
"""


def media(body: str) -> list[MediaSummary]:
    """Return the media of a description that can be read."""
    summary = summary_of(body.encode())
    assert summary is not None
    return list(summary.media)


def test_voice_in_short() -> None:
    """Names by rtpmap or by static type, events apart, a number where nothing names it."""
    assert media(VOICE) == [
        MediaSummary(
            kind="audio",
            port=4000,
            address="192.0.2.1",
            codecs=("PCMA", "opus", "PCMU", "G729", "127"),
            direction=Direction.SENDONLY,
            has_telephone_event=True,
            is_held=True,
        )
    ]


@pytest.mark.parametrize(
    ("lines", "is_held"),
    [
        ("c=IN IP4 0.0.0.0\nm=audio 4000 RTP/AVP 0\n", True),
        ("c=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 0\na=inactive\n", True),
        ("c=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 0\na=recvonly\n", False),
        ("c=IN IP4 192.0.2.1\nm=audio 0 RTP/AVP 0\na=inactive\n", False),
    ],
)
def test_hold(lines: str, is_held: bool) -> None:
    """By direction or by address, of what is not refused."""
    assert [one.is_held for one in media(f"v=0\n{lines}")] == [is_held]


def test_several_media_and_what_is_no_rtp() -> None:
    """Each line with its own address; formats stand for codecs."""
    found = media(
        "v=0\nc=IN IP6 2001:db8::1\nm=audio 4000 RTP/AVP 8\nm=image 4002 udptl t38\n"
        "c=IN IP4 192.0.2.9\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\n"
        "m=video 0 RTP/AVP 31\n"
    )

    assert [(one.kind, one.port, one.address, one.codecs) for one in found] == [
        ("audio", 4000, "2001:db8::1", ("PCMA",)),
        ("image", 4002, "192.0.2.9", ("t38",)),
        ("application", 9, "2001:db8::1", ("webrtc-datachannel",)),
        ("video", 0, "2001:db8::1", ("H261",)),
    ]


def test_browser_offers_are_cut() -> None:
    """Each name once, and not all of them."""
    formats = range(96, 127)
    maps = "".join(f"a=rtpmap:{n} codec{n // 2}/90000\n" for n in formats)
    candidates = "a=candidate:1 1 udp 2130706431 192.0.2.7 50000 typ host\n" * 100
    (video,) = media(
        f"v=0\nm=video 9 UDP/TLS/RTP/SAVPF {' '.join(map(str, formats))}\n{maps}{candidates}"
    )

    assert video.codecs == tuple(f"codec{n}" for n in range(48, 48 + MAX_CODECS))


@pytest.mark.parametrize("body", [b"", b"\0\xff", b"m=", b"<xml/>", b"v=1\no=\n", b"m=\n\nm=  \n"])
def test_what_is_no_description_has_no_summary(body: bytes) -> None:
    """And is no error."""
    assert summary_of(body) is None


def test_description_without_media_is_one() -> None:
    """RFC 3264 section 5 allows it."""
    assert summary_of(b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n") == SdpSummary(())


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([], ""),
        (['Q.850;cause=34;text="no circuit"'], "Q.850 34 no circuit"),
        (["Q.850;cause=16"], "Q.850 16 normal call clearing"),
        (["Q.850 ; cause=99"], "Q.850 99"),
        (
            ["SIP;cause=200;text=Done", "Q.850;cause=31"],
            "SIP 200 Done; Q.850 31 normal, unspecified",
        ),
        (["whatever"], "whatever"),
        ([";;;", ""], ""),
        (["Q.850;cause=9999999999999999999999999"], "Q.850 9999999999999999999999999"),
    ],
)
def test_reasons_in_short(values: list[str], text: str) -> None:
    """Protocol, cause, and the words for it."""
    assert reason_text(values) == text


def test_hostile_reasons_are_cut() -> None:
    """A few of them, each a line long."""
    text = reason_text(["SIP;text=" + "x" * 5000] * 100)

    assert len(text) < 4 * VALUE_CHARS


def test_message_with_sdp_and_reason() -> None:
    """In a body of several parts too."""
    head = "INVITE sip:a@b SIP/2.0\r\nReason: SIP;cause=302, Q.850;cause=23\r\n"
    plain = f"{head}Content-Type: application/sdp\r\n\r\n{VOICE}"
    parts = (
        f"{head}Content-Type: multipart/mixed;boundary=x\r\n\r\n--x\r\n"
        f"Content-Type: application/isup\r\n\r\n\1\2\r\n--x\r\n"
        f"Content-Type: application/sdp\r\n\r\n{VOICE}\r\n--x--\r\n"
    )
    reader = ContentsReader()

    expected = Contents(summary_of(VOICE.encode()), "SIP 302; Q.850 23")
    assert reader.read(plain.encode()) == reader.read(parts.encode()) == expected
    assert reader.read(b"BYE sip:a@b SIP/2.0\r\n\r\n") == Contents()


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_are_an_error(junk: bytes) -> None:
    """Whatever a node sends."""
    reader = ContentsReader()
    reader.read(junk)
    reader.read(b"INVITE sip:a@b SIP/2.0\r\nContent-Type: application/sdp\r\n\r\nv=0\n" + junk)
    reason_text([junk.decode("latin-1")])
