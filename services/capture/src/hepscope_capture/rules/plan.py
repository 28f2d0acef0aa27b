"""What the user says about messages: which are taken, how many, and what of them may be seen.

Empty and 0 mean "not set". Every list that takes is joined by "and" with the other ones; every list
that excludes is enough by itself.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from hepscope_common.rules.networks import Network


class Cover(StrEnum):
    """What stands where a user or a number stood."""

    NONE = ""
    MASK = "mask"
    """x for each letter or digit."""
    HASH = "hash"
    """Other letters and digits, the same ones for the same user: needs a key."""


@dataclass(frozen=True, slots=True)
class MaskPlan:
    """What is hidden; every mask keeps the length of the message, so Content-Length stays right."""

    numbers: Cover = Cover.NONE
    """Telephone numbers: digits of users, of display names, and the same numbers elsewhere."""
    users: Cover = Cover.NONE
    """Users of URIs and display names, whatever they consist of."""
    keep_first: int = 3
    """Digits of a number that stay at its start, and at its end."""
    keep_last: int = 2
    least: int = 5
    """Digits from which on it is a number."""
    key: bytes = field(default=b"", repr=False)
    """Of the hash; without it nobody can tell which user became which."""
    media_keys: bool = False
    """SDP: a=crypto, a=key-mgmt, a=ice-pwd, k=."""
    credentials: bool = False
    """Authorization, Proxy-Authorization, Authentication-Info."""
    bodies: frozenset[str] = frozenset()
    """Methods (of the start line or CSeq) whose bodies are hidden."""
    dtmf: bool = False
    """Digits dialled in bodies of INFO and NOTIFY."""


@dataclass(frozen=True, slots=True)
class RulePlan:
    """Filters, limits and masks."""

    methods: frozenset[str] = frozenset()
    """Taken: requests of these methods, and by CSeq the answers to them."""
    exclude_methods: frozenset[str] = frozenset()
    addresses: tuple[Network, ...] = ()
    """Either end."""
    exclude_addresses: tuple[Network, ...] = ()
    sources: tuple[Network, ...] = ()
    exclude_sources: tuple[Network, ...] = ()
    destinations: tuple[Network, ...] = ()
    exclude_destinations: tuple[Network, ...] = ()
    exclude_ports: frozenset[int] = frozenset()
    """Either end."""
    users: tuple[str, ...] = ()
    """Patterns with * and ? over the users of From, To and Request-URI; one must match."""
    exclude_users: tuple[str, ...] = ()
    from_users: tuple[str, ...] = ()
    exclude_from_users: tuple[str, ...] = ()
    to_users: tuple[str, ...] = ()
    """Of To and Request-URI."""
    exclude_to_users: tuple[str, ...] = ()
    include_payload: tuple[bytes, ...] = ()
    """All must occur."""
    exclude_payload: tuple[bytes, ...] = ()
    rate_limit: int = 0
    """Messages a second, of all sources together, in bursts of one second."""
    rate_limit_source: int = 0
    """The same of each source address."""
    dedup_ms: int = 0
    """Window in which the same payload between the same addresses and ports is one message."""
    options_one_in: int = 0
    """Of OPTIONS one Call-ID in so many is taken, with its answers."""
    masks: MaskPlan = field(default_factory=MaskPlan)
