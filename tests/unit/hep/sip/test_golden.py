"""Golden messages and their broken twins (tests/data/sip)."""

from pathlib import Path

import pytest

from hep import sdp
from hep.sip import Fault, find_call_id, parse, parts, sdp_of

GOLDEN = Path(__file__).parents[3] / "data" / "sip"

BROKEN = {
    "multipart": {Fault.BAD_HEADER, Fault.BAD_CSEQ, Fault.BAD_FROM, Fault.CUT_BODY},
    "register": {Fault.BAD_VERSION, Fault.MISSING_CALL_ID, Fault.BAD_CONTENT_LENGTH},
}


@pytest.mark.parametrize("name", BROKEN)
def test_golden_messages_are_sound(name: str) -> None:
    """A message by the book has no fault, its twin exactly those that were put in."""
    assert parse((GOLDEN / f"{name}.sip").read_bytes()).faults == ()
    assert set(parse((GOLDEN / f"{name}_broken.sip").read_bytes()).faults) == BROKEN[name]


def test_multipart_message() -> None:
    """Compact names, folding, IPv6, escapes, tel URI and a binary part at once."""
    payload = (GOLDEN / "multipart.sip").read_bytes()
    message = parse(payload)

    assert find_call_id(payload) == b"golden-1@example.com"
    assert (message.cseq, message.cseq_method) == (7, "INVITE")
    assert (message.from_display, message.from_user) == ('M\u00fcller, "Ann" <x>', "ann")
    assert (message.from_domain, message.to_user) == ("2001:db8::9", "+493012345")
    assert (message.via_count, message.via_host, message.via_branch) == (
        3,
        "2001:db8::9",
        "z9hG4bKa1",
    )
    assert message.get_all("k") == ["timer", "100rel", "replaces"]
    assert message.get("Subject") == "several words, folded three times"
    assert [part.body for part in parts(message)][1:] == [b"\x00\x01\xff--b 1\xfe"]
    description = sdp.parse(sdp_of(message) or b"")
    assert description.connection == "2001:db8::9"
    assert [media.port for media in description.media] == [7000]


def test_broken_multipart_message_keeps_what_can_be_read() -> None:
    """A quote that never closes does not hide the URI, a bad length not the body."""
    message = parse((GOLDEN / "multipart_broken.sip").read_bytes())

    assert (message.from_user, message.from_domain, message.from_tag) == (
        "ann",
        "2001:db8::9",
        "t1",
    )
    assert (message.cseq, message.cseq_method, message.content_length) == (None, "INVITE", 9999)
    assert len(parts(message)) == 2


def test_register_message() -> None:
    """The first binding's own expiry counts, and credentials are never split."""
    message = parse((GOLDEN / "register.sip").read_bytes())

    assert (message.expires, message.via_transport) == (600, "wss")
    assert len(message.get_all("Contact")) == 2
    assert len(message.get_all("Authorization")) == 1
