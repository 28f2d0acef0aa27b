"""``python -m hepscope_capture``: the capture command on its own."""

import argparse
import sys

from hepscope_capture.cli import add_arguments, run
from hepscope_capture.unknown import foreign_fault, unknown_fault
from hepscope_common import __version__

_NAME = "hepscope-capture"


def main() -> int:
    """Parse the command line and run; return the exit code."""
    parser = argparse.ArgumentParser(prog=_NAME)
    add_arguments(parser)
    parser.add_argument("--version", action="version", version=f"{_NAME} {__version__}")
    if fault := foreign_fault(sys.argv[1:]):
        parser.error(fault)
    args, unknown = parser.parse_known_args()
    if unknown:
        parser.error(unknown_fault(unknown))
    return run(args)


if __name__ == "__main__":
    sys.exit(main())
