"""``hepscope run``: everything in one process until a signal."""

import argparse
import asyncio
import os
import sys
from pathlib import Path

from hepscope_common import logs
from hepscope_common.runtime import Supervisor, serve
from hepscope_common.service import FORMAT_VARIABLE
from hepscope_standalone import config_file
from hepscope_standalone.composition import Standalone
from hepscope_standalone.settings import StandaloneSettings

_log = logs.get_logger("run")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``run``."""
    config_file.add_arguments(parser)
    parser.add_argument("--data-dir", type=_directory, metavar="DIR", help="where data is kept")
    parser.add_argument("--log-level", choices=logs.LEVELS, help="default: info")


def run(options: argparse.Namespace) -> int:
    """Serve; returns 0 after a signal, 1 after a failure."""
    # The settings may be what is wrong: their own word on the format is not had then.
    logs.configure(style=os.environ.get(FORMAT_VARIABLE) or logs.Format.TEXT)
    settings = config_file.load_settings(options)
    if options.data_dir is not None:
        settings = settings.model_copy(update={"data_dir": options.data_dir})
    style = settings.log.format or logs.Format.TEXT
    logs.configure(options.log_level or settings.log.level, style=style)
    return asyncio.run(_serve(settings))


def _directory(text: str) -> Path:
    if not text:
        # A variable that is not set, as a rule; Path would take it for the working directory.
        raise argparse.ArgumentTypeError("it is empty: name a directory")
    return Path(text)


async def _serve(settings: StandaloneSettings) -> int:
    supervisor = Supervisor()
    standalone = Standalone(settings, supervisor)

    def announce() -> None:
        if settings.log.format == logs.Format.JSON:
            for line in filter(None, map(str.strip, standalone.banner().splitlines())):
                _log.info("%s", line)
        else:
            print(standalone.banner(), file=sys.stderr, flush=True)

    return await serve(standalone.components(), supervisor, on_ready=announce)
