"""What became of RTCP, since the start; a datagram ends in exactly one of these."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from hep.media.errors import Reason
from hepscope_capture.media.calls import TableCounts
from hepscope_capture.media.evidence import Evidence


@dataclass(slots=True)
class CorrelationCounts:
    """Counts of datagrams unless the name says otherwise."""

    calls: TableCounts = field(default_factory=TableCounts)
    seen: int = 0
    matched: Counter[Evidence] = field(default_factory=Counter)  # by what told the call
    uncorrelated: int = 0  # sent under their addresses
    malformed: Counter[Reason] = field(default_factory=Counter)  # of these, and not sent, if bare
    held: int = 0  # that had to wait
    released: int = 0  # of the held: their call came
    timed_out: int = 0  # of the held: it did not
    evicted: int = 0  # of the held: sent early, because too many waited
    srtcp: int = 0  # encrypted: only the sender is told
    srtcp_clear: int = 0  # authenticated only
    dropped: int = 0  # damaged from the first packet on
    reports: int = 0  # HEP packets made; more than datagrams where several senders share one
    never_read: int = 0  # SIP messages, since no RTCP came for long
    untold: int = 0  # news for other processes, since too much waited to be told
    bad_news: int = 0  # from other processes, and not understood


@dataclass(frozen=True, slots=True)
class CorrelationGauges:
    """How much is held now; functions, to be read at scrape."""

    unread: Callable[[], int]
    calls: Callable[[], int]
    addresses: Callable[[], int]
    waiting: Callable[[], int]
    waiting_bytes: Callable[[], int]
