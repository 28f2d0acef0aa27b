"""How tests are shared out to the processes of pytest-xdist.

Its own groups (``--dist loadgroup``) do nothing with a pytest that keeps node ids elsewhere, and
say nothing of it: each test went where there was room, and the fixtures of a module were made in
every process.
"""

import os
import re
import shutil
from functools import cache
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).parents[2]
NETWORK = "network"
_INTERFACES = re.compile(
    r"support\.(compose|docker|live_wire|namespaces|observability_stack)\b|chaos\.broker_docker"
)
_BROWSER = re.compile(r"support\.browser\b")


class Together(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist has no types
    """Gives the tests of a file to one process, and those of NETWORK all to the same.

    Tests that make interfaces count and list those of the machine; and Chromium, where it cannot
    be had apart, gives up what it is loading when one comes or goes.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return NETWORK if uses_network(file) else file


def may_be_apart() -> bool:
    """Whether this user may give a browser a network namespace of its own."""
    return os.geteuid() == 0 and shutil.which("ip") is not None


@cache
def uses_network(file: str, *, is_browser_apart: bool | None = None) -> bool:
    """Whether a file of tests makes interfaces, or drives a browser that would notice."""
    text = (ROOT / file).read_text(encoding="utf-8")
    if _INTERFACES.search(text):
        return True
    is_apart = may_be_apart() if is_browser_apart is None else is_browser_apart
    return not is_apart and _BROWSER.search(text) is not None
