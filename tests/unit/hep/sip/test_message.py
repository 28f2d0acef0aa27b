"""Headers by name."""

from hep.sip import parse

PAYLOAD = (
    b"OPTIONS sip:a SIP/2.0\r\n"
    b"v: SIP/2.0/UDP a, SIP/2.0/UDP b\r\n"
    b"VIA : SIP/2.0/UDP c\r\n"
    b"Subject:\r\n"
    b"x-own: 1, 2\r\n"
    b"X-Own: 3\r\n"
    b"WWW-Authenticate: Digest realm=a, nonce=b\r\n"
    b"Accept: a,\r\n b\r\n"
    b"no header\r\n"
    b"\r\n"
)


def test_headers_come_in_order_with_canonical_names() -> None:
    """Known names get their registered spelling, unknown ones keep theirs."""
    assert parse(PAYLOAD).headers == [
        ("Via", "SIP/2.0/UDP a, SIP/2.0/UDP b"),
        ("Via", "SIP/2.0/UDP c"),
        ("Subject", ""),
        ("x-own", "1, 2"),
        ("X-Own", "3"),
        ("WWW-Authenticate", "Digest realm=a, nonce=b"),
        ("Accept", "a, b"),
    ]


def test_get_returns_the_first_value_by_any_spelling() -> None:
    """Compact forms and case do not matter; an empty header is not an absent one."""
    message = parse(PAYLOAD)

    assert message.get("via") == message.get("V") == "SIP/2.0/UDP a, SIP/2.0/UDP b"
    assert message.get("s") == ""
    assert message.get("X-OWN") == "1, 2"
    assert message.get("Contact") is None


def test_get_all_splits_only_lists() -> None:
    """Headers of the list kind give their elements, all others whole values."""
    message = parse(PAYLOAD)

    assert message.get_all("Via") == ["SIP/2.0/UDP a", "SIP/2.0/UDP b", "SIP/2.0/UDP c"]
    assert message.get_all("x-own") == ["1, 2", "3"]
    assert message.get_all("WWW-Authenticate") == ["Digest realm=a, nonce=b"]
    assert message.get_all("Accept") == ["a", "b"]
    assert message.get_all("Contact") == []


def test_other_lines_are_those_of_headers_that_are_not_routine() -> None:
    """Whatever tells something of this message: known, unknown, in any spelling."""
    payload = (
        b"OPTIONS sip:a SIP/2.0\r\nVia: x\r\nX-Cid: 7\r\nALLOW: INVITE\r\nsubject : hi\r\n"
        b"Authorization: secret\r\nbad name: y\r\nReason: Q.850\r\n\r\n"
    )
    found = [line.rstrip("\r") for line in parse(payload).other_lines]
    assert found == ["X-Cid: 7", "subject : hi", "Reason: Q.850"]
