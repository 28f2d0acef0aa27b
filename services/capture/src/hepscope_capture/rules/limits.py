"""Limits of messages a second, in packet time: of all sources together, and of each."""

from collections import OrderedDict

from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.rules.plan import RulePlan
from hepscope_capture.rules.reasons import Reason
from hepscope_common.rules.rate import TokenBucket

MOST_SOURCES = 20_000
"""Sources that are told apart, some 5 MB; of more, the one that was silent longest is forgotten."""

_DISORDER_US = 1_000_000
"""Interfaces are read in turns; a longer step back is another capture."""


class LimitRules:
    """Allowances of the agent and of each source address, in bursts of one second."""

    def __init__(self, plan: RulePlan) -> None:
        self._limit = plan.rate_limit
        self._of_source = plan.rate_limit_source
        self._total: TokenBucket | None = None
        self._sources: OrderedDict[bytes, TokenBucket] = OrderedDict()
        self._latest_us = 0

    def refusal(self, message: Datagram) -> Reason | None:
        """Return why a message is not taken, None when it is, and count it then."""
        time_us = self._time(message.time_us)
        # A source beyond its own allowance takes nothing of the others'.
        if self._of_source and not self._bucket(message.source, time_us).take(time_us):
            return Reason.RATE_LIMIT_SOURCE
        if not self._limit:
            return None
        if self._total is None:
            self._total = TokenBucket(self._limit, time_us)
        return None if self._total.take(time_us) else Reason.RATE_LIMIT

    def _time(self, time_us: int) -> int:
        """Return a time that goes on, so that disorder earns nothing twice."""
        latest = self._latest_us
        if time_us < latest and latest - time_us <= _DISORDER_US:
            return latest
        self._latest_us = time_us
        return time_us

    def _bucket(self, source: bytes, time_us: int) -> TokenBucket:
        sources = self._sources
        bucket = sources.get(source)
        if bucket is None:
            bucket = sources[source] = TokenBucket(self._of_source, time_us)
            if len(sources) > MOST_SOURCES:
                sources.popitem(last=False)
        sources.move_to_end(source)
        return bucket
