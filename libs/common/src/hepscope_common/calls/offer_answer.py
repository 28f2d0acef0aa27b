"""Offer or answer: what a session description in a SIP message is (RFC 3264, RFC 6337).

Told by the transaction, whose Call-ID, From tag and CSeq number every hop keeps:

====================== ===============================================================
request with SDP       INVITE, UPDATE and PRACK offer; PRACK answers an INVITE without
response, request with 1xx and 2xx answer: early ones are the answer or a preview of it
response, without      1xx and 2xx to INVITE offer
ACK                    answers when its INVITE had none
====================== ===============================================================

Everything else is neither: capabilities in answers to OPTIONS or in a 488, the SDP of a response
whose request was not captured, an ACK with SDP after an offer.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from hepscope_common.calls.message import FlowMessage

Transaction = tuple[str, str, int | None, str]  # Call-ID, From tag, CSeq

_OFFERING: Final = frozenset({"INVITE", "UPDATE", "PRACK"})


class SdpRole(StrEnum):
    """What a description is for its transaction."""

    OFFER = "offer"
    ANSWER = "answer"


class OfferAnswer:
    """Knows of all requests of a ladder whether they had SDP."""

    def __init__(self, messages: Iterable[FlowMessage]) -> None:
        self._had_sdp: dict[Transaction, bool] = {}
        self._invited_without: set[tuple[str, str]] = set()
        for message in messages:
            if message.method in _OFFERING:
                key = _transaction(message, message.method)
                has_sdp = message.sdp is not None
                self._had_sdp[key] = self._had_sdp.get(key, False) or has_sdp
        for key, has_sdp in self._had_sdp.items():
            call_id, from_tag, _, method = key
            if method == "INVITE" and not has_sdp:
                self._invited_without.add((call_id, from_tag))

    def role(self, message: FlowMessage) -> SdpRole | None:
        """Return the role of a message's description, None where it has no role or no SDP."""
        if message.sdp is None:
            return None
        if message.method:
            return self._role_of_request(message)
        if message.status >= 300 or message.cseq_method not in _OFFERING:
            return None
        had_sdp = self._had_sdp.get(_transaction(message, message.cseq_method))
        if had_sdp is None:
            return None
        if had_sdp:
            return SdpRole.ANSWER
        return SdpRole.OFFER if message.cseq_method == "INVITE" else None

    def _role_of_request(self, message: FlowMessage) -> SdpRole | None:
        if message.method == "ACK":
            is_answer = self._had_sdp.get(_transaction(message, "INVITE")) is False
            return SdpRole.ANSWER if is_answer else None
        if (
            message.method == "PRACK"
            and (message.call_id, message.from_tag) in self._invited_without
        ):
            return SdpRole.ANSWER
        return SdpRole.OFFER if message.method in _OFFERING else None


def _transaction(message: FlowMessage, method: str) -> Transaction:
    return message.call_id, message.from_tag, message.cseq, method
