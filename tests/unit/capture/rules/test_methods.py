"""The method of a message, found without reading it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepscope_capture.rules.methods import method_of
from hepscope_common.rules.methods import methods_of
from support.builders import make_request, make_response

PIECES = [
    b"INVITE ", b"SIP/2.0 200 OK", b"\r\n", b"\n", b"CSeq: 1 BYE", b"cseq:\t2 ACK", b"CSeq:  3  X",
    b" ", b"\t", b"sip:a@b SIP/2.0", b"CSeq: 4", b"CSEQ : 5 INFO", b"Via: x",
]  # fmt: skip


@pytest.mark.parametrize(
    ("payload", "method"),
    [
        (make_request("INVITE"), b"INVITE"),
        (make_request("X-own"), b"X-OWN"),
        (b"\r\n\r\n" + make_request("REGISTER"), b"REGISTER"),
        (make_response(200, "OK", "SUBSCRIBE"), b"SUBSCRIBE"),
        (make_response(200, "OK", "notify").replace(b"CSeq: ", b"cSEQ  :\t"), b"NOTIFY"),
        (b"SIP/2.0 200 OK\r\nVia: x\r\n\r\nNOTIFY sip:a SIP/2.0\r\nCSeq: 1 NOTIFY\r\n", b""),
        (b"", b""),
    ],
)
def test_methods(payload: bytes, method: bytes) -> None:
    """Of requests, of answers, of neither."""
    assert method_of(payload) == method


@given(st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join), st.binary(max_size=30))
def test_the_short_way_leads_to_the_same(payload: bytes, junk: bytes) -> None:
    """As the way that ingest goes."""
    for one in (payload + junk, make_response(200, "OK", "BYE", headers="X: y\r\n") + payload):
        methods = methods_of(one)
        assert method_of(one) == (methods.request or methods.cseq).encode()
