"""Copies of a message that a mirror shows twice, told by time from what was said twice.

Times are the packets' own. What SIP repeats comes half a second later at the earliest (RFC 3261
section 17.1.1.2, T1), beyond any window; log lines say the same again as they
like and are all kept.
"""

from hep.protocols import LOG
from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.rules.plan import RulePlan
from hepscope_capture.rules.reasons import Reason
from hepscope_common.rules.dedup import Deduplicator


class CopyRules:
    """Lets the first of several copies through."""

    def __init__(self, plan: RulePlan) -> None:
        self._seen = Deduplicator(plan.dedup_ms * 1000)

    def refusal(self, message: Datagram) -> Reason | None:
        """Return why a message is not taken, None when it is, and remember it then."""
        if message.kind == LOG:
            return None
        key = (
            message.payload,
            message.kind,
            message.protocol,
            message.source,
            message.source_port,
            message.destination,
            message.destination_port,
        )
        is_copy = self._seen.is_duplicate(key, message.time_us, message.time_us)
        return Reason.DUPLICATE if is_copy else None
