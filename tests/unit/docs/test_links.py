"""Links between the pages of this repository lead to files and headings that exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "deploy/**/*.md", "tests/**/*.md", "frontend/**/*.md")
    for path in ROOT.glob(pattern)
    if "node_modules" not in path.parts
)

_CODE_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:")


def links(page: str) -> Iterator[tuple[str, str]]:
    """Yield path and anchor, either may be empty, of each link that stays in the repository."""
    for target in _LINK.findall(_CODE_BLOCK.sub("", page)):
        if not _ELSEWHERE.match(target):
            path, _, anchor = target.partition("#")
            yield path, anchor


def anchors(page: str) -> set[str]:
    """Return the anchors that GitHub gives the headings; of equal ones the second ends in -1."""
    found: dict[str, int] = {}
    for heading in _HEADING.findall(_CODE_BLOCK.sub("", page)):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        found[anchor] = found.get(anchor, 0) + 1
    return {
        anchor if not number else f"{anchor}-{number}"
        for anchor, count in found.items()
        for number in range(count)
    }


def broken(page: Path) -> list[str]:
    """Return the links of a page that lead nowhere."""
    lost = []
    for path, anchor in links(page.read_text(encoding="utf-8")):
        target = page.parent / path if path else page
        if not target.exists():
            lost.append(path)
        elif anchor and anchor not in anchors(target.read_text(encoding="utf-8")):
            lost.append(f"{path}#{anchor}")
    return lost


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Each relative link names a file or folder, and each anchor a heading of it."""
    assert broken(page) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    """Missing files and headings are told; what is code or another site is not looked at."""
    page = tmp_path / "page.md"
    page.write_text(
        "# One, `two`\n## Again\n## Again\n"
        "[a](#one-two) [b](#again-1) [c](page.md#again) [d](https://example.org/x)\n"
        "[e](#again-2) [f](gone.md) [g](page.md#three)\n"
        "```\n# Not a heading\n[h](gone-too.md)\n```\n[i](#not-a-heading)\n"
    )
    assert broken(page) == ["#again-2", "gone.md", "page.md#three", "#not-a-heading"]


def test_every_page_of_docs_is_reached_from_the_readme() -> None:
    """Who starts at README.md and follows links comes by each page."""
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop().resolve()
        if page in reached:
            continue
        reached.add(page)
        for path, _ in links(page.read_text(encoding="utf-8")):
            target = page.parent / (path or page.name)
            waiting += [target] if target.suffix == ".md" else target.glob("*.md")
    assert {page for page in PAGES if page.is_relative_to(ROOT / "docs")} <= reached
