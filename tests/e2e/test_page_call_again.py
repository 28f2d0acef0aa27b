"""A call that is loaded again while it is shown: no failure takes away what is there."""

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, Route, expect

from support.browser import Pages, arrows, intercept
from support.builders import BASE_US, make_call, make_packet
from support.service import Service

pytestmark = [pytest.mark.browser, pytest.mark.database]

CALL = "page-again@example.org"
FLOW = "**/flow"
LOCKED = {
    "type": "/problems/database-locked",
    "title": "A table is locked",
    "status": 503,
    "detail": "Nothing is lost.",
}


@pytest.fixture(scope="module", autouse=True)
def call(hepscope: Service) -> None:
    """The call without its end, which comes later, and a line of a log."""
    hepscope.send_tcp(make_call(CALL, start_us=BASE_US)[:5])
    line = make_packet(
        b"INFO: routed", time_us=BASE_US, protocol_type=100, correlation_id=CALL.encode()
    )
    hepscope.send_tcp([line])
    hepscope.call_with(CALL, 5)


@pytest.fixture
def page(pages: Pages) -> Iterator[Page]:
    """The call, by a clock that tests put forward."""
    page = pages.blank()
    page.clock.install()
    page.goto(f"/calls/{quote(CALL)}?msg=2")
    assert len(arrows(page)) == 5
    intercept(page)
    yield page
    page.unroute_all(behavior="ignoreErrors")


def refuse(route: Route) -> None:
    """Answer with problem details."""
    route.fulfill(status=503, content_type="application/problem+json", body=json.dumps(LOCKED))


def test_a_failure_leaves_ladder_message_and_logs(page: Page) -> None:
    """It stands above them, says what to do, and asks again by itself."""
    page.route(FLOW, refuse)
    page.keyboard.press("r")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The call cannot be shown: A table is locked")
    expect(alert).to_contain_text("pg_blocking_pids")
    expect(alert).to_contain_text("Trying again in 5 s.")
    assert len(arrows(page)) == 5
    expect(page.get_by_role("complementary", name="Message")).to_contain_text("100 Trying")
    page.unroute(FLOW)
    page.clock.run_for(6_000)
    expect(alert).to_have_count(0)
    assert len(arrows(page)) == 5

    page.keyboard.press("3")
    lines = page.get_by_role("list", name="Log lines").get_by_role("listitem")
    expect(lines).to_have_count(1)
    page.route("**/logs?*", refuse)
    page.keyboard.press("r")
    expect(alert).to_contain_text("The logs cannot be shown")
    expect(lines).to_have_count(1)
    page.unroute("**/logs?*")
    page.clock.run_for(6_000)
    expect(alert).to_have_count(0)
    expect(lines).to_have_count(1)


def test_what_takes_long_can_be_stopped_and_is_asked_once(page: Page, hepscope: Service) -> None:
    """What is shown stays all the while; then come the messages that were sent meanwhile."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(FLOW, hold)
    with page.expect_request(FLOW):
        page.keyboard.press("r")
    page.keyboard.press("r")
    page.clock.run_for(2_500)
    expect(page.get_by_role("main")).to_contain_text("Still loading the call")
    with page.expect_event("requestfailed"):
        page.keyboard.press("Escape")
    expect(page.get_by_role("main")).to_contain_text("Stopped")
    assert len(arrows(page)) == 5
    assert len(held) == 1
    page.unroute(FLOW)
    hepscope.send_tcp(make_call(CALL, start_us=BASE_US)[5:])
    hepscope.call_with(CALL, 7)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("list", name="Messages").get_by_role("link")).to_have_count(7)
    expect(page.get_by_role("complementary", name="Message")).to_contain_text("100 Trying")
