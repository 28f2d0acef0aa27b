"""The seam between inputs, which have threads of their own, and what sends.

An input is inert when made, takes in from ``start`` on, and has handed on what arrived when
``stop`` returns.
"""

from collections.abc import Sequence
from typing import Protocol

from hepscope_capture.decode.datagrams import Datagram

Position = tuple[int, ...]
"""A place in what a sink took; it alone knows what it means."""


class InputError(Exception):
    """An input cannot begin; the text is a line for the user."""


class Sink(Protocol):
    """Takes what inputs bring. Called from their threads, several at once; must not wait."""

    def take_messages(self, messages: Sequence[Datagram]) -> None:
        """Take messages (log lines) that rules and encoder have yet to see."""
        ...

    def take_packets(self, packets: Sequence[bytes], kind: int) -> None:
        """Take whole HEP3 packets of one type (chunk 11), fit to be sent as they are."""
        ...

    def position(self) -> Position:
        """Return the place behind everything that was taken so far."""
        ...

    def is_safe(self, position: Position) -> bool:
        """Say whether all before a place is delivered or on disk, at every server."""
        ...


class Input(Protocol):
    """A source of messages or packets."""

    @property
    def name(self) -> str:
        """What logs and readiness call it, like ``relay``."""
        ...

    def start(self, sink: Sink) -> None:
        """Begin to take in. Raises InputError; nothing is left open then."""
        ...

    def stop(self) -> None:
        """Take what has arrived, hand it on and end, within about two seconds."""
        ...

    def trouble(self) -> str:
        """Return what keeps it from taking in now, empty when nothing does."""
        ...
