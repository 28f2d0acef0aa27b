"""``python -m dashboards [--check] FOLDER`` writes or compares the dashboards, a JSON file each."""

import argparse
import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards.catalogue import BOARDS


def main() -> int:
    """Write the files, or with --check return 1 when one differs from the code or is too many."""
    parser = argparse.ArgumentParser(prog="dashboards", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only")
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    encoder = JSONEncoder(indent=1, sort_keys=True, ensure_ascii=False)
    wanted = {f"{name}.json": encoder.encode(make().build()) for name, make in BOARDS.items()}
    found = {path.name: path.read_text() for path in options.folder.glob("*.json")}
    stale = [name for name, text in wanted.items() if found.get(name) != text + "\n"]
    old = [name for name in found if name not in wanted]
    if options.check and (stale or old):
        print(f"stale, run `make dashboards`: {', '.join(stale + old)}", file=sys.stderr)
        return 1
    options.folder.mkdir(parents=True, exist_ok=True)
    for name in stale:
        (options.folder / name).write_text(wanted[name] + "\n")
    for name in old:
        (options.folder / name).unlink()
    print(f"dashboards: {'wrote ' + ', '.join(stale) if stale else 'all current'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
