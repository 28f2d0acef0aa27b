"""``hepscope check-config``: tell every mistake in the settings before a start does."""

import argparse

from hepscope_common.runtime import StartupError
from hepscope_common.settings import unknown_sections
from hepscope_standalone import config_file
from hepscope_standalone.settings import StandaloneSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``check-config``."""
    config_file.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Return 0 when the settings hold; raises StartupError that names what does not."""
    path = config_file.config_path(options)
    config_file.load_settings(options)
    if path is not None:
        unknown = unknown_sections(StandaloneSettings, path)
        if unknown:
            known = ", ".join(sorted(StandaloneSettings.model_fields))
            raise StartupError(
                f"settings file {path}: unknown section {', '.join(unknown)} (known: {known})"
            )
    print(f"settings are in order ({path or 'environment and defaults only'})")
    return 0
