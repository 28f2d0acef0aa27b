"""Settings by the environment: a variable for each lasting option.

A name with ``_FILE`` behind it tells the file that holds the value. An empty value counts as not
set. Addresses and logs are set as those of the other services: ``HEPSCOPE_OPS__LISTEN``,
``HEPSCOPE_LOG__LEVEL``, ``HEPSCOPE_LOG__FORMAT``.
"""

from collections.abc import Mapping
from difflib import get_close_matches

from hepscope_capture.settings.given import Given, content
from hepscope_capture.settings.option import PREFIX
from hepscope_capture.settings.table import BY_VARIABLE, OPTIONS

CONFIG = f"{PREFIX}CONFIG"
"""The settings file, for those who cannot give ``--config``."""

NAMES = tuple(
    option.env.removeprefix(PREFIX).lower() for option in OPTIONS if option.env.startswith(PREFIX)
)
"""What can be set so, without the prefix and in small letters."""

_FILE = "_FILE"


def from_environment(environ: Mapping[str, str]) -> dict[str, Given]:
    """Return what is given, by option.

    Raises ValueError, with a line for the user, for a name that is none and a file that cannot be
    read.
    """
    found: dict[str, Given] = {}
    for variable, value in environ.items():
        if not value or variable == CONFIG:
            continue
        option = BY_VARIABLE.get(variable)
        if option is not None:
            found[option.name] = Given(option.split(value), variable)
            continue
        if not variable.startswith(PREFIX):
            continue
        bare = variable.removesuffix(_FILE)
        option = BY_VARIABLE.get(bare)
        if option is None:
            near = get_close_matches(variable, BY_VARIABLE, 1)
            hint = f" (is it {near[0]}?)" if near else ""
            raise ValueError(f"{variable} is no setting of the capture{hint}")
        if environ.get(bare):
            raise ValueError(f"{variable} and {bare} are both set")
        found[option.name] = Given(option.split(content(value, variable)), variable)
    return found
