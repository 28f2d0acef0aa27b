"""The corpus of real traffic that lies beside a checkout: where it is, or why not."""

import os
from pathlib import Path

import pytest

REQUIRED = ("CI", "REQUIRE_SERVICES")
"""With one of these set a missing corpus is a failure; on a laptop it is a reason to skip."""


def corpus_folder() -> Path:
    """Return where the corpus is looked for: HEPSCOPE_CORPUS, else beside the checkout."""
    named = os.environ.get("HEPSCOPE_CORPUS")
    return Path(named) if named else Path(__file__).parents[3] / "shared" / "corpus"


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The corpus folder; see MANIFEST.md in it."""
    folder = corpus_folder()
    if not (folder / "MANIFEST.md").is_file():
        reason = f"no corpus at {folder} (set HEPSCOPE_CORPUS)"
        if any(os.environ.get(name) for name in REQUIRED):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
