"""``hepscope check-config``: tell every mistake in the settings before a start does."""

import argparse

from hepscope_capture.settings.file import SECTION as CAPTURE
from hepscope_capture.settings.settings import load as load_capture
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
    try:
        load_capture({}, path)
    except ValueError as error:
        raise StartupError(str(error)) from error
    if path is not None:
        # The agent's section is no model: it runs where there is no pydantic.
        unknown = [name for name in unknown_sections(StandaloneSettings, path) if name != CAPTURE]
        if unknown:
            known = ", ".join(sorted({*StandaloneSettings.model_fields, CAPTURE}))
            raise StartupError(
                f"settings file {path}: unknown section {', '.join(unknown)} (known: {known})"
            )
    print(f"settings are in order ({path or 'environment and defaults only'})")
    return 0
