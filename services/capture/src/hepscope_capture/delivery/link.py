"""What the courier needs of a connection to a server, of whatever kind."""

from typing import Protocol


class Link(Protocol):
    """Takes batches from the custody to one server. Methods that work raise one of BROKEN."""

    @property
    def is_acknowledging(self) -> bool:
        """Whether the server acknowledges."""
        ...

    @property
    def is_full(self) -> bool:
        """Whether it waits for room to send."""
        ...

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        ...

    def work(self, now: float, *, is_filling: bool) -> bool:
        """Hear, let go, and with is_filling send; return whether anything got on."""
        ...

    def next_look(self, now: float) -> float:
        """Return after how many seconds ``work`` is needed even if nothing comes."""
        ...

    def lose(self) -> int:
        """Note that it is broken: the custody sends again; return how many may be lost."""
        ...

    def finish(self, seconds: float) -> None:
        """Close in good order: everything it took is settled."""
        ...

    def close(self) -> None:
        """Close at once."""
        ...
