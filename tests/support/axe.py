"""Accessibility of a page by axe-core (MPL-2.0), which the page's checking tools bring along."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page

from hepscope_query_api.settings import IN_REPOSITORY
from support.corpus import REQUIRED

SOURCE = IN_REPOSITORY / "node_modules/axe-core/axe.min.js"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
GRAVE = ("serious", "critical")

ROWS = "[aria-label='Messages'] a"
"""The ladder's rows are drawings, read in another order than their texts stand in: number, message,
from whom to whom, when. Both begin with the number by which one calls them, so 2.5.3 is kept."""

_RUN = """async ([tags, rows, within]) => {
  const { violations } = await axe.run(within ?? document,
    { runOnly: tags, resultTypes: ["violations"] });
  const isRead = (id, target) => id === "label-content-name-mismatch"
    && document.querySelector(target)?.matches(rows);
  return violations.map(({ id, impact, help, nodes }) => [impact, id, help,
    nodes.filter(({ target }) => !isRead(id, target[0]))
      .map(({ html, failureSummary }) => `${html.slice(0, 300)}: ${failureSummary}`)]);
}"""


def axe_source() -> Path:
    """Return where axe-core lies; fetches it by the page's lock, skips where there is no npm."""
    if SOURCE.is_file():
        return SOURCE
    npm = shutil.which("npm")
    if npm is None:
        reason = "no npm to fetch axe-core with"
        if any(os.environ.get(name) for name in REQUIRED):
            pytest.fail(reason)
        pytest.skip(reason)
    fetch = [npm, "ci", "--silent", "--no-audit", "--no-fund"]
    subprocess.run(fetch, cwd=IN_REPOSITORY, check=True, timeout=120)
    return SOURCE


def grave_violations(page: Page, within: str | None = None) -> list[str]:
    """Return what breaks WCAG 2.2 A and AA gravely on a page as it stands, a line for each node.

    With ``within``, a selector, only there, which is several times faster.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe_source().read_text(encoding="utf-8"))
    return [
        f"{impact} {rule}: {text}: {node}"
        for impact, rule, text, nodes in page.evaluate(_RUN, [list(RULES), ROWS, within])
        if impact in GRAVE
        for node in nodes
    ]
