"""The rule files of Prometheus and their test files, read line by line.

They are YAML in one plain form (a key a line), so that reading them needs no library; Prometheus's
own ``promtool`` judges whether they are valid.
"""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES = sorted((PROMETHEUS / "rules").glob("*.yml"))
RULE_TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))

_ALERT = re.compile(r"^      - alert: (\w+)$", re.MULTILINE)
_RECORD = re.compile(r"^      - record: (\S+)$", re.MULTILINE)
_CASE = re.compile(r"^        alertname: (\w+)\n        exp_alerts:( \[\])?$", re.MULTILINE)


def alerts() -> list[str]:
    """Return the names of all alerts."""
    return [name for path in RULES for name in _ALERT.findall(path.read_text())]


def records() -> list[str]:
    """Return the names of all recorded series."""
    return [name for path in RULES for name in _RECORD.findall(path.read_text())]


def cases() -> set[tuple[str, bool]]:
    """Return for which alerts there are cases, and whether they fire in them."""
    return {
        (name, not nothing)
        for path in RULE_TESTS
        for name, nothing in _CASE.findall(path.read_text())
    }
