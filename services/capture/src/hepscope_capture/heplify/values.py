"""What a command line of heplify says: flags as given, the others by the defaults of its line."""

from collections.abc import Mapping, Sequence

from hepscope_capture.heplify.go_flags import FlagError, number_of
from hepscope_capture.heplify.table import BY_NAME


class Values:
    """Flags by name; ``line`` is 1 or 2, whose meaning counts.

    ``servers`` are those of a file of settings, as URLs of ours, when no flag names others;
    ``has_logs`` tells that such a file asks for log lines, whatever the mode is.
    """

    def __init__(
        self,
        given: Mapping[str, list[str]],
        servers: Sequence[str] | None = None,
        *,
        has_logs: bool = False,
    ) -> None:
        """Take what was given; raises FlagError for a line that is none."""
        self._given = given
        self.servers = servers
        self.has_logs = has_logs
        self.line = 1
        self.line = self.number("compat", 1, 2)

    def is_given(self, name: str) -> bool:
        """Say whether a flag stands on the command line."""
        return name in self._given

    def text(self, name: str) -> str:
        """Return the last text of a flag, or its default."""
        return self.texts(name)[-1]

    def texts(self, name: str) -> list[str]:
        """Return all texts of a flag, or its default."""
        return self._given.get(name) or [BY_NAME[name].default(self.line)]

    def flag(self, name: str) -> bool:
        """Return a truth value."""
        return self.text(name) == "true"

    def number(self, name: str, least: int, most: int) -> int:
        """Return a number of a range, both ends included; raises FlagError."""
        number = number_of(name, self.text(name))
        if not least <= number <= most:
            raise FlagError(f"-{name} {number}: a number from {least} to {most} is wanted")
        return number

    def word(self, name: str, *words: str) -> str:
        """Return one of some words; raises FlagError for any other."""
        text = self.text(name)
        if text not in words:
            raise FlagError(f"-{name} {text}: none of {', '.join(words)}")
        return text

    def items(self, name: str) -> list[str]:
        """Return what stands between the commas of all texts, each once, without blanks around."""
        texts = ",".join(self.texts(name)).split(",")
        return list(dict.fromkeys(item for text in texts if (item := text.strip())))
