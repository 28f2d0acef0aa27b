"""URIs: sip, sips, tel and others."""

import pytest

from hep.sip import SipUri, parse_uri
from hep.sip.uri import unescape, user_and_host

URIS = {
    "sip:alice@example.com": SipUri("sip", "alice", "", "example.com"),
    "SIPS:alice@example.com:5061": SipUri("sips", "alice", "", "example.com", 5061),
    "sip:example.com": SipUri("sip", "", "", "example.com"),
    "sip:alice:secret@example.com": SipUri("sip", "alice", "secret", "example.com"),
    "sip:alice:@example.com": SipUri("sip", "alice", "", "example.com"),
    "sip:a@b;transport=TCP;lr?Subject=x&Route=%3Csip:r%3E": SipUri(
        "sip",
        "a",
        "",
        "b",
        None,
        {"transport": "TCP", "lr": ""},
        {"subject": "x", "route": "%3Csip:r%3E"},
    ),
    "sip:user;par=u%40example.net@example.com": SipUri(
        "sip", "user;par=u%40example.net", "", "example.com"
    ),
    "sip:me@mail.example@example.com": SipUri("sip", "me@mail.example", "", "example.com"),
    "sip:a@example.com?Replaces=x@y": SipUri(
        "sip", "a", "", "example.com", None, {}, {"replaces": "x@y"}
    ),
    "sip:[2001:db8::1]:5070": SipUri("sip", "", "", "2001:db8::1", 5070),
    "sip:a@[2001:db8::10:5070]": SipUri("sip", "a", "", "2001:db8::10:5070"),
    "sip:a@2001:db8::10:5070": SipUri("sip", "a", "", "2001:db8::10:5070"),
    "sip:a@[2001:db8:::1]": SipUri("sip", "a", "", "2001:db8::1"),
    "sip:a@[2001:db8::1": SipUri("sip", "a", "", "[2001:db8::1"),
    "sip:a@b:99999": SipUri("sip", "a", "", "b"),
    "sip:a@b:x": SipUri("sip", "a", "", "b"),
    "tel:+4930123;phone-context=example.com": SipUri(
        "tel", "+4930123", "", "", None, {"phone-context": "example.com"}
    ),
    "isbn:2983792873": SipUri("isbn"),
    "soap.beep://192.0.2.103:3002": SipUri("soap.beep"),
    "alice@example.com": SipUri("", "alice", "", "example.com"),
    "": SipUri(),
}


@pytest.mark.parametrize("text", URIS)
def test_uri_gives_its_parts(text: str) -> None:
    """Parts stand as written, hosts without brackets, foreign schemes without parts."""
    assert parse_uri(text) == URIS[text]


@pytest.mark.parametrize("text", URIS)
def test_the_fast_way_agrees(text: str) -> None:
    """What the parser reads of a URI is what parse_uri says."""
    uri = URIS[text]

    assert user_and_host(text) == (uri.user, uri.host, uri.scheme != "")


def test_escapes_are_undone_for_display_only() -> None:
    """Bytes that are no UTF-8, and NUL, show as U+FFFD; what is no escape stays."""
    assert unescape("a%20b%C3%A4") == "a b\u00e4"
    assert unescape("%00%ff") == "\ufffd\ufffd"
    assert unescape("100%") == "100%"
    assert parse_uri("sip:null-%00-null@example.com").user == "null-%00-null"
