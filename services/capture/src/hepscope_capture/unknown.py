"""Words of a command line that are no options of ours, and which one may be meant."""

import re
from collections.abc import Sequence
from difflib import get_close_matches

from hepscope_capture.settings.table import OPTIONS

# What the same is called by tcpdump, tshark, sngrep, heplify.
_ELSEWHERE = {
    "-i": "--interface",
    "-d": "--interface",
    "-r": "--read",
    "-I": "--read",
    "-rf": "--read",
    "-f": "--filter",
    "-pr": "--ports",
    "-s": "--snaplen",
    "-B": "--ring-mb",
    "-D": "--list-interfaces",
    "-H": "--send",
    "-hs": "--send",
    "-hi": "--node-id",
    "-hn": "--node",
    "-hp": "--auth-key",
    "-l": "--log-level",
}
_ACTIONS = ("--config", "--check", "--dump", "--list-interfaces", "--version", "--help")
_SHORT = re.compile(r"-(?!h$|-|\d)[^=]+")


def foreign_fault(words: Sequence[str]) -> str:
    """Return what is wrong with a command line that has options of one dash, nothing if none."""
    for word in words:
        if found := _SHORT.match(word):
            flag = found[0]
            hint = f"; here it is {_ELSEWHERE[flag]}" if flag in _ELSEWHERE else ""
            return f"{flag} is no option{hint} (hepscope-heplify takes heplify's flags)"
    return ""


def unknown_fault(words: Sequence[str]) -> str:
    """Return what is wrong with words that no option takes, with what may be meant."""
    if fault := foreign_fault(words):
        return fault
    option = next((word for word in words if word.startswith("--")), "")
    if not option:
        return f"{words[0]!r} belongs to no option; lists are written with commas"
    name = option.partition("=")[0]
    near = get_close_matches(name, [*(one.flag for one in OPTIONS), *_ACTIONS], 1)
    return f"{name} is no option" + (f" (is it {near[0]}?)" if near else "")
