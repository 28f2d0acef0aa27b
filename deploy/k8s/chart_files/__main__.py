"""``python -m chart_files [--check]``: write the chart's made files, or tell which are stale."""

import argparse
import json
import sys
from pathlib import Path

from chart_files.copies import CHART, copies, surplus
from chart_files.settings_schema import definitions

SCHEMA = CHART / "values.schema.json"


def wanted() -> dict[Path, str]:
    """Return what each made file has to hold."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    schema["definitions"].update(definitions())
    return {**copies(), SCHEMA: json.dumps(schema, indent=2) + "\n"}


def main() -> int:
    """Return 0, or 1 when asked to check and something is stale."""
    parser = argparse.ArgumentParser(prog="chart_files", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, tell what is stale")
    is_check = parser.parse_args().check
    stale = [
        path
        for path, text in wanted().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    gone = list(surplus())
    for path in [*stale, *gone]:
        print(f"{'stale' if is_check else 'written'}: {path.relative_to(CHART)}")
    if is_check:
        return 1 if stale or gone else 0
    for path, text in wanted().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for path in gone:
        path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
