"""One call as the table of calls knows it."""

from hepscope_capture.media.evidence import Evidence


class Call:
    """What a call claims, and when it was heard of last; times are those of packets."""

    __slots__ = (
        *("call_id", "claims", "dialogs", "ended_us", "rtcp_us", "ssrcs", "symmetric"),
        "used_us",
    )

    def __init__(self, call_id: bytes, time_us: int) -> None:
        """Make one that claims nothing yet."""
        self.call_id = call_id
        self.claims: dict[bytes, tuple[Evidence, bool, int]] = {}
        """By key: why, whether secure, since when."""
        # Tuples: most calls have none or few, and the garbage collector need not look at them.
        self.ssrcs: tuple[int, ...] = ()
        self.dialogs: tuple[bytes, ...] = ()
        self.symmetric = 0
        """How many of the claims are of that kind."""
        self.ended_us = 0
        """0: it goes on."""
        self.used_us = time_us
        self.rtcp_us = 0
