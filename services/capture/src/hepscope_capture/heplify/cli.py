"""``hepscope-heplify``: takes heplify's command line and runs our capture.

Exit codes are those of ``hepscope capture``; 2 for a flag or a value that is not known, or that
cannot be done.
"""

import argparse
import errno
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence

from hepscope_capture.cli import add_arguments, run
from hepscope_capture.heplify.config_file import read_config
from hepscope_capture.heplify.go_flags import FlagError, read_flags
from hepscope_capture.heplify.table import FLAGS, KINDS
from hepscope_capture.heplify.translate import translate
from hepscope_capture.heplify.translation import Translation
from hepscope_capture.heplify.values import Values
from hepscope_common import __version__

_USAGE = """\
hepscope-heplify: heplify's command line for the capture agent of hepscope.

    hepscope-heplify -i eth1 -hs 10.0.0.5:9060 -m SIPRTCP
    hepscope-heplify -translate -i eth1 ...     prints the command of our own that this becomes

Where heplify 1.x and 2.x differ, 1.x counts; --compat 2 switches. What cannot be done is an error.
"""


def main() -> int:
    """Run the command line of this process; return the exit code."""
    try:
        values = values_of(sys.argv[1:], os.environ)
        if values.flag("version"):
            print(f"hepscope-heplify {__version__}")
            return 0
        if values.flag("h") or values.flag("help"):
            print(usage())
            return 0
        translation = translate(values)
    except FlagError as error:
        _say(str(error))
        return 2
    for notice in translation.notices:
        _say(notice)
    _settle_ops(translation)
    if values.flag("translate"):
        # A filter may hold bytes that are no text.
        sys.stdout.buffer.write(os.fsencode(translation.command() + "\n"))
        return 0
    return _run(translation)


def values_of(words: Sequence[str], environ: Mapping[str, str]) -> Values:
    """Return what a command line says, with the file of settings that it or HEPLIFY_CONFIG names.

    Raises FlagError.
    """
    given = read_flags(words, KINDS)
    asked = Values(given)
    path = asked.text("config")
    if not path and not asked.flag("no-config"):
        path = environ.get("HEPLIFY_CONFIG", "")
    if not path:
        return asked
    config = read_config(path, environ)
    # Only 2.x reads such files.
    flags = {"compat": ["2"], **config.flags, **given}
    return Values(flags, None if "hs" in given else config.servers, has_logs=config.has_logs)


def usage() -> str:
    """Return the help text: every flag and what becomes of it."""
    width = max(len(flag.name) for flag in FLAGS) + 3
    return _USAGE + "\n" + "\n".join(f"  {'-' + flag.name:<{width}}{flag.ours}" for flag in FLAGS)


def _run(translation: Translation) -> int:
    parser = argparse.ArgumentParser(prog="hepscope-heplify", usage=argparse.SUPPRESS)
    add_arguments(parser)
    code = run(parser.parse_args(translation.words))
    if code == 0 and translation.waits_at_end:
        ends = {signal.SIGTERM, signal.SIGINT}
        signal.pthread_sigmask(signal.SIG_BLOCK, ends)
        _say("the files are read; waiting for a signal, as without -eof-exit")
        signal.sigwait(ends)
    return code


def _settle_ops(translation: Translation) -> None:
    """Listen at heplify's default port, unless somebody else does: then go without."""
    if not translation.default_ops:
        return
    host, _, port = translation.default_ops.rpartition(":")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            _say(f"port {port} is taken: no metrics; -prometheus HOST:PORT names another")
            return
    translation.add("--ops", translation.default_ops)


def _say(text: str) -> None:
    print(f"hepscope-heplify: {text}", file=sys.stderr, flush=True)
