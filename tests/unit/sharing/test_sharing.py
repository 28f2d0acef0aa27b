"""Tests of a file share a process, and so do all that a change of interfaces would disturb."""

import re

import pytest

from support.sharing import ROOT, uses_network

TESTS = 8
_FIXTURES = re.compile(
    r"^\s*(?:async )?def test_\w+\([^)]*\b(?:browser|pages|images): ", re.MULTILINE
)

_ran_here: list[int] = []


@pytest.mark.parametrize("number", range(TESTS))
def test_the_tests_of_a_file_run_in_one_process(number: int) -> None:
    """Each finds those before it, which dealing them out one by one would not give."""
    assert _ran_here == list(range(number))
    _ran_here.append(number)


def test_whatever_drives_a_browser_or_containers_is_together() -> None:
    """The fixtures tell; the way in which the scheduler tells finds no fewer."""
    using = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("test_*.py")
        if _FIXTURES.search(path.read_text(encoding="utf-8"))
    ]
    assert len(using) > 5
    assert [file for file in using if not uses_network(file, is_browser_apart=False)] == []
    assert not uses_network("tests/unit/sharing/test_sharing.py", is_browser_apart=False)


def test_a_browser_apart_is_nobodys_concern() -> None:
    """It may run beside what makes interfaces, unless its file makes some, too."""
    assert not uses_network("tests/e2e/test_page_search.py", is_browser_apart=True)
    assert uses_network("tests/e2e/test_compose.py", is_browser_apart=True)
