"""The torture messages of RFC 4475 and RFC 5118, each with what a monitor shall make of it.

Those that lie in the corpus are read from there. For the others a message of our own has the same
defect and no more.
"""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hep import sdp
from hep.sip import Fault, SipMessage, find_call_id, looks_like_sip, parse, parts, sdp_of


@dataclass(frozen=True, slots=True)
class Case:
    """Fields that the message has, and all its faults."""

    fields: dict[str, object] = field(default_factory=dict)
    faults: set[Fault] = field(default_factory=set)


CORPUS = {
    "intmeth": Case(
        {"method": "!interesting-Method0123456789_*+`.%indeed'~", "cseq": 139122385},
        # Its To name holds an escaped NUL, which is legal and still worth a warning.
        {Fault.NUL_BYTE},
    ),
    "esc02": Case({"method": "RE%47IST%45R", "from_user": "resource", "from_display": "%Z%45"}),
    "dblreq": Case({"method": "REGISTER", "content_length": 0, "body": b""}, {Fault.TRAILING_DATA}),
    "transports": Case({"via_count": 5, "via_transport": "udp"}),
    "unreason": Case({"status": 200}),
    "noreason": Case({"status": 100, "reason": ""}),
    "badinv01": Case(
        {"from_tag": "134161461246", "to_user": "j.user"}, {Fault.BAD_VIA, Fault.BAD_CONTACT}
    ),
    "scalar02": Case(
        {"cseq": 4294967295, "cseq_method": "REGISTER", "expires": 2147483647},
        {Fault.NUMBER_OVERFLOW},
    ),
    "quotbal": Case({"to_user": "j.user", "to_domain": "example.com"}, {Fault.BAD_TO}),
    "ltgtruri": Case(
        {"request_uri": "sip:user@example.com", "ruri_user": "user"}, {Fault.REQUEST_URI_BRACKETS}
    ),
    "lwsruri": Case(
        {"request_uri": "sip:user@example.com; lr", "ruri_domain": "example.com"},
        {Fault.REQUEST_URI_SPACES},
    ),
    "escruri": Case(
        {"request_uri": "sip:user@example.com?Route=%3Csip:example.com%3E"},
        {Fault.REQUEST_URI_HEADERS},
    ),
    "baddate": Case({"method": "INVITE"}, {Fault.BAD_DATE}),
    "regbadct": Case({"ruri_domain": "example.com"}, {Fault.BAD_CONTACT}),
    "badaspec": Case(
        {"to_user": "t.watson", "to_display": "Watson, Thomas", "to_domain": "example.org"},
        {Fault.BAD_TO},
    ),
    "mismatch02": Case(
        {"method": "NEWMETHOD", "cseq_method": "INVITE"}, {Fault.CSEQ_METHOD_MISMATCH}
    ),
    # Three digits at most: the number itself, 4294967301, has no class and fits no column.
    "bigcode": Case({"status": 999, "reason": "better not break the receiver"}, {Fault.BAD_STATUS}),
    "unkscm": Case({"request_uri": "nobodyKnowsThisScheme:totallyopaquecontent", "ruri_user": ""}),
    "invut": Case({"content_type": "application/unknownformat"}),
    "multi01": Case(
        {"cseq": 5, "call_id": "multi01.98asdh@192.0.2.1", "to_user": "user"},
        {Fault.REPEATED_HEADER},
    ),
    "mcl01": Case({"content_length": 13}, {Fault.CONFLICTING_CONTENT_LENGTH}),
    "bcast": Case({"via_count": 2, "via_host": "192.0.2.198"}, {Fault.BROADCAST_VIA}),
    "zeromf": Case({"method": "OPTIONS"}),
    "cparam01": Case({"contact": "sip:+19725552222@gw1.example.net;unknownparam"}),
    "sdp01": Case({"content_type": "application/sdp"}),
}


