"""What is left behind by a screen that is left, or by a part that failed: nothing that acts."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from support.browser import Pages, intercept, rows
from support.builders import BASE_US, make_call
from support.service import ALWAYS, Service, until

pytestmark = [pytest.mark.browser, pytest.mark.database]

OVERVIEW = "**/api/v1/stats/overview?*"
PROBLEM = {"title": "Database unavailable", "status": 503, "detail": "Try again soon."}


@pytest.fixture
def page(pages: Pages) -> Iterator[Page]:
    """A page that has gone nowhere; routes decide what the network does."""
    page = pages.blank()
    intercept(page)
    yield page
    page.unroute_all(behavior="ignoreErrors")


def refuse(route: Route) -> None:
    """Answer with problem details."""
    route.fulfill(status=503, content_type="application/problem+json", body=json.dumps(PROBLEM))


def test_keys_and_facts_go_with_their_screen(page: Page, hepscope: Service) -> None:
    """Where there is no such page, the keys of the screen before act no more."""
    hepscope.send_tcp(make_call("page-leaving@example.org", start_us=BASE_US))
    hepscope.call_with("page-leaving@example.org", 7)
    page.goto("/calls?call_id=page-leaving@example.org&from=2000-01-01T00:00:00Z")
    expect(rows(page)).to_have_count(1)
    expect(page.locator(".foot-keys")).to_contain_text("open")
    page.evaluate(
        "history.pushState({}, '', '/nowhere'); dispatchEvent(new PopStateEvent('popstate'))"
    )
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    expect(page.locator(".foot-keys")).not_to_contain_text("open")
    expect(page.locator(".foot-facts")).to_be_empty()


def test_rows_are_there_although_what_stands_above_them_is_not(
    page: Page, hepscope: Service
) -> None:
    """Nodes are listed where the way of their packets is not to be had, and that is told."""
    hepscope.send_tcp(make_call("page-leaving-nodes@example.org", start_us=BASE_US))
    hepscope.call_with("page-leaving-nodes@example.org", 7)
    # Told of apart from its packets, and the list is asked for once.
    until(lambda: hepscope.every("nodes", **ALWAYS) or None, "a node")
    page.route("**/api/v1/stats/hops", refuse)
    page.goto("/nodes")
    expect(page.get_by_role("grid", name="Nodes").get_by_role("row").nth(1)).to_be_visible()
    expect(
        page.get_by_text("What stands above the list is missing: Database unavailable.")
    ).to_be_visible()


def test_a_failed_look_leaves_the_overview_in_place(page: Page, hepscope: Service) -> None:
    """What was shown stays below what went wrong; a countdown does not cut into a new question."""
    hepscope.send_tcp(make_call("page-leaving-overview@example.org", start_us=BASE_US))
    hepscope.call_with("page-leaving-overview@example.org", 7)
    asked: list[Route] = []

    def hang(route: Route) -> None:
        asked.append(route)

    page.clock.install()
    page.goto("/overview?from=2020-01-01T00:00:00Z")
    shown = page.locator(".overview > :is(.tiles, .state)")
    expect(shown).to_be_visible()
    page.route(OVERVIEW, refuse)
    page.keyboard.press("r")
    expect(page.get_by_role("alert")).to_contain_text("Trying again in 5 s.")
    expect(shown.locator("visible=true").last).to_be_visible()
    page.unroute(OVERVIEW)
    page.route(OVERVIEW, hang)
    page.keyboard.press("r")
    page.clock.run_for(1_000)
    expect(page.locator(".overview")).to_have_attribute("aria-busy", "true")
    page.clock.run_for(30_000)
    expect(page.get_by_role("main")).to_contain_text("Still counting")
    assert len(asked) == 1
    # Asked anew meanwhile: the place goes on waiting, for the newer answer.
    with page.expect_request(OVERVIEW):
        page.get_by_role("button", name="Try again").click()
    expect(page.locator(".overview")).to_have_attribute("aria-busy", "true")
