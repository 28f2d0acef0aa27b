"""``scripts/screenshots``: render the pictures that are asked for."""

import argparse
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from support.pictures.camera import Camera
from support.pictures.index import write_index
from support.pictures.set import dressed_set
from support.pictures.table import EMPTY, FULL, Picture

OUT = Path(__file__).parents[3] / "docs/pictures"


def main() -> int:
    """Render, and print the name of each file; returns 1 when a screen did not come."""
    parser = argparse.ArgumentParser(prog="scripts/screenshots")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only those that begin so")
    parser.add_argument("--out", type=Path, default=OUT, metavar="DIR")
    parser.add_argument("--list", action="store_true", help="name the pictures and end")
    options = parser.parse_args()

    def chosen(pictures: tuple[Picture, ...]) -> list[Picture]:
        names = tuple(options.names)
        return [one for one in pictures if not names or one.name.startswith(names)]

    empty, full = chosen(EMPTY), chosen(FULL)
    if options.list:
        sys.stdout.writelines(f"{one.name:18} {one.shows}\n" for one in (*empty, *full))
        return 0
    if not empty and not full:
        parser.error("no picture is called so (--list names them)")
    options.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, dressed_set() as made:
        camera = Camera(playwright, made.service.api, options.out)
        try:
            camera.take(empty, made)
            if full:
                made.play()
                camera.take(full, made)
        finally:
            camera.close()
        write_index(options.out, (*EMPTY, *FULL))
    return 1 if camera.missed else 0


sys.exit(main())
