"""Offer or answer: by the transaction (RFC 3264, RFC 6337)."""

import pytest

from hepscope_common.calls import FlowMessage
from hepscope_common.calls.offer_answer import OfferAnswer
from hepscope_common.calls.sdp_summary import SdpSummary
from unit.common.calls.samples import BOB, PROXY, Seen, flow_messages, make_request, make_response


def roles(*call: Seen) -> list[str | None]:
    """Return the role of each message's SDP."""
    messages = flow_messages(call)
    for message, (parsed, _) in zip(messages, call, strict=True):
        message.sdp = SdpSummary(()) if parsed.body else None
    offers = OfferAnswer(messages)
    return [offers.role(message) for message in messages]


CASES: dict[str, tuple[list[Seen], list[str | None]]] = {
    "a call": (
        [
            make_request("INVITE", sdp=True),
            make_response(100),
            make_response(183, sdp=True),
            make_response(200, sdp=True),
            make_request("ACK"),
        ],
        ["offer", None, "answer", "answer", None],
    ),
    "a late offer": (
        [make_request("INVITE"), make_response(200, sdp=True), make_request("ACK", sdp=True)],
        [None, "offer", "answer"],
    ),
    "a late offer in a reliable 183": (
        [
            make_request("INVITE"),
            make_response(183, sdp=True),
            make_request("PRACK", cseq=2, sdp=True),
            make_response(200, method="PRACK", cseq=2),
        ],
        [None, "offer", "answer", None],
    ),
    "a second offer in PRACK": (
        [
            make_request("INVITE", sdp=True),
            make_response(183, sdp=True),
            make_request("PRACK", cseq=2, sdp=True),
            make_response(200, method="PRACK", cseq=2, sdp=True),
        ],
        ["offer", "answer", "offer", "answer"],
    ),
    "UPDATE": (
        [
            make_request("UPDATE", cseq=3, sdp=True),
            make_response(200, method="UPDATE", cseq=3, sdp=True),
        ],
        ["offer", "answer"],
    ),
    "hold by the callee": (
        [
            make_request("INVITE", sdp=True),
            make_request("INVITE", from_tag="b", to_tag="a", sdp=True),
            make_response(200, from_tag="b", to_tag="a", sdp=True),
        ],
        ["offer", "offer", "answer"],
    ),
    "the next hop": (
        [
            make_request("INVITE", sdp=True),
            make_request("INVITE", source=PROXY, destination=BOB, branch="p", sdp=True),
            make_response(200, source=BOB, destination=PROXY, branch="p", sdp=True),
        ],
        ["offer", "offer", "answer"],
    ),
    "capabilities": (
        [
            make_request("OPTIONS", cseq=4),
            make_response(200, method="OPTIONS", cseq=4, sdp=True),
            make_request("INVITE", cseq=5, sdp=True),
            make_response(488, cseq=5, sdp=True),
        ],
        [None, None, "offer", None],
    ),
    "the request was not captured": ([make_response(200, sdp=True)], [None]),
    "SDP in ACK after an offer": (
        [make_request("INVITE", sdp=True), make_request("ACK", sdp=True)],
        ["offer", None],
    ),
    "SDP that answers a PRACK without": (
        [make_request("PRACK", cseq=2), make_response(200, method="PRACK", cseq=2, sdp=True)],
        [None, None],
    ),
    "SDP where none belongs": ([make_request("MESSAGE", sdp=True)], [None]),
}


@pytest.mark.parametrize("case", CASES)
def test_roles_of_descriptions(case: str) -> None:
    """In any order of messages."""
    call, expected = CASES[case]

    assert roles(*call) == expected
    assert roles(*call[::-1]) == expected[::-1]


def test_message_without_sdp_has_no_role() -> None:
    """Whatever its method."""
    message = FlowMessage("1", 0, "", 0, "", 0, method="INVITE")

    assert OfferAnswer([message]).role(message) is None
