"""Named addresses: one list of what peers are called, for the page and for the metrics."""

from hepscope_common.names.entry import NameEntry, NamesError, parse_names
from hepscope_common.names.names import Names
from hepscope_common.names.settings import NamesSettings

__all__ = ["NameEntry", "Names", "NamesError", "NamesSettings", "parse_names"]
