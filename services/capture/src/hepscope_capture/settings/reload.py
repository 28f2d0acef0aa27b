"""Settings read again while the agent runs: what counts at once, what needs a restart."""

from collections.abc import Mapping
from typing import NamedTuple

from hepscope_capture.rules.rules import Rules
from hepscope_capture.settings.plans import rule_plan
from hepscope_capture.settings.settings import Settings, load, make
from hepscope_capture.settings.table import OPTIONS


class Reloaded(NamedTuple):
    """The settings after a reload."""

    settings: Settings
    """New values of what reloads, the former ones of everything else."""
    taken: tuple[str, ...]
    """Names of options that changed and count from now on."""
    waiting: tuple[str, ...]
    """Names of options that changed and count from the next start on."""


def reload(settings: Settings, environ: Mapping[str, str] | None = None) -> Reloaded:
    """Return the settings that the sources give now.

    Raises ValueError, with a line for the user, and nothing has changed.
    """
    now = load(settings.command, settings.config, environ)
    changed = [
        option
        for option in OPTIONS
        if now.given[option.name].texts != settings.given[option.name].texts
    ]
    given = {
        option.name: (now if option.reloads else settings).given[option.name] for option in OPTIONS
    }
    found = make(given, settings.command, now.config)
    # What each by itself can be may still not go together.
    Rules.compile(rule_plan(found))
    return Reloaded(
        found,
        tuple(option.name for option in changed if option.reloads),
        tuple(option.name for option in changed if not option.reloads),
    )
