"""``python -m hepscope_standalone.reference [--check] DOCS`` writes or compares the pages."""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from hep.reference import render as hep_page
from hepscope_query_api.openapi import openapi_text
from hepscope_standalone.reference.configuration import configuration_page
from hepscope_standalone.reference.metrics import metrics_page

PAGES: Mapping[str, Callable[[], str]] = {
    "openapi.json": openapi_text,
    "reference/configuration.md": configuration_page,
    "reference/metrics.md": metrics_page,
    "reference/hep.md": hep_page,
}


def main() -> int:
    """Write the pages, or with --check return 1 when one differs from the code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only")
    parser.add_argument("docs", type=Path)
    options = parser.parse_args()
    stale = []
    for name, make in PAGES.items():
        path, text = options.docs / name, make()
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not options.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if options.check and stale:
        print(f"stale, run `make docs`: {', '.join(stale)}", file=sys.stderr)
        return 1
    print(f"generated pages: {'all current' if not stale else 'wrote ' + ', '.join(stale)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
