"""What runs first in hepscope-capture.pyz: the capture, or heplify's command line for it.

A name decides: called as heplify, through a link or a copy, it takes heplify's flags. Any Python 3
can read this file, so that an old one is told what it lacks.
"""  # noqa: INP001 - becomes __main__.py of an archive

import sys
from pathlib import Path


def main() -> int:
    """Run; return the exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this is where it is found out
        found = ".".join(map(str, sys.version_info[:2]))
        sys.stderr.write(f"hepscope-capture needs Python 3.11 or newer, this is {found}\n")
        return 2
    # Only then: older ones cannot read what these import.
    if "heplify" in Path(sys.argv[0]).name:
        from hepscope_capture.heplify.cli import main as run  # noqa: PLC0415
    else:
        from hepscope_capture.__main__ import main as run  # noqa: PLC0415
    return run()


if __name__ == "__main__":
    sys.exit(main())
