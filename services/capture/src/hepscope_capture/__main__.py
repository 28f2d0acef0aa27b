"""``python -m hepscope_capture``: the capture command on its own."""

import argparse
import sys

from hepscope_capture.cli import add_arguments, run


def main() -> int:
    """Parse the command line and run; return the exit code."""
    parser = argparse.ArgumentParser(prog="hepscope capture")
    add_arguments(parser)
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