@pytest.mark.corpus
@pytest.mark.parametrize("name", CORPUS)
def test_rfc4475_message_of_the_corpus(corpus: Path, name: str) -> None:
    """Fields and faults are those of the RFC's text, and the Call-ID routes."""
    payload = (corpus / "torture" / "rfc4475" / f"{name}.dat").read_bytes()

    check(payload, CORPUS[name])
    assert find_call_id(payload).startswith(name.encode())


RFC5118 = {
    "nksip_msg1": Case({"ruri_domain": "2001:db8::10", "via_host": "2001:db8::9:1"}),
    "nksip_msg3": Case({"ruri_domain": "2001:db8::10:5070"}),
    "nksip_msg5": Case({"via_host": "2001:db8::9:1", "via_branch": "z9hG4bKas3-111"}),
    "nksip_msg7": Case(
        {"to_domain": "2001:db8::10", "contact": '"Caller" <sip:caller@[2001:db8::20]>'}
    ),
    "nksip_msg9": Case({"content_type": "application/sdp"}),
}


@pytest.mark.corpus
@pytest.mark.parametrize("name", RFC5118)
def test_rfc5118_message_of_the_corpus(corpus: Path, name: str) -> None:
    """IPv6 hosts are read in every place where they may stand."""
    check((corpus / "torture" / "rfc5118" / f"{name}.sip").read_bytes(), RFC5118[name])


@pytest.mark.corpus
def test_addresses_in_sdp_need_no_brackets(corpus: Path) -> None:
    """RFC 5118 sections 4.6 and 4.8: IPv6 in o= and c=, and one c= a section."""
    folder = corpus / "torture" / "rfc5118"
    single = parse((folder / "nksip_msg7.sip").read_bytes())
    mixed = parse((folder / "nksip_msg9.sip").read_bytes())

    assert sdp.parse(sdp_of(single) or b"").origin.address == "2001:db8::20"
    assert [media.connection for media in sdp.parse(sdp_of(mixed) or b"").media] == [
        "192.0.2.1",
        "2001:db8::1",
    ]


def build(
    start: str = "OPTIONS sip:b@example.org SIP/2.0", *, body: bytes = b"", **changed: str | None
) -> bytes:
    """Return a message with headers changed, or left out (None)."""
    headers: dict[str, str | None] = {
        "via": "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKtorture",
        "from": "<sip:a@example.org>;tag=a1",
        "to": "<sip:b@example.org>",
        "call-id": "torture-1",
        "cseq": f"4 {start.split(maxsplit=1)[0]}",
        **{name.rstrip("_").replace("_", "-"): value for name, value in changed.items()},
    }
    lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return "\r\n".join([start, *lines, "", ""]).encode() + body


