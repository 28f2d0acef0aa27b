"""The ``hepscope`` command: one subcommand per thing an operator does.

A subcommand's module is imported only when it is asked for: the demo needs no database driver,
and nobody waits for a web framework to read a help text. This module imports nothing that takes
time, so that Ctrl-C while the rest is loaded ends like any later one.
"""

import sys

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("hepscope_standalone.run", "start everything in one process"),
    "demo": ("hepscope_standalone.demo.cli", "send an hour of generated calls"),
    "capture": ("hepscope_capture.cli", "send capture files as HEP"),
    "migrate": ("hepscope_standalone.migrate", "bring a database to this release"),
    "partitions": ("hepscope_standalone.partitions", "see, drop and check partitions"),
    "positions": ("hepscope_standalone.positions", "see how far the bus is stored, accept gaps"),
    "dead-letters": ("hepscope_standalone.dead_letters", "see and offer again what was refused"),
    "replay": ("hepscope_standalone.replay", "feed a time range of the bus again"),
    "check-config": ("hepscope_standalone.check", "check the settings and exit"),
}
"""Module and summary of each; a module has ``add_arguments(parser)`` and ``run(options)``."""


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
