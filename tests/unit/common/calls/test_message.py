"""Flow messages: made of parsed ones."""

from hepscope_common.calls.message import address_text, flow_message
from unit.common.calls.samples import START_US, make_request, make_response


def test_flow_message_carries_what_a_ladder_needs() -> None:
    """Addresses as text, the rest as parsed."""
    made = flow_message("id", *make_request("INVITE", node="n7"))

    assert (made.message_id, made.time_us, made.node) == ("id", START_US, "n7")
    assert (made.source, made.source_port) == ("192.0.2.1", 5070)
    assert (made.method, made.cseq, made.via_branch) == ("INVITE", 1, "z9hG4bK-1")


def test_unknown_address_is_empty_text() -> None:
    """As is one of a length that no family has."""
    assert address_text(b"") == address_text(b"123") == ""
    assert address_text(bytes(15) + b"\1") == "::1"


def test_transaction_method_is_that_of_the_cseq_for_a_response() -> None:
    """A request names its own."""
    assert flow_message("", *make_response(200, method="BYE")).transaction_method == "BYE"
    assert flow_message("", *make_request("ACK")).transaction_method == "ACK"