RESPONSE = "SIP/2.0 503 x"
FOLDED = (
    b"INVITE sip:v@192.0.2.9;unknown SIP/2.0\r\nTO :\r\n sip:v@example.org ;   tag    = 12\r\n"
    b'f: "Q \\"x\\""\r\n <sip:q@example.org>\r\n ;\r\n tag = 98\r\n'
    b"MaX-fOrWaRdS: 0068\r\nCall-ID: w@192.0.2.9\r\nl: 0\r\ncseq: 0009\r\n INVITE\r\n"
    b"Via : SIP / 2.0\r\n /UDP\r\n 192.0.2.2;branch=390skdj\r\ns :\r\n"
    b"NewFangled: new \r\n continued ;; x,, y\r\nv: SIP/2.0/TCP w.example.org ;\r\n"
    b" branch = z9hG4bK9i , SIP/2.0/UDP 192.0.2.8;branch=z9hG4bK3\r\nm:<sip:q@[::1]>\r\n\r\n"
)
OURS = {
    "3.1.1.1 wsinv": (
        FOLDED,
        Case(
            {
                "cseq": 9,
                "cseq_method": "INVITE",
                "to_tag": "12",
                "from_tag": "98",
                "from_display": 'Q "x"',
                "via_count": 3,
                "via_branch": "390skdj",
                "via_host": "192.0.2.2",
            }
        ),
    ),
    "3.1.1.3 esc01": (
        build("INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0"),
        Case({"ruri_user": "sips%3Auser%40example.com", "ruri_domain": "example.net"}),
    ),
    "3.1.1.4 escnull": (
        build(to="<sip:null-%00-null@example.org>"),
        Case({"to_user": "null-%00-null"}, {Fault.ESCAPED_NUL}),
    ),
    "3.1.1.6 lwsdisp": (
        build(from_="caller<sip:caller@example.org>;tag=323"),
        Case({"from_display": "caller", "from_user": "caller", "from_tag": "323"}),
    ),
    "3.1.1.7 longreq": (
        build(
            call_id="long" * 500,
            via=f"SIP/2.0/UDP h;branch=z9hG4bK{'b' * 2000}",
            to=f'"{"I " * 300}" <sip:{"u" * 900}@example.org>;tag={"t" * 900}',
        ),
        Case(
            {
                "call_id": "long" * 500,
                "via_branch": "z9hG4bK" + "b" * 2000,
                "to_user": "u" * 900,
                "to_tag": "t" * 900,
            }
        ),
    ),
    "3.1.1.9 semiuri": (
        build("OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0"),
        Case({"ruri_user": "user;par=u%40example.net", "ruri_domain": "example.com"}),
    ),
    "3.1.1.11 mpart01": (
        build(
            "MESSAGE sip:k@example.org SIP/2.0",
            content_type="multipart/mixed;boundary=7a9cbec02ceef655",
            body=b"--7a9cbec02ceef655\r\nContent-Type: text/plain\r\n\r\nHi\r\n"
            b"--7a9cbec02ceef655\r\nContent-Type: application/octet-stream\r\n"
            b"\r\n\x30\x82\0\xff\r\n"
            b"--7a9cbec02ceef655--",
        ),
        Case({"content_type": "multipart/mixed"}),
    ),
    "3.1.2.2 clerr": (
        build(content_length="9999", body=b"short"),
        Case({"body": b"short", "content_length": 9999}, {Fault.CUT_BODY}),
    ),
    "3.1.2.3 ncl": (
        build(content_length="-999", body=b"all"),
        Case({"body": b"all", "content_length": None}, {Fault.BAD_CONTENT_LENGTH}),
    ),
    "3.1.2.5 scalarlg": (
        build(
            RESPONSE,
            cseq="9292394834772304023312 X",
            retry_after="9" * 30,
        ),
        Case({"status": 503, "cseq": 4294967295}, {Fault.NUMBER_OVERFLOW}),
    ),
    "3.1.2.9 lwsstart": (
        build("INVITE  sip:b@example.org  SIP/2.0"),
        Case({"request_uri": "sip:b@example.org"}, {Fault.START_LINE_SPACES}),
    ),
    "3.1.2.10 trws": (
        build("OPTIONS sip:b@example.org SIP/2.0  "),
        Case({"version": "SIP/2.0"}, {Fault.START_LINE_SPACES}),
    ),
    "3.1.2.15 baddn": (
        build(from_="Bell, Alexander <sip:a@example.org>;tag=43"),
        Case(
            {"from_display": "Bell, Alexander", "from_user": "a", "from_tag": "43"},
            {Fault.BAD_FROM},
        ),
    ),
    "3.1.2.16 badvers": (
        build("OPTIONS sip:b@example.org SIP/7.0"),
        Case({"version": "SIP/7.0", "to_user": "b"}, {Fault.BAD_VERSION}),
    ),
    "3.1.2.17 mismatch01": (
        build(cseq="8 INVITE"),
        Case({"method": "OPTIONS", "cseq": 8}, {Fault.CSEQ_METHOD_MISMATCH}),
    ),
    "3.2.1 badbranch": (
        build(via="SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK"),
        Case({"via_branch": "z9hG4bK"}),
    ),
    "3.3.1 insuf": (
        build("INVITE sip:b SIP/2.0", call_id=None, to=None, from_=None),
        Case({"call_id": ""}, {Fault.MISSING_CALL_ID, Fault.MISSING_FROM, Fault.MISSING_TO}),
    ),
    "3.3.3 novelsc": (
        build("OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0"),
        Case({"request_uri": "soap.beep://192.0.2.103:3002", "ruri_domain": ""}),
    ),
    "3.3.4 unksm2": (
        build(
            "REGISTER sip:example.com SIP/2.0",
            to="isbn:2983792873",
            contact="<name:John_Smith>",
            from_="<http://www.example.com>;tag=3234233",
        ),
        Case({"to_user": "", "from_tag": "3234233", "contact": "<name:John_Smith>"}),
    ),
    "3.3.5 bext01": (
        build(require="nothingSupportsThis", proxy_require="norDoesAnythingSupportThis"),
        Case({"method": "OPTIONS"}),
    ),
    "3.3.7 regaut01": (
        build("REGISTER sip:example.com SIP/2.0", authorization="NoOneKnows opaque-data=here, x"),
        Case({"method": "REGISTER"}),
    ),
    "3.3.13 cparam02": (
        build("REGISTER sip:example.com SIP/2.0", contact="<sip:+1@gw1.example.net;unknownparam>"),
        Case({"contact": "<sip:+1@gw1.example.net;unknownparam>"}),
    ),
    "3.3.14 regescrt": (
        build(
            "REGISTER sip:example.com SIP/2.0",
            contact="<sip:user@example.com?Route=%3Csip:sip.example.com%3E>",
        ),
        Case({"method": "REGISTER"}),
    ),
    "3.4.1 inv2543": (
        build(
            "INVITE sip:UserB@example.com SIP/2.0",
            via="SIP/2.0/UDP iftgw.example.com",
            body=b"v=0\r\n",
            from_="<sip:+13035551111@ift.client.example.net;user=phone>",
        ),
        Case({"via_branch": "", "from_tag": "", "body": b"v=0\r\n", "content_length": None}),
    ),
    "5118 4.2 ipv6-bad": (
        build("REGISTER sip:2001:db8::10 SIP/2.0"),
        Case({"ruri_user": "", "ruri_domain": "2001:db8::10"}),
    ),
    "5118 4.4 port-unambiguous": (
        build("REGISTER sip:[2001:db8::10]:5070 SIP/2.0"),
        Case({"ruri_domain": "2001:db8::10"}),
    ),
    "5118 4.5 received with brackets": (
        build(via="SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bK1"),
        Case({"via_host": "2001:db8::9:1", "via_branch": "z9hG4bK1"}),
    ),
    "5118 4.7 mult-ip-in-header": (
        build(via="SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bK1, SIP/2.0/UDP 192.0.2.1"),
        Case({"via_host": "2001:db8::9:1", "via_count": 2}),
    ),
    "5118 4.10 three colons": (
        build(via="SIP/2.0/UDP [2001:db8:::192.0.2.1];branch=z9hG4bK1"),
        Case({"via_host": "2001:db8::192.0.2.1"}),
    ),
}


@pytest.mark.parametrize("name", OURS)
def test_message_with_the_same_defect(name: str) -> None:
    """Where the RFC's own message is not at hand, ours gives the same result."""
    payload, case = OURS[name]

    check(payload, case)
    assert looks_like_sip(payload)


def test_binary_part_is_whole() -> None:
    """RFC 4475 section 3.1.1.11: a part with NUL and no UTF-8 keeps its bytes."""
    message = parse(OURS["3.1.1.11 mpart01"][0])

    assert [part.body for part in parts(message)] == [b"Hi", b"\x30\x82\0\xff"]


def test_mapped_address_in_sdp_is_kept() -> None:
    """RFC 5118 section 4.9: an IPv4-mapped address is text like any other."""
    description = sdp.parse("v=0\nc=IN IP6 ::ffff:192.0.2.10\nm=audio 1 RTP/AVP 0\n")

    assert description.media[0].connection == "::ffff:192.0.2.10"


def check(payload: bytes, case: Case) -> None:
    """Compare fields and faults, and that the message is kept whole enough to be found."""
    message: SipMessage = parse(payload)

    assert {name: getattr(message, name) for name in case.fields} == case.fields
    assert set(message.faults) == case.faults
    assert find_call_id(payload).decode() == message.call_id
