"""The ``hepscope`` command: one subcommand per thing an operator does.

A subcommand's module is imported only when it is asked for: the demo needs no database driver,
and nobody waits for a web framework to read a help text.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from types import ModuleType

from hepscope_common import __version__
from hepscope_common.runtime import StartupError

COMMANDS: Mapping[str, tuple[str, str]] = {
    "run": ("hepscope_standalone.run", "start everything in one process"),
    "demo": ("hepscope_standalone.demo.cli", "send an hour of generated calls"),
    "capture": ("hepscope_capture.cli", "send capture files as HEP"),
    "migrate": ("hepscope_standalone.migrate", "bring a database to this release"),
    "partitions": ("hepscope_standalone.partitions", "see, drop and check partitions"),
    "check-config": ("hepscope_standalone.check", "check the settings and exit"),
}
"""Module and summary of each; a module has ``add_arguments(parser)`` and ``run(options)``."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand; returns its exit code: 0 done, 1 failed, 2 wrong usage."""
    try:
        code = _run(list(sys.argv[1:] if arguments is None else arguments))
        sys.stdout.flush()
    except StartupError as error:
        print(f"hepscope: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone (as ``head`` does); at exit Python would try once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def _run(given: Sequence[str]) -> int:
    named = next((word for word in given if word in COMMANDS), None)
    module = import_module(COMMANDS[named][0]) if named is not None else None
    options = make_parser(named, module).parse_args(given)
    return int(module.run(options)) if module is not None else 2


def make_parser(named: str | None, module: ModuleType | None) -> argparse.ArgumentParser:
    """Return the parser of all subcommands, with the options of the named one."""
    parser = argparse.ArgumentParser(
        prog="hepscope", description="VoIP capture, troubleshooting and monitoring."
    )
    parser.add_argument("--version", action="version", version=f"hepscope {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, (_, summary) in COMMANDS.items():
        sub = commands.add_parser(name, help=summary, description=summary)
        if name == named and module is not None:
            module.add_arguments(sub)
    return parser


if __name__ == "__main__":
    sys.exit(main())
