"""Every screen over an API that takes its time: it says so, asks once, and lets go."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Request, Route, expect

from support.browser import Pages
from support.builders import BASE_US, make_call
from support.service import Service, until

pytestmark = [pytest.mark.browser, pytest.mark.database]

CALL = "page-slow@example.org"
API = "**/api/v1/**"


class Slow:
    """Requests that nobody answers, and those of them that the page gave up."""

    def __init__(self, page: Page) -> None:
        self.count = 0
        self._page = page
        self._given_up = 0
        page.on("requestfailed", self._failed)
        page.route(API, self._hold)

    def are_given_up(self) -> bool:
        """Return whether nothing is waited for any more."""
        self._let_events_come()
        return self._given_up == self.count

    def have_come(self, count: int) -> bool:
        """Return whether so many have come, neither fewer nor more."""
        self._let_events_come()
        return self.count == count

    def _let_events_come(self) -> None:
        # Any question to the page does.
        self._page.title()

    def _hold(self, route: Route) -> None:
        self.count += not route.request.url.endswith("/live")

    def _failed(self, request: Request) -> None:
        self._given_up += not request.url.endswith("/live")


@pytest.fixture(scope="module", autouse=True)
def call(hepscope: Service) -> None:
    """One call, so that no screen is that of a first start."""
    hepscope.send_tcp(make_call(CALL, start_us=BASE_US))
    hepscope.call_with(CALL, 7)


@pytest.fixture
def page(pages: Pages) -> Iterator[Page]:
    """A page that has gone nowhere, by a clock that tests put forward."""
    page = pages.blank()
    page.clock.install()
    yield page
    page.unroute_all(behavior="ignoreErrors")


@pytest.mark.parametrize("path", ["overview", "calls", "registrations", "nodes", f"calls/{CALL}"])
def test_a_slow_screen_says_so_asks_once_and_lets_go(page: Page, path: str) -> None:
    """Asked for again in vain while it waits; Escape gives up all of it, and so does leaving."""
    slow = Slow(page)
    page.goto(f"/{path}")
    main = page.get_by_role("main")
    busy = main.locator("[aria-busy=true]").first
    expect(busy).to_be_visible()
    page.keyboard.press("r")
    page.keyboard.press("r")
    page.clock.run_for(2_500)
    expect(main).to_contain_text("Still ")
    page.keyboard.press("Escape")
    expect(main).to_contain_text("Stopped")
    until(slow.are_given_up, "all requests are given up")
    first = slow.count
    page.get_by_role("button", name="Try again").click()
    expect(busy).to_be_visible()
    # One that is given up on its way here would not be counted.
    until(lambda: slow.have_come(2 * first), "all to be asked for again")
    page.keyboard.press("g")
    page.keyboard.press("l")
    page.wait_for_url("**/live")
    until(slow.are_given_up, "all requests are given up")
    assert slow.count == 2 * first > 0
