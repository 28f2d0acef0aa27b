"""The ``hepscope`` command: one subcommand per thing an operator does.

A subcommand's module is imported only when it is asked for: the demo needs no database driver,
and nobody waits for a web framework to read a help text. This module imports nothing that takes
time, so that Ctrl-C while the rest is loaded ends like any later one.
"""

import sys


def main(arguments: list[str] | None = None) -> int:
    """Run a subcommand; returns its exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        from hepscope_standalone.command_line import run  # noqa: PLC0415 - within the try

        return run(given)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
