"""The parser as a whole: fields, faults, and which header wins."""

import pytest

from hep.sip import Fault, SipMessage, parse
from support.builders import make_request, make_response

HEADERS = (
    "Via: SIP/2.0/UDP h;branch=z9hG4bK1",
    "From: <sip:alice@a.example>;tag=1",
    "To: <sip:bob@b.example>",
    "Call-ID: c1",
    "CSeq: 1 INVITE",
)


def message(
    *changed: str, without: str = "", start: str = "INVITE sip:bob@b.example SIP/2.0"
) -> SipMessage:
    """Parse an INVITE with headers added, or one left out."""
    kept = [line for line in HEADERS if not without or not line.startswith(without)]
    return parse("\r\n".join([start, *kept, *changed, "", ""]).encode())


def test_a_sound_request_has_every_field_and_no_fault() -> None:
    """What a user agent sends comes back field by field."""
    parsed = parse(
        make_request(
            "REFER",
            "call-7@example.org",
            cseq=12,
            from_user="carol",
            to_user="dave",
            to_tag="t9",
            branch="z9hG4bK-77",
            headers="m: <sip:carol@192.0.2.1>\r\nExpires: 90\r\nc: Text/Plain;q=1\r\n",
            body="hello",
        )
    )

    assert parsed.is_request
    assert (parsed.method, parsed.status, parsed.version) == ("REFER", 0, "SIP/2.0")
    assert parsed.request_uri == "sip:dave@example.org"
    assert (parsed.ruri_user, parsed.ruri_domain) == ("dave", "example.org")
    assert (parsed.call_id, parsed.cseq, parsed.cseq_method) == ("call-7@example.org", 12, "REFER")
    assert (parsed.from_user, parsed.from_domain) == ("carol", "example.org")
    assert (parsed.to_user, parsed.to_domain, parsed.to_tag) == ("dave", "example.org", "t9")
    assert parsed.from_tag == "from-call-7@e"
    assert (parsed.via_branch, parsed.via_transport) == ("z9hG4bK-77", "udp")
    assert (parsed.via_host, parsed.via_count) == ("192.0.2.1", 1)
    assert (parsed.user_agent, parsed.contact) == ("builder/1", "<sip:carol@192.0.2.1>")
    assert (parsed.expires, parsed.content_type) == (90, "text/plain")
    assert (parsed.content_length, parsed.body) == (5, b"hello")
    assert parsed.faults == ()


def test_a_sound_response_has_status_and_reason() -> None:
    """A response has no method of its own, its CSeq names the request's."""
    parsed = parse(make_response(486, "Busy Here", headers="Server: s/1\r\n"))

    assert not parsed.is_request
    assert (parsed.method, parsed.status, parsed.reason) == ("", 486, "Busy Here")
    assert (parsed.cseq_method, parsed.user_agent) == ("INVITE", "s/1")
    assert parsed.faults == ()


