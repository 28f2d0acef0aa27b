"""What every sender does: the seam between a replay and the network.

A sender blocks until the network has taken a packet, or until it has room to keep it; that is the
whole of its back-pressure. ``counts`` is right also after an error; only an interrupt (Ctrl-C) in
the middle of a send can leave the last chunk uncounted.
"""

from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self


class SendError(Exception):
    """Nothing more can be sent; the text is one line for the user."""


@dataclass(slots=True)
class SendCounts:
    """What became of the packets that a sender was given."""

    sent: int = 0  # handed to the network, each counted once
    too_large: int = 0  # larger than a UDP datagram
    unsent: int = 0  # given up before they were handed to the network
    maybe_lost: int = 0  # at most so many of the sent had not been read when a connection broke
    reconnects: int = 0
    is_acknowledged: bool | None = None  # whether the server acknowledges; None = not asked
    acknowledged: int = 0
    unacknowledged: int = 0  # of the sent; not known to be safe
    resent: int = 0  # sent again, under the same number
    unnumbered: int = 0  # of the sent; without room for a number, so never acknowledged


class Sender(Protocol):
    """Takes HEP packets to one server."""

    @property
    def counts(self) -> SendCounts:
        """What became of the packets so far."""
        ...

    def __enter__(self) -> Self:
        """Connect. Raises SendError."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close at once; whoever wants everything delivered calls finish before."""
        ...

    def send(self, packet: bytes) -> None:
        """Send one packet, perhaps together with the next ones. Raises SendError."""
        ...

    def flush(self) -> None:
        """Hand over what was kept back to be sent together. Raises SendError."""
        ...

    def finish(self) -> None:
        """Wait until the server has everything, as far as that can be told. Raises SendError."""
        ...
