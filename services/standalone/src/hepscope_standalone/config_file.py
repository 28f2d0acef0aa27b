"""Which settings file a command reads."""

import argparse
from pathlib import Path

from hepscope_common.settings import load
from hepscope_standalone.settings import StandaloneSettings

DEFAULT = Path("hepscope.toml")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--config``."""
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help=f"settings file (default: ./{DEFAULT} if there)"
    )


def config_path(options: argparse.Namespace) -> Path | None:
    """Return the file that was named, else the default one if it exists."""
    named: Path | None = options.config
    return named or (DEFAULT if DEFAULT.is_file() else None)


def load_settings(options: argparse.Namespace) -> StandaloneSettings:
    """Return the settings of a command; raises StartupError."""
    return load(StandaloneSettings, config=config_path(options))
