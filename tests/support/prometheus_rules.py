"""The rule files of Prometheus and their test files, read line by line.

They are YAML in one plain form (a key a line), so that reading them needs no library; Prometheus's
own ``promtool`` judges whether they are valid.
"""

import re
from dataclasses import dataclass
from pathlib import Path

PROMETHEUS = Path(__file__).parents[2] / "deploy" / "prometheus"
RULES = sorted((PROMETHEUS / "rules").glob("*.yml"))
RULE_TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))

_RULE = re.compile(
    r"^      - (alert|record): (\S+)\n        expr: (?:>-\n((?:          .*\n)+)|(.*)\n)",
    re.MULTILINE,
)
_CASE = re.compile(r"^        alertname: (\w+)\n        exp_alerts:( \[\])?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Rule:
    """A recorded series or an alert."""

    kind: str
    """``record`` or ``alert``."""
    name: str
    expression: str


def rules() -> list[Rule]:
    """Return all rules."""
    return [
        Rule(found[1], found[2], " ".join((found[3] or found[4]).split()))
        for path in RULES
        for found in _RULE.finditer(path.read_text())
    ]


def alerts() -> list[str]:
    """Return the names of all alerts."""
    return [rule.name for rule in rules() if rule.kind == "alert"]


def records() -> list[str]:
    """Return the names of all recorded series."""
    return [rule.name for rule in rules() if rule.kind == "record"]


def cases() -> set[tuple[str, bool]]:
    """Return for which alerts there are cases, and whether they fire in them."""
    return {
        (name, not nothing)
        for path in RULE_TESTS
        for name, nothing in _CASE.findall(path.read_text())
    }
