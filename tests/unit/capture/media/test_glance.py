"""One look at a message says what the two questions say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepscope_capture.media.glance import Look, glance
from hepscope_capture.media.signalling import may_concern_media
from hepscope_capture.sip_start import is_usual_sip

LINES = st.sampled_from(
    [
        "CSeq: 1 INVITE",
        "CSeq: 2 BYE",
        "cseq :7  INVITE ",
        "Allow: INVITE, ACK, BYE",
        "Allow: ACK, INVITE",
        "Content-Length: 0",
        "l: 0",
        "m=audio 4000 RTP/AVP 8",
        "",
    ]
)
STARTS = st.sampled_from(
    [
        "SIP/2.0 183 Session Progress",
        "SIP/2.0 200 OK",
        "SIP/2.0 486 Busy Here",
        "SIP/2.0 99 None",
        "sip/2.0 200 OK",
        "INVITE sip:x SIP/2.0",
        "BYE sip:x SIP/2.0",
        "OPTIONS tel:1 SIP/2.0",
        "ACK sip:x SIP/2.1",
        "NEW sip:x SIP/2.0",
        "",
    ]
)


@given(STARTS, st.lists(LINES, max_size=4))
def test_it_says_the_same(start: str, lines: list[str]) -> None:
    """Whatever a message consists of."""
    payload = "\r\n".join([start, *lines, "", ""]).encode()
    look = glance(payload)
    assert bool(look) == is_usual_sip(payload)
    if look:
        assert (look == Look.MEDIA) == may_concern_media(payload)


@pytest.mark.parametrize(
    ("lines", "is_read"),
    [
        (["CSeq: 1 INVITE", "Allow: INVITE, ACK"], True),
        (["CSeq: 2 BYE", "Allow: INVITE, ACK"], False),
        (["CSeq: 2 BYE"], False),
    ],
)
def test_a_list_of_methods_is_no_invite(lines: list[str], is_read: bool) -> None:
    """Nearly every response has one."""
    payload = "\r\n".join(["SIP/2.0 200 OK", *lines, "Content-Length: 0", "", ""]).encode()
    assert (glance(payload) == Look.MEDIA) is is_read
