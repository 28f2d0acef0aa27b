"""Call facts: what is known of a call, and how what its messages say is merged.

Each field is a minimum, a maximum, a union, or the value that goes with the least
``origin_key``; only ``message_count``, ``invite_count`` and ``bytes`` are added. So merging is
commutative and associative, and but for those three idempotent: disorder, batches and several
nodes cannot change a record. Times are microseconds since the epoch, addresses are packed.

Retransmissions are no fact, because telling one needs memory across batches; count them when
messages are read. One is made per message: not frozen, no properties on the way in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from hepscope_common.calls.finals import Finals, merge_finals
from hepscope_common.calls.keys import status_of
from hepscope_common.calls.state import CallState, call_state

# Bits of CallFacts.flags. Stored, so their values never change.
FLAG_INITIAL: Final = 1  # an initial request was seen; a record without it is an orphan
FLAG_SDP: Final = 2  # some message carries SDP
FLAG_FAULT: Final = 4  # some message is not valid SIP
FLAG_EARLY_MEDIA: Final = 8  # a provisional response to INVITE carries SDP
FLAG_CHALLENGED: Final = 16  # a 401 or 407 was seen

MAX_NODES: Final = 16  # the least names are kept: no order of arrival can show


class MediaWorst(NamedTuple):
    """The worst that reports say of a call's streams; None where none says it."""

    mos: float | None = None
    loss: float | None = None
    """Share of packets, 0 to 1."""
    jitter_ms: float | None = None

    def merge(self, other: MediaWorst) -> MediaWorst:
        """Return the worst of both."""
        mos = [value for value in (self.mos, other.mos) if value is not None]
        loss = [value for value in (self.loss, other.loss) if value is not None]
        jitter = [value for value in (self.jitter_ms, other.jitter_ms) if value is not None]
        return MediaWorst(
            min(mos, default=None), max(loss, default=None), max(jitter, default=None)
        )


@dataclass(slots=True)
class CallFacts:
    """What is known of one Call-ID, from one message or from many."""

    call_id: str
    started_us: int
    last_us: int
    # the values that go with the least origin_key
    origin_key: int
    method: str = ""
    from_user: str = ""
    from_domain: str = ""
    to_user: str = ""
    to_domain: str = ""
    ruri_user: str = ""
    ruri_domain: str = ""
    source: bytes = b""
    source_port: int = 0
    destination: bytes = b""
    destination_port: int = 0
    user_agent: str = ""
    # sums
    message_count: int = 1
    invite_count: int = 0
    bytes: int = 0
    # unions
    flags: int = 0
    methods: int = 0
    nodes: tuple[str, ...] = ()
    finals: Finals = field(default_factory=dict)
    # the earliest of their kind
    invite_us: int | None = None  # initial INVITE
    ringing_us: int | None = None  # 18x to INVITE
    progress_us: int | None = None  # 180, or 183 with SDP, to INVITE
    answered_us: int | None = None  # 2xx to INVITE
    cancelled_us: int | None = None  # CANCEL request
    bye_us: int | None = None  # BYE request
    # read from the store, which reports on media fill; no SIP message says it
    worst: MediaWorst | None = None

    @property
    def final_key(self) -> int | None:
        """The key of the final that counts for the call's own method, None while none."""
        final = self.finals.get(self.method)
        return None if final is None else final[0]

    @property
    def status(self) -> int | None:
        """Final code to the first request's method: earliest 2xx, else last other, else 401/407."""
        key = self.final_key
        return None if key is None else status_of(key)

    @property
    def reason(self) -> str | None:
        """The reason phrase that came with ``status``."""
        final = self.finals.get(self.method)
        return None if final is None else final[1]

    @property
    def is_orphan(self) -> bool:
        """Whether no initial request was seen, as when capture began in mid-call."""
        return not self.flags & FLAG_INITIAL

    def state(self, now_us: int) -> CallState:
        """Return the call's state at ``now_us``, in packet time."""
        return call_state(
            self.method,
            self.status,
            ringing_us=self.ringing_us,
            answered_us=self.answered_us,
            cancelled_us=self.cancelled_us,
            bye_us=self.bye_us,
            invite_us=self.started_us if self.invite_us is None else self.invite_us,
            now_us=now_us,
        )

    def merge(self, other: CallFacts) -> CallFacts:
        """Take in the facts of ``other``, which must be of the same call; return self.

        Only self changes; ``other`` shares nothing with it afterwards.
        """
        self.started_us = min(self.started_us, other.started_us)
        self.last_us = max(self.last_us, other.last_us)
        key = other.origin_key
        if key < self.origin_key or (key == self.origin_key and _origin(other) < _origin(self)):
            self._take_origin(other)
        self.message_count += other.message_count
        self.invite_count += other.invite_count
        self.bytes += other.bytes
        self.flags |= other.flags
        self.methods |= other.methods
        if other.nodes != self.nodes:
            self.nodes = merge_nodes(self.nodes, other.nodes)
        if other.finals:
            merge_finals(self.finals, other.finals)
        self._merge_times(other)
        if other.worst is not None:
            self.worst = other.worst if self.worst is None else self.worst.merge(other.worst)
        return self

    def _merge_times(self, other: CallFacts) -> None:
        time = other.invite_us
        if time is not None and (self.invite_us is None or time < self.invite_us):
            self.invite_us = time
        time = other.ringing_us
        if time is not None and (self.ringing_us is None or time < self.ringing_us):
            self.ringing_us = time
        time = other.progress_us
        if time is not None and (self.progress_us is None or time < self.progress_us):
            self.progress_us = time
        time = other.answered_us
        if time is not None and (self.answered_us is None or time < self.answered_us):
            self.answered_us = time
        time = other.cancelled_us
        if time is not None and (self.cancelled_us is None or time < self.cancelled_us):
            self.cancelled_us = time
        time = other.bye_us
        if time is not None and (self.bye_us is None or time < self.bye_us):
            self.bye_us = time

    def _take_origin(self, other: CallFacts) -> None:
        self.origin_key = other.origin_key
        self.method = other.method
        self.from_user = other.from_user
        self.from_domain = other.from_domain
        self.to_user = other.to_user
        self.to_domain = other.to_domain
        self.ruri_user = other.ruri_user
        self.ruri_domain = other.ruri_domain
        self.source = other.source
        self.source_port = other.source_port
        self.destination = other.destination
        self.destination_port = other.destination_port
        self.user_agent = other.user_agent


def _origin(facts: CallFacts) -> tuple[str | int | bytes, ...]:
    """Order two origins that share a key, so that not even then the first to come wins."""
    return (
        facts.method,
        facts.source,
        facts.source_port,
        facts.destination,
        facts.destination_port,
        facts.from_user,
        facts.from_domain,
        facts.to_user,
        facts.to_domain,
        facts.ruri_user,
        facts.ruri_domain,
        facts.user_agent,
    )


def merge_nodes(mine: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """Return the sorted union of two node lists, cut to the bound."""
    if not others:
        return mine
    return tuple(sorted({*mine, *others})[:MAX_NODES])
