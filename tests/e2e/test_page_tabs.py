"""Several tabs of the page, and one that comes back after it was left for long."""

import re

import pytest
from playwright.sync_api import Request, expect

from support.browser import Pages
from support.builders import BASE_US, make_call
from support.service import Service

pytestmark = [pytest.mark.browser, pytest.mark.database]

BACK = "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))"


@pytest.fixture(scope="module", autouse=True)
def call(hepscope: Service) -> None:
    """One call, so that no screen is that of a first start."""
    hepscope.send_tcp(make_call("page-tabs@example.org", start_us=BASE_US))
    hepscope.call_with("page-tabs@example.org", 7)


def test_what_is_chosen_in_one_tab_is_so_in_others(pages: Pages) -> None:
    """Theme and zone at once, but a zone that a link names stays; nothing is written back."""
    page = pages.open("/nodes", color_scheme="light")
    other, linked = page.context.new_page(), page.context.new_page()
    other.goto("/nodes")
    linked.goto("/nodes?tz=Asia/Tokyo")
    banner = other.get_by_role("banner")
    expect(banner.get_by_role("button", name="Time zone")).to_have_text("Europe/Berlin")
    page.get_by_role("banner").get_by_role("button", name="Time zone").click()
    page.get_by_role("option", name=re.compile("^UTC")).first.click()
    page.get_by_role("radio", name="Dark").check()
    expect(banner.get_by_role("button", name="Time zone")).to_have_text("UTC")
    expect(banner.get_by_role("radio", name="Dark")).to_be_checked()
    expect(other.locator("html")).to_have_attribute("data-theme", "dark")
    expect(linked.get_by_role("button", name="Time zone")).to_have_text("Asia/Tokyo")
    expect(linked.get_by_role("radio", name="Dark")).to_be_checked()
    page.evaluate("localStorage.clear()")
    expect(banner.get_by_role("button", name="Time zone")).to_have_text("Europe/Berlin")
    expect(banner.get_by_role("radio", name="As the system")).to_be_checked()


def test_a_page_that_was_frozen_for_long_asks_anew(pages: Pages) -> None:
    """Its range ends now, not when it was left; after a moment it is as it was."""
    page = pages.blank()
    page.clock.install()
    asked: list[str] = []

    def note(request: Request) -> None:
        if "/calls?" in request.url:
            asked.append(request.url)

    page.on("request", note)
    # With an end: a range without one is looked at for newer calls, too.
    page.goto("/calls?from=2020-01-01T00:00:00Z&to=2100-01-02T00:00:00Z")
    grid = page.get_by_role("grid", name="Calls")
    expect(grid).to_be_visible()
    before = len(asked)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    page.evaluate(BACK)
    expect(grid).to_be_visible()
    assert len(asked) == before
    page.clock.pause_at("2100-01-01T00:00:00Z")
    with page.expect_request("**/api/v1/calls?*"):
        page.evaluate(BACK)
    expect(grid).to_be_visible()
