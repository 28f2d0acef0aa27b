"""The settings in force: of each option the value, and who said so.

Command line before environment before file before default. Where the command line names what is
captured, the other sources do not add to it.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hepscope_capture.settings.environment import CONFIG, from_environment
from hepscope_capture.settings.file import from_file
from hepscope_capture.settings.given import DEFAULT, Given
from hepscope_capture.settings.table import BY_NAME, OPTIONS

DEFAULT_CONFIG = Path("hepscope.toml")
"""Read where no other file is named, if it is there."""

_SOURCES = ("read", "watch", "interface", "relay", "logs_listen", "logs_files")
"""Options of where messages come from."""

_FILES = ("read", "watch")


@dataclass(frozen=True, slots=True)
class Settings:
    """One value for each option."""

    given: Mapping[str, Given]
    values: Mapping[str, Any]
    """As the option's parser made it: None, False or an empty collection where nothing is set."""
    command: Mapping[str, Given]
    """What the command line said, for whoever reads the other sources again."""
    config: Path | None
    """The file that was read."""

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - of as many types as there are options
        """Return the value of an option."""
        return self.values[name]

    def is_set(self, name: str) -> bool:
        """Tell whether anybody set an option."""
        return self.given[name].origin != DEFAULT


def load(
    command: Mapping[str, Given], config: Path | None, environ: Mapping[str, str] | None = None
) -> Settings:
    """Return the settings of a command line, a file (None = the usual one) and an environment.

    Raises ValueError with a line for the user.
    """
    environ = os.environ if environ is None else environ
    path = config or _usual_config(environ)
    of_file = from_file(path) if path is not None else {}
    of_environment = from_environment(environ)
    defaults = {option.name: Given(option.default, DEFAULT) for option in OPTIONS}
    merged = {**of_file, **of_environment}
    if any(name in command for name in _FILES):
        # A capture file is read on a machine whose settings are those of its live capture.
        merged = {name: one for name, one in merged.items() if name not in _SOURCES}
    elif "interface" in command:
        merged.pop("watch", None)
    return make({**defaults, **merged, **command}, command, path)


def make(given: Mapping[str, Given], command: Mapping[str, Given], path: Path | None) -> Settings:
    """Return the settings that texts mean; raises ValueError with a line for the user."""
    values = {}
    for name, one in given.items():
        try:
            values[name] = BY_NAME[name].value(one.texts)
        except ValueError as error:
            raise ValueError(f"{one.origin}: {error}") from None
    return Settings(given, values, command, path)


def _usual_config(environ: Mapping[str, str]) -> Path | None:
    if environ.get(CONFIG):
        return Path(environ[CONFIG])
    return DEFAULT_CONFIG if DEFAULT_CONFIG.is_file() else None
