"""What a command line of heplify becomes."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Translation:
    """Words of our command line, and what else is to be known."""

    words: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    """For the user, a line each."""
    default_ops: str = ""
    """Where heplify listens though nobody asked: taken if it is free."""
    waits_at_end: bool = False
    """Whether the process stays, once the files are read, until a signal ends it."""

    @property
    def is_live(self) -> bool:
        """Whether interfaces are captured."""
        return any(word.startswith("--interface=") for word in self.words)

    def add(self, option: str, value: str | int) -> None:
        """Add an option with its value, in one word: a value may begin with a dash."""
        self.words.append(f"{option}={value}")

    def add_each(self, option: str, values: Iterable[str]) -> None:
        """Add an option for each value."""
        for value in values:
            self.add(option, value)

    def add_if(self, condition: bool, word: str) -> None:
        """Add an option without a value, if so."""
        if condition:
            self.words.append(word)

    def command(self) -> str:
        """Return the command line as one would write it; the key is not shown."""
        shown = [
            "--auth-key=***" if word.startswith("--auth-key=") else word for word in self.words
        ]
        return shlex.join(["hepscope-capture", *shown])
