"""A command line from its words to an exit code, with one line for whatever ends it early."""

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from hepscope_common import __version__, logs
from hepscope_common.runtime import StartupError
from hepscope_standalone.commands import COMMANDS

UNWRITABLE = frozenset(
    {errno.EBADF, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOSPC, errno.EPIPE}
)
"""What ``print`` meets where the output goes; of a file, the name would be told too."""


class OutputError(OSError):
    """Standard output cannot be written."""


def run(given: Sequence[str]) -> int:
    """Run the subcommand that is named; returns its exit code, 1 after a failure told."""
    try:
        try:
            return _run(given)
        finally:
            # Also of a help text, which ends by SystemExit.
            _flush()
    except StartupError as error:
        logs.tell_failure("hepscope", str(error))
    except OSError as error:
        if not _is_output(error):
            raise
        # At exit Python would try once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        # Whoever read our output may have seen enough, as ``head`` does.
        if error.errno != errno.EPIPE:
            print(f"hepscope: cannot write the output: {error.strerror}", file=sys.stderr)
    return 1


def _flush() -> None:
    # There is none where the caller closed it.
    if sys.stdout is not None:
        try:
            sys.stdout.flush()
        except OSError as error:
            raise OutputError(error.errno, error.strerror) from None


def _is_output(error: OSError) -> bool:
    if isinstance(error, OutputError):
        return True
    return error.errno in UNWRITABLE and error.filename is None


def _run(given: Sequence[str]) -> int:
    named = next((word for word in given if word in COMMANDS), None)
    module = import_module(COMMANDS[named][0]) if named is not None else None
    parser = make_parser(named, module)
    options, unknown = parser.parse_known_args(given)
    if unknown:
        explain = getattr(module, "unknown_fault", None)
        parser.error(
            explain(unknown) if explain else f"unrecognized arguments: {' '.join(unknown)}"
        )
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
