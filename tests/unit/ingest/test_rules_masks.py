"""Masks: what is secret never comes out, and everything else stays where it was."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hep import decode, decode3, encode3
from hep.sip import Fault, looks_like_sip, parse
from hep.sip.message import SipMessage
from hepscope_common.rules.mask_numbers import NumberMask
from hepscope_common.rules.masker import Masker
from hepscope_ingest.rules.canonical import may_hold_copies, with_payload
from support.builders import make_packet, make_request
from support.corpus_replay import HEP_RECORDINGS, hep_recording
from support.hep_wire import generic, packet, start

NUMBERS = NumberMask(first=3, last=2, least=5)
ALL = Masker(
    body_methods=frozenset({"MESSAGE"}),
    dtmf=True,
    media_keys=True,
    credentials=True,
    numbers=NUMBERS,
)
SDP = (
    "v=0\r\no=4930123456 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    "m=audio 49301 RTP/SAVP 0\r\n"
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0|2^20|1:4;inline:ZWxzZQ==\r\n"
    "a=key-mgmt:mikey AQAFgM0XflABAAAA\r\nk=clear:sesame\r\na=rtpmap:0 PCMU/8000\r\n"
)


def keys_of(message: SipMessage) -> tuple[object, ...]:
    """Return what calls and transactions are told by, and what no mask may touch."""
    return (
        message.call_id, message.method, message.status, message.reason, message.cseq,
        message.cseq_method, message.from_tag, message.to_tag, message.via_branch,
        message.via_host, message.via_count, message.from_domain, message.to_domain,
        message.ruri_domain, message.content_type, message.content_length, len(message.body),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+4930123456", "+493xxxxx56"),
        ("1234", "1234"),
        ("12345", "xxxxx"),
        ("123456", "123x56"),
        ("+49 (30) 123-456", "+49 (3x) xxx-x56"),
        ("%2B4930123456", "%2B493xxxxx56"),
        ("%31%32%33%34%35%36", "%31%32%33%78%35%36"),
        ("alice", "alice"),
        ("", ""),
    ],
)
def test_a_number_keeps_its_ends(number: str, shown: str) -> None:
    """Of one that would keep all its digits none is kept; short ones are no numbers."""
    assert NUMBERS.number(number) == shown


HEADERS = (
    'P-Asserted-Identity: "+49 30 123456" <sip:+4930123456:pin12345@a>, <tel:+4930123456>\r\n'
    "Remote-Party-ID: 4930123456 <sip:4930123456@a>;party=calling\r\n"
    "X-Caller:4930123456\r\n"
    "Refer-To: sip:+4930123456@a\r\n"
    "Contact: <sip:4930123456@192.0.2.1:49301>\r\n"
    "X-CID: 4930123456@gateway\r\n"
)


def test_numbers_are_masked_wherever_they_stand() -> None:
    """In users, names, passwords, tel, other headers and the origin of SDP; ports stay."""
    payload = make_request(from_user="+4930123456", to_user="4930123456", headers=HEADERS, body=SDP)
    masked = Masker(numbers=NUMBERS).mask(payload)
    assert masked.replace(b"X-CID: 4930123456@gateway", b"").count(b"30123456") == 0
    assert b"pin12345" not in masked
    assert b"49 30 123456" not in masked
    assert b"X-CID: 4930123456@gateway" in masked
    assert b"@192.0.2.1:49301>" in masked
    assert b"m=audio 49301 RTP" in masked
    assert parse(masked).from_user == "+493xxxxx56"
    assert len(masked) == len(payload)


@pytest.mark.parametrize(
    "line",
    [
        "From: sip:4930123456@a;tag=1",
        "From: <sip:4930 123456@a>;tag=1",
        'From: "x <sip:4930123456@a>;tag=1',
        'From: <sip:"4930123456"@a>;tag=1',
        "f:\r\n <tel:+4930123456>;tag=1",
        "From: 4930123456 <SIPS:4930123456@a>;tag=1",
        "From: <sip:1@sip:4930123456@a>;tag=1",
    ],
)
def test_a_malformed_address_gives_no_number_away(line: str) -> None:
    """Whatever the parser would find in it."""
    payload = f"INVITE sip:b@a SIP/2.0\r\n{line}\r\nCall-ID: c\r\n\r\n".encode()
    masked = parse(Masker(numbers=NUMBERS).mask(payload))
    assert "123456" not in masked.from_user + masked.from_display + masked.headers[0][1]


DIGEST = (
    'username="alice", realm="a, b", nonce="top\\"secret", uri="sip:example.org", qop=auth,'
    ' nc=00000001, cnonce="secret", response="secret",\r\n opaque=secret, algorithm=MD5, new=secret'
)


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        (f"Authorization: Digest {DIGEST}", "alice realm sip:example.org algorithm=MD5 nc=0000"),
        (f"proxy-authorization :Digest {DIGEST}", "alice"),
        ('Authentication-Info: nextnonce="secret", qop=auth', "qop=auth"),
        ("Authorization: Basic c2VjcmV0secret", "Basic"),
        ("Authorization: Bearer secret, realm=secret", "Bearer"),
        ("Authorization: secret", ""),
        ('Authorization: Digest realm="x" secret, nonce="y, realm=secret', "Digest"),
        ('Authorization: Digest response="a\\", realm="secret", x', "Digest"),
        ("Authorization\r\n : Digest response=secret", "Digest"),
    ],
)
def test_credentials_keep_what_is_listed_only(line: str, kept: str) -> None:
    """Folded, in any case, and of any scheme."""
    payload = make_request("REGISTER", headers=f"{line}\r\n")
    masked = Masker(credentials=True).mask(payload)
    assert b"secret" not in masked
    for word in kept.split():
        assert word.encode() in masked
    assert parse(masked).faults == parse(payload).faults
    assert len(masked) == len(payload)
    hidden = Masker(credentials=True, usernames=True).mask(payload)
    assert b'"alice"' not in hidden


def test_credentials_in_a_body_are_masked_too() -> None:
    """A NOTIFY shows a whole message (message/sipfrag)."""
    payload = make_request("NOTIFY", body='SIP/2.0 200 OK\r\nAuthorization: Digest nonce="secret"')
    assert b"secret" not in Masker(credentials=True).mask(payload)


@pytest.mark.parametrize(
    ("kind", "body", "shown"),
    [
        ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", "Signal=x\r\nDuration=160\r\n"),
        ("APPLICATION/DTMF-Relay;x=1", " signal = 12#\nfoo", " signal = xxx\nxxx"),
        ("application/dtmf", "5", "x"),
        ("audio/telephone-event", "\x01\x02\r\n", "xxxx"),
        ("multipart/mixed;boundary=b", "--b\r\nContent-Type: application/dtmf\r\n\r\n5", "x" * 40),
        ("application/sdp", "v=0\r\n", "v=0\r\n"),
    ],
)
def test_dialled_digits_are_masked(kind: str, body: str, shown: str) -> None:
    """Of every content type that carries them."""
    payload = make_request("INFO", headers=f"c: {kind}\r\n", body=body)
    assert Masker(dtmf=True).mask(payload).partition(b"\r\n\r\n")[2].decode() == shown


def test_a_second_content_type_hides_nothing() -> None:
    """Some read the first, some the last."""
    headers = "Content-Type: text/plain\r\nContent-Type: application/dtmf-relay\r\n"
    payload = make_request("INFO", headers=headers, body="Signal=5")
    assert b"5" not in Masker(dtmf=True).mask(payload).partition(b"\r\n\r\n")[2]


def test_media_keys_are_masked_and_the_rest_of_sdp_stays() -> None:
    """Names, suites, lifetimes and lengths."""
    headers = "Content-Type: application/sdp\r\n"
    payload = make_request(headers=headers, body=SDP)
    masked = Masker(media_keys=True).mask(payload)
    for secret in (b"c2VjcmV0", b"ZWxzZQ", b"AQAFgM0X", b"sesame"):
        assert secret not in masked
    assert b"AES_CM_128_HMAC_SHA1_80 inline:xxxxxxxx|2^20|1:4;inline:xxxxxxxx\r\n" in masked
    assert parse(masked).faults == parse(payload).faults == ()


def test_bodies_are_masked_by_method_in_each_message_of_a_payload() -> None:
    """A stream may hold several: each is masked by its own method."""
    one = make_request("MESSAGE", headers="Content-Type: text/plain\r\n", body="secret, dear")
    two = make_request("INFO", headers="Content-Type: text/plain\r\n", body="not secret")
    masked = Masker(body_methods=frozenset({"MESSAGE"})).mask(one + two)
    assert masked == one.replace(b"secret, dear", b"x" * 12) + two


secrets = st.text("ghjkqz", min_size=8, max_size=20)
numbers = st.text("0123456789", min_size=8, max_size=15)


@settings(max_examples=150, deadline=None)
@given(
    secret=secrets,
    number=numbers,
    method=st.sampled_from(["INVITE", "MESSAGE", "REGISTER"]),
    junk=st.text('abcdef .;:@<>"\\=,%\xe9', max_size=40),
)
def test_secrets_never_come_out(secret: str, number: str, method: str, junk: str) -> None:
    """Fields that are not masked stay equal, and no new fault appears."""
    headers = (
        f'Authorization: Digest username="u", response="{secret}", nonce="{secret}"\r\n'
        f'P-Asserted-Identity: "{number}" <sip:{number}@x>\r\nSubject: {junk}\r\n'
    )
    body = f"v=0\r\na=crypto:1 A inline:{secret}|1\r\nk=base64:{secret}\r\n"
    payload = make_request(
        method, from_user=number, to_user=f"+{number}", headers=headers, body=body
    )
    masked = ALL.mask(payload)
    assert len(masked) == len(payload)
    assert secret.encode() not in masked
    assert number.encode() not in masked
    before, after = parse(payload), parse(masked)
    assert keys_of(after) == keys_of(before)
    assert set(after.faults) <= set(before.faults)
    assert ALL.mask(payload) == masked


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.lists(st.sampled_from([
    b"INVITE sip:1234567@a SIP/2.0\r\n", b"SIP/2.0 200 OK\r\n", b"From: ", b"<", b">", b'"', b",",
    b"sip:", b"tel:123456", b"@", b";tag=1", b"\r\n", b"\n", b" ", b"\r\n\r\n",
    b"Content-Length: 3",
    b"Authorization: Digest ", b"nonce=", b"a=crypto:", b"inline:", b"k=", b"Call-ID: 1", b"\\",
    b"CSeq: 1 MESSAGE", b"Content-Type: application/dtmf-relay", b"%3", b"0", b"12345678", b"Via: ",
]), max_size=30))  # fmt: skip
def test_any_bytes_are_masked_in_place(junk: bytes, pieces: list[bytes]) -> None:
    """Never an error, never another length, and the call stays the same call."""
    payload = b"".join(pieces) + junk
    masked = ALL.mask(payload)
    assert len(masked) == len(payload)
    before, after = parse(payload), parse(masked)
    assert after.call_id == before.call_id
    assert (after.method, after.status, after.cseq) == (before.method, before.status, before.cseq)
    odd = {Fault.BAD_UTF8, Fault.NUL_BYTE, Fault.ESCAPED_NUL}
    assert set(after.faults) - odd <= set(before.faults)


@pytest.mark.timeout(60)  # what is quadratic takes much longer
@pytest.mark.parametrize(
    "piece",
    [
        b"<", b'"', b"<,", b'",', b"sip:", b"sip:@", b"tel:1", b"a=crypto:inline:", b"\n ", b"\n",
        b"Authorization:", b"\nAuthorization: Digest a=\\\"", b"%3", b";tag", b"@1,", b"\r\n\r\n",
        b"k=\n", b"From: 12345<sip:12345@a>,\n", b"12345 ", b"username=",
    ],
)  # fmt: skip
def test_hostile_payloads_cost_little(piece: bytes) -> None:
    """64 kB of whatever is looked for."""
    head = b"INVITE sip:1234567@a SIP/2.0\r\nP-Asserted-Identity: 1234567 <sip:1234567@a>, "
    payload = head + piece * (60_000 // len(piece))
    ALL.mask(payload)


def test_the_canonical_packet_keeps_all_but_the_payload() -> None:
    """Of any version; a payload that was compressed comes out masked as well."""
    payload = make_request("MESSAGE", body="secret")
    masked = ALL.mask(payload)
    data = make_packet(payload, node_name=b"n", correlation_id=b"c", origin=bytes(16), seq=3)
    before = decode3(data)
    rewritten = with_payload(data, masked)
    assert rewritten is not None
    before.payload = masked
    assert decode3(rewritten) == before
    assert b"secret" not in rewritten


def test_no_copy_of_a_payload_stays() -> None:
    """Neither in a repeated chunk nor in a compressed one beside it."""
    clean = make_request()
    for other in (generic(15, b"secret"), generic(16, b"secret")):
        data = packet(*start(), other, generic(15, clean))
        assert may_hold_copies(data, clean)
        rewritten = with_payload(data, clean)
        assert rewritten is not None
        assert b"secret" not in rewritten
    assert not may_hold_copies(make_packet(clean), clean)


@pytest.mark.parametrize("name", HEP_RECORDINGS)
def test_real_traffic_keeps_its_calls(corpus: Path, name: str) -> None:
    """Every SIP payload of the recordings, all masks on."""
    count = 0
    for data in hep_recording(corpus, name).packets:
        payload = decode(data).payload
        if looks_like_sip(payload):
            masked = ALL.mask(payload)
            before, after = parse(payload), parse(masked)
            assert keys_of(after) == keys_of(before)
            assert set(after.faults) <= set(before.faults)
            count += 1
            rewritten = with_payload(encode3(decode(data)), masked)
            assert rewritten is not None
            assert decode3(rewritten).payload == masked
    assert count


def test_torture_keeps_its_calls(corpus: Path) -> None:
    """The messages of RFC 4475 and 5118, which are malformed on purpose."""
    files = [path for path in (corpus / "torture").rglob("*.dat") if path.is_file()]
    for path in files:
        payload = path.read_bytes()
        masked = ALL.mask(payload)
        assert len(masked) == len(payload)
        before, after = parse(payload), parse(masked)
        assert keys_of(after)[:8] == keys_of(before)[:8], path.name
        assert set(after.faults) <= set(before.faults), path.name
    assert files
