"""Rules for the tests of what asks them: everything passes, or what a function says."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from hepscope_capture.decode.datagrams import Datagram


@dataclass
class Rulings:
    """Trivial without a function."""

    function: Callable[[Datagram], Datagram | None] | None = None

    @property
    def is_trivial(self) -> bool:
        """Whether there is no function."""
        return self.function is None

    def apply(self, message: Datagram) -> Datagram | None:
        """What the function says."""
        return self.function(message) if self.function else message


def mask(message: Datagram) -> Datagram:
    """A copy of the message with its digits hidden in payload and correlation id."""
    return replace(
        message,
        payload=hidden(message.payload),
        correlation_id=hidden(message.correlation_id),
    )


def hidden(text: bytes) -> bytes:
    """The text with each digit as an x, twice: lengths change."""
    return b"".join(b"xx" if 48 <= one <= 57 else bytes((one,)) for one in text)
