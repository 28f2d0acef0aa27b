"""Targets as heplify-server labels them: a message counts for its source and its destination."""

from typing import Final, NamedTuple

from hepscope_common.names import Names

UNKNOWN: Final = "unknown"


class Peers(NamedTuple):
    """The names of both ends of a message, None where an address has none."""

    source: str | None
    destination: str | None


Targets = tuple[tuple[str, str], ...]
"""Name and direction of each series that a message counts in."""

NO_TARGETS: Final[Targets] = (("", ""),)
STRANGERS: Final[Targets] = ((UNKNOWN, ""),)
NOBODY: Final = Peers(None, None)


def labels_of(peers: Peers, *, has_names: bool) -> Targets:
    """Return (target_name, direction) of each series that a message counts in.

    Without any names there is one target, "". With names, a message between two of them counts
    for both, and one between strangers for "unknown", which dashboards select by default.
    """
    if not has_names:
        return NO_TARGETS
    source, destination = peers
    if source is None:
        return STRANGERS if destination is None else ((destination, "dst"),)
    if destination is None:
        return ((source, "src"),)
    return ((source, "src"), (destination, "dst"))


def has_names(names: Names) -> bool:
    """Tell whether any address has a name."""
    return bool(names.entries)
