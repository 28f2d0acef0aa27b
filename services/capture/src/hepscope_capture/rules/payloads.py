"""Rules on what payloads hold."""

from hep.protocols import RTCP_JSON
from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.rules.plan import RulePlan
from hepscope_capture.rules.reasons import Reason


class PayloadRules:
    """Which texts must occur, and which must not; RTCP, whose text we make, is left alone."""

    def __init__(self, plan: RulePlan) -> None:
        self._wanted = plan.include_payload
        self._excluded = plan.exclude_payload

    def refusal(self, message: Datagram) -> Reason | None:
        """Return why a message is not taken, None when it is."""
        if message.kind == RTCP_JSON:
            return None
        payload = message.payload
        is_taken = all(text in payload for text in self._wanted) and not any(
            text in payload for text in self._excluded
        )
        return None if is_taken else Reason.PAYLOAD
