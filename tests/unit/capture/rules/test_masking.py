"""Masks of the agent: what leaves the machine tells nobody who called whom, and is still SIP."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hep.sip import parse, sdp_of
from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.rules.plan import Cover, MaskPlan, RulePlan
from hepscope_capture.rules.rules import Rules
from support.builders import BASE_US, make_request, make_response

SDP = (
    "v=0\r\no=alice 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    "m=audio 49170 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0\r\n"
    "a=ice-ufrag:abcd\r\na=ice-pwd:asd88fgpdd777uzjYhagZg\r\nk=clear:sesame\r\n"
)
HEADERS = (
    'Contact: "Alice Smith" <sip:alice@192.0.2.1:5060;transport=udp>\r\n'
    "P-Asserted-Identity: <tel:+4930123456>\r\n"
    'Authorization: Digest username="alice", realm="example.org", nonce="n0nce",'
    ' uri="sip:bob@example.org", response="5ecret"\r\n'
    "Allow: INVITE, alice\r\n"
    "Content-Type: application/sdp\r\n"
)


def masked(masks: MaskPlan, payload: bytes) -> bytes:
    """Return a payload as the rules hand it on."""
    rules = Rules.compile(RulePlan(masks=masks))
    message = Datagram(BASE_US, 17, b"\x0a\0\0\1", 5060, b"\x0a\0\0\2", 5060, payload, vlan=7)
    passed = rules.apply(message)
    assert passed is not None
    assert passed.vlan == 7
    assert len(passed.payload) == len(payload)
    assert rules.masked == (passed.payload != payload)
    return passed.payload


HASH = MaskPlan(users=Cover.HASH, key=b"key")


def test_users_are_covered_wherever_they_stand() -> None:
    """And nothing of what a call is told by has changed."""
    payload = make_request(from_user="alice", to_user="+4930123456", headers=HEADERS, body=SDP)
    after = masked(MaskPlan(users=Cover.MASK), payload)
    head = after.partition(b"Allow")[0]
    assert b"alice" not in head
    assert b"Smith" not in after
    assert b"30123456" not in after
    assert b"o=xxxxx 1 1" in after
    assert b"Allow: INVITE, alice" in after
    before, now = parse(payload), parse(after)
    for name in ("method", "call_id", "cseq", "from_tag", "via_branch", "from_domain"):
        assert getattr(now, name) == getattr(before, name)
    assert (now.from_user, now.to_user) == ("xxxxx", "+xxxxxxxxxx")
    assert not now.faults


def test_a_hash_is_the_same_for_the_same_user() -> None:
    """In request and answer, in a user, a credential and a number elsewhere."""
    request = parse(masked(HASH, make_request(from_user="alice", headers=HEADERS, body=SDP)))
    answer = parse(masked(HASH, make_response(200, "OK", from_user="alice")))
    assert request.from_user == answer.from_user != "alice"
    assert request.to_user == answer.to_user != "bob"
    assert request.from_user in (request.contact or "")
    assert f'username="{request.from_user}"' in (request.get("Authorization") or "")
    description = sdp_of(request)
    assert description is not None
    assert f"o={request.from_user} ".encode() in request.body
    other = parse(masked(MaskPlan(users=Cover.HASH, key=b"k2"), make_request(from_user="alice")))
    assert other.from_user != request.from_user


def test_numbers_keep_their_ends_and_their_form() -> None:
    """Digits become digits; who is no number stays."""
    plan = MaskPlan(numbers=Cover.HASH, key=b"key")
    after = parse(masked(plan, make_request(from_user="+4930123456", to_user="bob")))
    assert after.to_user == "bob"
    assert after.from_user != "+4930123456"
    assert after.from_user[:4] == "+493"
    assert after.from_user[-2:] == "56"
    assert after.from_user[1:].isdigit()
    shown = parse(masked(MaskPlan(numbers=Cover.MASK), make_request(from_user="+4930123456")))
    assert shown.from_user == "+493xxxxx56"


def test_keys_and_credentials() -> None:
    """Realm and username help to find a fault and stay; what proves who somebody is does not."""
    payload = make_request(headers=HEADERS, body=SDP)
    after = masked(MaskPlan(media_keys=True, credentials=True), payload)
    for secret in (b"c2VjcmV0", b"asd88fgpdd777uzjYhagZg", b"sesame", b"n0nce", b"5ecret"):
        assert secret not in after
    assert b'username="alice", realm="example.org"' in after
    assert b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:xxxxxxxx" in after
    assert b"a=ice-ufrag:abcd" in after


def test_bodies_and_digits() -> None:
    """Text messages and dialled digits."""
    plan = MaskPlan(bodies=frozenset({"MESSAGE"}), dtmf=True)
    text = make_request("MESSAGE", headers="Content-Type: text/plain\r\n", body="hello Bob")
    assert masked(plan, text).endswith(b"\r\n\r\nxxxxxxxxx")
    dialled = "Content-Type: application/dtmf-relay\r\n"
    info = make_request("INFO", headers=dialled, body="Signal=5\r\nDuration=160\r\n")
    assert masked(plan, info).endswith(b"Signal=x\r\nDuration=160\r\n")


REPORT = (
    b'{"sender_information":{"octets":10.50},"ssrc":4930123456,"sdes_information":'
    b'[{"ssrc":1,"type":1,"text":"sip:alice@192.0.2.1"},{"type":2,"text" : "J\\u00f6rg \\"B\\""}],'
    b'"bye":[{"reason":"4930123456 left"}]}'
)


def report(masks: MaskPlan, payload: bytes = REPORT) -> bytes:
    """Return an RTCP report as the rules hand it on."""
    passed = Rules.compile(RulePlan(masks=masks)).apply(
        Datagram(0, 17, b"\x0a\0\0\1", 5061, b"\x0a\0\0\2", 5061, payload, kind=5)
    )
    assert passed is not None
    return passed.payload


def test_texts_of_rtcp_are_covered() -> None:
    """What a source calls itself; all numbers of the report stay as they were written."""
    after = report(MaskPlan(users=Cover.MASK))
    found = json.loads(after)
    names = [one["text"] for one in found["sdes_information"]]
    assert names == ["xxx:xxxxx@xxx.x.x.x", 'xxxxx "x"']
    assert found["bye"] == [{"reason": "xxxxxxxxxx xxxx"}]
    assert b'"octets":10.50},"ssrc":4930123456' in after
    assert b"4930123456 left" not in report(MaskPlan(numbers=Cover.HASH, key=b"k"))
    assert report(HASH) == report(HASH) != REPORT
    assert report(MaskPlan(media_keys=True)) == REPORT


@given(st.text(max_size=60))
def test_any_text_is_covered(text: str) -> None:
    """And the report stays JSON."""
    payload = json.dumps({"text": text, "ssrc": 1}).encode()
    found = json.loads(report(MaskPlan(users=Cover.MASK), payload))
    assert found["ssrc"] == 1
    bare = re.sub("%[0-9A-Fa-f]{2}", "", found["text"])
    assert not [char for char in bare if char.isalnum() and char != "x"]


@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b'{"text":"', b'"reason" : "\\u12', b'"text":"\xff"']),
)
def test_what_is_no_report_is_masked_too(junk: bytes, start: bytes) -> None:
    """Without an exception, and always alike."""
    assert report(HASH, start + junk) == report(HASH, start + junk)


def test_log_lines_are_not_touched() -> None:
    """They are sent as they were written."""
    rules = Rules.compile(RulePlan(masks=HASH))
    line = Datagram(0, 17, b"", 0, b"", 0, b"call from sip:alice@example.org", kind=100)
    assert rules.apply(line) is line


def test_a_hash_needs_a_key() -> None:
    """Without one anybody could try all users."""
    with pytest.raises(ValueError, match="need a key"):
        Rules.compile(RulePlan(masks=MaskPlan(numbers=Cover.HASH)))
