"""Themes and widths: dark and light follow the system, and a phone shows everything."""

import pytest
from playwright.sync_api import Page, expect

from support.browser import PHONE, Pages, arrows, fit, least_contrast, rows
from support.builders import BASE_US, make_call
from support.service import Service

pytestmark = [pytest.mark.browser, pytest.mark.database]

CALL_ID = "page-looks@example.org"
PATHS = [f"/calls?call_id={CALL_ID}&from=2000-01-01T00:00:00Z", f"/calls/{CALL_ID}?msg=4"]


@pytest.fixture(scope="module", autouse=True)
def call(hepscope: Service) -> None:
    """One call."""
    hepscope.send_tcp(make_call(CALL_ID, start_us=BASE_US))
    hepscope.call_with(CALL_ID, 7)


def settled(page: Page) -> None:
    """Wait until the page shows what it is about."""
    if "call_id" in page.url:
        rows(page).first.wait_for()
    else:
        arrows(page)
        page.get_by_label("Text of the message").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PATHS, ids=["search", "call"])
def test_is_readable_in_both_themes(pages: Pages, path: str, scheme: str) -> None:
    """The system's choice decides the ground, and every text has a contrast of at least 4.5."""
    page = pages.open(path, color_scheme=scheme)
    settled(page)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(245, 246, 248)", "dark": "rgb(13, 16, 21)"}[scheme]
    contrast, text = least_contrast(page)
    assert contrast >= 4.5, text


@pytest.mark.parametrize("path", PATHS, ids=["search", "call"])
def test_fits_on_a_phone(pages: Pages, path: str) -> None:
    """Nothing but the ladder scrolls sideways, and targets are large enough for a thumb."""
    page = pages.open(path, viewport=PHONE, has_touch=True)
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    low = (
        page.get_by_role("main")
        .get_by_role("button")
        .evaluate_all(
            "all => all.filter(one => !one.closest('.hosts, th')).map(one => one.offsetHeight)"
        )
    )
    assert all(height >= 44 for height in low if height)
    # A large screen that is enlarged four times.
    page.set_viewport_size({"width": 320, "height": 256})
    read = page.locator(".grid-scroll, .ladder")
    assert read.evaluate("one => one.clientHeight") >= 100
    # A ladder of another width brings its message into sight again.
    fit(page)
    # Rows are drawn anew while it scrolls: what is last is looked up again.
    read.evaluate("one => { one.scrollIntoView(); one.scrollTo(0, one.scrollHeight); }")
    expect(read.get_by_role("link").last).to_be_in_viewport(ratio=1)
    # The narrowest that has the whole bar: the zone gives way.
    for width, height in ((320, 256), (724, 800)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_reads_as_a_list(pages: Pages) -> None:
    """The ladder is a list of one item per message, and says how many there are."""
    page = pages.open(PATHS[1])
    items = page.get_by_role("list", name="Messages").get_by_role("listitem")
    expect(items).to_have_count(7)
    expect(items.first).to_have_attribute("aria-setsize", "7")
    name = "4, 200 OK, 192.0.2.2 to 192.0.2.1, 3.000 seconds"
    expect(page.get_by_role("link", name=name)).to_have_attribute("aria-current", "true")