FAULTS = {
    "Call-ID": Fault.MISSING_CALL_ID,
    "CSeq": Fault.MISSING_CSEQ,
    "From": Fault.MISSING_FROM,
    "To": Fault.MISSING_TO,
    "Via": Fault.MISSING_VIA,
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_required_header_is_missed(name: str) -> None:
    """The rest of the message is read all the same."""
    parsed = message(without=name)

    assert parsed.faults == (FAULTS[name],)
    assert parsed.method == "INVITE"


ADDED = {
    "no colon here": Fault.BAD_HEADER,
    "Bad Name: x": Fault.BAD_HEADER,
    "CSeq: 2 INVITE": Fault.REPEATED_HEADER,
    "Date: Fri, 01 Jan 2010 16:00:00 EST": Fault.BAD_DATE,
    "Max-Forwards: many": Fault.BAD_NUMBER,
    "Expires: soon": Fault.BAD_NUMBER,
    "Retry-After: 99999999999999999999": Fault.NUMBER_OVERFLOW,
    "Contact: sip:a@b?x=y": Fault.BAD_CONTACT,
    "Contact: <sip:a@b>;;": Fault.BAD_CONTACT,
    "Contact: ,": Fault.BAD_CONTACT,
    "Via: SIP/2.0/UDP 255.255.255.255": Fault.BROADCAST_VIA,
    "Content-Length: -1": Fault.BAD_CONTENT_LENGTH,
    "Content-Length: 1": Fault.CUT_BODY,
    "Subject: sip:null-%00-null@x": Fault.ESCAPED_NUL,
    "Subject: a\0b": Fault.NUL_BYTE,
}


@pytest.mark.parametrize("line", ADDED)
def test_each_fault_of_a_header_is_told(line: str) -> None:
    """One bad header gives one fault and spoils no other field."""
    parsed = message(line)

    assert parsed.faults == (ADDED[line],)
    assert (parsed.call_id, parsed.cseq, parsed.to_user) == ("c1", 1, "bob")


@pytest.mark.parametrize(
    "line",
    [
        "Date: Sat, 13 Nov 2010 23:29:00 GMT",
        "Max-Forwards: 0",
        "Via: SIP/2.0/UDP next",
        "Contact: *",
        'Contact: "A, B" <sip:a@b>;expires=5',
        "X-Anything: goes",
        "Contact : <sip:a@b>",
        "Content-Length: 00",
    ],
)
def test_sound_headers_give_no_fault(line: str) -> None:
    """Legal oddities are no faults."""
    assert message(line).faults == ()


def test_parties_of_no_sound_form_are_told() -> None:
    """From and To have a fault of their own."""
    parsed = message("From: alice", "To: Bell, A <sip:bob@b>", without="From").faults
    bad = parse(b"ACK sip:b SIP/2.0\r\nFrom: alice\r\nTo: B, A <sip:bob@b>;tag=2\r\n\r\n")

    assert Fault.REPEATED_HEADER in parsed
    assert {Fault.BAD_FROM, Fault.BAD_TO} <= set(bad.faults)
    assert (bad.to_user, bad.to_tag) == ("bob", "2")


def test_the_start_line_is_believed_before_cseq() -> None:
    """A mismatch is told; the method stays that of the start line."""
    parsed = message(start="OPTIONS sip:b SIP/2.0")

    assert (parsed.method, parsed.cseq_method) == ("OPTIONS", "INVITE")
    assert parsed.faults == (Fault.CSEQ_METHOD_MISMATCH,)


def test_methods_are_case_sensitive() -> None:
    """An invite in lower case is another method."""
    assert message(start="invite sip:b SIP/2.0").method == "invite"


def test_a_head_without_end_is_told_and_read() -> None:
    """A message cut in its headers keeps those that came."""
    parsed = parse(b"\r\n".join(line.encode() for line in ("ACK sip:b SIP/2.0", *HEADERS)))

    assert parsed.call_id == "c1"
    assert parsed.faults == (Fault.CSEQ_METHOD_MISMATCH, Fault.CUT_HEAD)
    assert parsed.body == b""


def test_a_continuation_without_start_line_is_read() -> None:
    """The rest of a message that was cut in two still gives its Call-ID."""
    parsed = parse(b"0bK77;rport\r\nCall-ID: c1\r\nCSeq: 1 BYE\r\n\r\n")

    assert Fault.BAD_START_LINE in parsed.faults
    assert (parsed.method, parsed.status, parsed.is_request) == ("", 0, False)
    assert (parsed.call_id, parsed.cseq, parsed.cseq_method) == ("c1", 1, "BYE")


def test_a_message_that_begins_with_a_header_is_read_from_there() -> None:
    """The first line is not lost when it is a header."""
    parsed = parse(b"Call-ID: c1\r\nCSeq: 1 BYE\r\n\r\n")

    assert Fault.MISSING_START_LINE in parsed.faults
    assert parsed.headers == [("Call-ID", "c1"), ("CSeq", "1 BYE")]
    assert parsed.call_id == "c1"


@pytest.mark.parametrize("payload", [b"", b"\r\n", b"\r\n\r\n", b"\n\n"])
def test_keep_alives_are_empty(payload: bytes) -> None:
    """Line ends alone are a keep-alive, not a bad message."""
    assert parse(payload) == SipMessage(faults=(Fault.EMPTY,))


def test_bytes_that_are_not_utf8_show_as_replacement() -> None:
    """The message is read on, and the fault tells it."""
    parsed = parse(b"SIP/2.0 200 \xff\r\nCall-ID: a\xe4\r\n\r\n")

    assert (parsed.reason, parsed.call_id) == ("\ufffd", "a\ufffd")
    assert Fault.BAD_UTF8 in parsed.faults


def test_a_replacement_sign_that_was_sent_is_no_fault() -> None:
    """U+FFFD itself is valid UTF-8."""
    assert Fault.BAD_UTF8 not in parse("SIP/2.0 200 \ufffd\r\n\r\n".encode()).faults


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_line_ends_make_no_difference(end: bytes) -> None:
    """A message with bare LF is read like one with CRLF."""
    payload = make_request(headers="Subject: a\r\n  b\r\n", body="x")
    parsed = parse(payload.replace(b"\r\n", end))

    assert parsed.faults == ()
    assert parsed.body == b"x"
    assert parsed.get("Subject") == "a b"


@pytest.mark.parametrize(
    ("method", "lines", "expected"),
    [
        ("REGISTER", ("Expires: 60", "Contact: <sip:a@b>;expires=30"), 30),
        ("REGISTER", ("Expires: 60", "Contact: <sip:a@b;expires=30>"), 60),
        ("REGISTER", ("Contact: sip:a@b;Expires=30", "Contact: <sip:c@d>;expires=5"), 30),
        ("REGISTER", ("Contact: *", "Expires: 0"), 0),
        ("SUBSCRIBE", ("Expires: 60", "Contact: <sip:a@b>;expires=30"), 60),
        ("INVITE", ("Contact: <sip:a@b>;expires=30",), 30),
        ("INVITE", (), None),
    ],
)
def test_expiry_of_a_binding(method: str, lines: tuple[str, ...], expected: int | None) -> None:
    """In a REGISTER the parameter outside <> goes before the header."""
    parsed = message(
        *lines, f"CSeq: 1 {method}", without="CSeq", start=f"{method} sip:b.example SIP/2.0"
    )

    assert parsed.expires == expected
    assert parsed.faults == ()


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"Expires:", Fault.BAD_NUMBER),
        (b"Max-Forwards: ", Fault.BAD_NUMBER),
        (b"Date:", Fault.BAD_DATE),
        (b"Contact:", None),
        (b"Content-Type: ", None),
        (b"X-Own:", None),
        (b"X(Own): a", Fault.BAD_HEADER),
        (b"Subject", Fault.BAD_HEADER),
        (b"Via", Fault.BAD_HEADER),
    ],
)
def test_a_header_without_value_or_name_is_told(line: bytes, fault: Fault | None) -> None:
    """Alike, whether other headers are present or not; names that nobody registered are fine."""
    lone = parse(b"SIP/2.0 200 OK\r\n" + line + b"\r\n\r\n")
    among = parse(make_request().replace(b"\r\n", b"\r\n" + line + b"\r\n", 1))

    for message in (lone, among):
        found = [one for one in message.faults if not one.startswith(("missing", "repeated"))]
        assert found == ([] if fault is None else [fault])
