"""The ``hepscope`` command: one subcommand per thing an operator does."""

import argparse
import sys
from collections.abc import Callable, Sequence

from hepscope_capture import cli as capture
from hepscope_common import __version__
from hepscope_common.runtime import StartupError
from hepscope_standalone import check, migrate, run
from hepscope_standalone.demo import cli as demo


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand; returns its exit code: 0 done, 1 failed, 2 wrong usage."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except StartupError as error:
        print(f"hepscope: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all subcommands."""
    parser = argparse.ArgumentParser(
        prog="hepscope", description="VoIP capture, troubleshooting and monitoring."
    )
    parser.add_argument("--version", action="version", version=f"hepscope {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, text, add_arguments, command in (
        ("run", "start everything in one process", run.add_arguments, run.run),
        ("demo", "send an hour of generated calls", demo.add_arguments, demo.run),
        ("capture", "send capture files as HEP", capture.add_arguments, capture.run),
        ("migrate", "bring a database to this release", migrate.add_arguments, migrate.run),
        ("check-config", "check the settings and exit", check.add_arguments, check.run),
    ):
        sub = commands.add_parser(name, help=text, description=text)
        add_arguments(sub)
        sub.set_defaults(command=command)
    return parser
