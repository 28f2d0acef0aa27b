"""What readers of single values found, remembered by the text as it came.

The messages of a call repeat most of their start lines, From, To, Via and CSeq, within
milliseconds on the wire and again later, so that a look-up saves reading them. A memory forgets
everything when it is full: that costs less than keeping an order, and what is in use comes back.
"""

from collections.abc import Callable
from typing import TypeVar

# Of each kind: with the length below 3 MB at most, and enough for the messages that cross on the
# wire within a few seconds.
REMEMBERED = 4096
# Longer texts are read anew each time, so that hostile ones cannot fill the memory.
REMEMBERED_LENGTH = 160

_Value = TypeVar("_Value")


class Memory(dict[str, _Value]):
    """``memory[text]`` is what read(text) returns; read must be pure and its values constant."""

    __slots__ = ("_read",)

    def __init__(self, read: Callable[[str], _Value]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, text: str) -> _Value:
        """Read a text that is not remembered."""
        value = self._read(text)
        if len(text) <= REMEMBERED_LENGTH:
            if len(self) >= REMEMBERED:
                self.clear()
            self[text] = value
        return value


def of_header(read: Callable[[str], _Value]) -> Memory[_Value | None]:
    """A memory of header values as they stand behind the colon; None for a blank one."""

    def read_stripped(text: str) -> _Value | None:
        value = text.strip(" \t\r")
        return read(value) if value else None

    return Memory(read_stripped)
