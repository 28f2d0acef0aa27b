"""What a measurement found, as a row of the table and of the JSON."""

import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

TOLERANCE = 0.30
"""Shared machines are noisy: a floor counts as held down to this share below it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One quantity."""

    name: str
    value: float
    unit: str
    floor: float | None = None
    """What must hold on two cores without native code."""
    higher_is_better: bool = True
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether the floor holds within the tolerance; true without one."""
        if self.floor is None:
            return True
        if self.higher_is_better:
            return self.value >= self.floor * (1 - TOLERANCE)
        return self.value <= self.floor * (1 + TOLERANCE)


def table(rows: Sequence[Row]) -> str:
    """Return the rows as aligned text."""
    head = ("quantity", "measured", "floor", "", "note")
    cells = [head]
    for row in rows:
        floor = "" if row.floor is None else f"{row.floor:,.0f}"
        verdict = "" if row.floor is None else ("holds" if row.holds else "MISSED")
        cells.append((row.name, f"{_number(row.value)} {row.unit}", floor, verdict, row.note))
    widths = [max(len(line[n]) for line in cells) for n in range(len(head))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )


def write_json(rows: Sequence[Row], path: Path) -> None:
    """Write the rows and the machine they were measured on."""
    machine = {
        "python": sys.version.split()[0],
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
    }
    found = [{**asdict(row), "holds": row.holds} for row in rows]
    path.write_text(json.dumps({"machine": machine, "rows": found}, indent=2) + "\n")


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.2f}"
