"""How the page starts: what a first paint waits for, and what a second visit asks for."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from support.browser import PATIENCE_MS, Pages

pytestmark = [pytest.mark.browser, pytest.mark.database]

FILES = """() => performance.getEntriesByType("resource")
  .filter((entry) => new URL(entry.name).pathname.includes("/@"))
  .map((entry) => ({
    path: new URL(entry.name).pathname.replace(/^\\/@[0-9a-f]+/, ""),
    blocks: entry.renderBlockingStatus === "blocking", sent: entry.transferSize,
  }))"""


def nodes(pages: Pages, **options: Any) -> Page:
    """Return a page whose browser notes every file, however many there are."""
    page = pages.blank(**options)
    page.add_init_script("performance.setResourceTimingBufferSize(2000)")
    page.goto("/nodes")
    return page


def files(page: Page) -> list[dict[str, Any]]:
    """Return the scripts and style sheets that a page asked for."""
    expect(
        page.get_by_role("grid", name="Nodes").or_(page.get_by_text("Look again"))
    ).to_be_visible(timeout=PATIENCE_MS)
    # A module that this screen does not need may come later than its rows.
    listed = page.locator("link[rel=modulepreload]").count()
    page.wait_for_function(
        f"""({FILES})().filter(({{ path }}) => path.startsWith("/js/")).length > {listed}"""
    )
    found: list[dict[str, Any]] = page.evaluate(FILES)
    return found


def test_a_first_paint_waits_for_style_sheets_only(pages: Pages) -> None:
    """No module and no answer of the API holds it up; the theme is known before it."""
    page = nodes(pages)
    blocking = {one["path"] for one in files(page) if one["blocks"]}
    sheets = page.locator("link[rel=stylesheet]").evaluate_all(
        "all => all.map(one => new URL(one.href).pathname.replace(/^\\/@[0-9a-f]+/, ''))"
    )
    assert blocking == {*sheets, "/js/theme-early.js"}
    # Rows are in the document before they are painted.
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length === 1")


def test_all_modules_are_asked_for_at_once(pages: Pages) -> None:
    """The list in the page is complete: no import is a surprise, and nothing comes twice."""
    page = nodes(pages)
    modules = [one["path"] for one in files(page) if one["path"].startswith("/js/")]
    listed = page.locator("link[rel=modulepreload]").evaluate_all(
        "all => all.map(one => new URL(one.href).pathname.replace(/^\\/@[0-9a-f]+/, ''))"
    )
    assert sorted(set(modules)) == sorted([*listed, "/js/theme-early.js"])
    assert len(modules) == len(set(modules))


def test_a_page_whose_files_do_not_come_says_so(pages: Pages) -> None:
    """One module that is missing leaves no blank page for ever; loading it again helps."""
    page = pages.blank()
    page.route("**/js/router.js", lambda route: route.fulfill(status=204), times=1)
    page.goto("/nodes")
    page.get_by_role("link", name="load it again").click()
    assert files(page)
    expect(page.get_by_text("has not started")).to_have_count(0)
    pages.complaints.clear()


def test_a_second_visit_asks_for_no_file(pages: Pages) -> None:
    """Browsers keep what lies below a fingerprint, without asking whether it is the same."""
    page = nodes(pages, is_first_visit=True)
    assert any(one["sent"] for one in files(page))
    page.goto("about:blank")
    page.goto("/nodes")
    assert [one["path"] for one in files(page) if one["sent"]] == []
