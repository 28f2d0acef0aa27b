"""What the page says when there is nothing, when it takes long and when it goes wrong."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from support.browser import Pages, rows
from support.builders import BASE_US, make_call
from support.service import Service, running_hepscope, until

pytestmark = [pytest.mark.browser, pytest.mark.database]

CALLS = "**/api/v1/calls?*"
ALL = "from=2000-01-01T00:00:00Z"
DETAIL = "Shorten the time range, or give a Call-ID."
PROBLEM = {
    "type": "/problems/query-timeout",
    "title": "The search took too long",
    "status": 504,
    "detail": DETAIL,
}


@pytest.fixture
def page(pages: Pages) -> Iterator[Page]:
    """A page that has gone nowhere; routes decide what the network does."""
    page = pages.blank()
    yield page
    page.unroute_all(behavior="ignoreErrors")


def refuse(route: Route) -> None:
    """Answer with problem details."""
    route.fulfill(status=504, content_type="application/problem+json", body=json.dumps(PROBLEM))


def hang(route: Route) -> None:
    """Never answer."""


def test_says_why_a_search_failed(page: Page, hepscope: Service) -> None:
    """Title and detail of the problem, the request, and a way to try again that works."""
    hepscope.send_tcp(make_call("page-states@example.org", start_us=BASE_US))
    hepscope.call_with("page-states@example.org", 7)
    page.route(CALLS, refuse)
    page.goto(f"/calls?call_id=page-states@example.org&{ALL}")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The search failed: The search took too long")
    expect(alert).to_contain_text(DETAIL)
    expect(alert).to_contain_text("504  GET /api/v1/calls")
    expect(page.get_by_role("textbox", name="Call-ID")).to_have_value("page-states@example.org")
    page.unroute(CALLS)
    alert.get_by_role("button", name="Try again").click()
    expect(rows(page)).to_have_count(1)


def test_says_that_nothing_answers(page: Page) -> None:
    """A server that is gone is no empty list."""
    page.route(CALLS, lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    page.goto("/calls")
    expect(page.get_by_role("alert")).to_contain_text("something that is not its API")


def test_shows_what_the_api_says_of_a_value(page: Page) -> None:
    """A filter that cannot be read is explained by the API's own words."""
    page.goto("/calls?status=abc")
    expect(page.get_by_role("alert")).to_contain_text("status: expected a code as 486 or 4*")


def test_is_quiet_then_says_that_it_searches_and_can_stop(page: Page) -> None:
    """Nothing for 150 ms, grey rows then, words and Stop after two seconds."""
    page.clock.install()
    page.route(CALLS, hang)
    page.goto("/calls", wait_until="load")
    main = page.get_by_role("main")
    expect(page.get_by_role("search")).to_be_visible()
    page.clock.run_for(300)
    expect(main).to_contain_text("Searching…")
    page.clock.run_for(2500)
    expect(main).to_contain_text("Still searching, ")
    page.get_by_role("button", name="Stop").click()
    expect(main).to_contain_text("Stopped")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    expect(main).not_to_contain_text("Still searching")


def test_says_that_nothing_matches_and_what_to_loosen(page: Page, hepscope: Service) -> None:
    """An empty search names the newest call and offers wider searches."""
    hepscope.send_tcp(make_call("page-states-2@example.org", start_us=BASE_US))
    hepscope.call_with("page-states-2@example.org", 7)
    page.goto(f"/calls?from_user=page-states-nobody&{ALL}")
    state = page.get_by_role("main").get_by_role("status")
    expect(state).to_contain_text("No call matches")
    expect(state).to_contain_text("The newest call stored is of")
    state.get_by_role("link", name="Without words and fields").click()
    rows(page).first.wait_for()
    assert "from_user" not in page.url


def test_says_that_there_is_no_such_page(page: Page) -> None:
    """A path of nothing leads back to the search."""
    page.goto("/search/old")
    expect(page.get_by_role("main")).to_contain_text("There is no such page")


def test_tells_a_new_user_what_to_do_and_fills_by_itself(browser: Browser) -> None:
    """Before the first packet there are the lines to paste; then come the calls, unasked."""
    with running_hepscope() as fresh:
        pages = Pages(browser, fresh.api)
        page = pages.open("/calls?from=2000-01-01T00:00:00Z")
        state = page.get_by_role("main").get_by_role("status")
        expect(state).to_contain_text("No packets yet")
        at = (f"sngrep -H udp:127.0.0.1:{fresh.udp[1]}", f"--send tcp://127.0.0.1:{fresh.tcp[1]}")
        for line in ("modparam", "hepscope capture --read", *at):
            expect(state).to_contain_text(line)
        fresh.send_tcp(make_call("first@example.org", start_us=BASE_US))
        fresh.call_with("first@example.org", 7)
        expect(rows(page)).to_have_count(1)
        pages.close()
        assert pages.complaints == []


def test_tells_a_newcomer_whose_packets_are_refused(browser: Browser) -> None:
    """A wrong key is the first thing to go wrong: who, why, and where to see it."""
    settings = {
        "HEPSCOPE_INGEST__AUTH_KEYS": "open sesame",
        "HEPSCOPE_INGEST__REPORTS__EVERY_SECONDS": "1",
    }
    with running_hepscope(settings=settings) as guarded:
        guarded.send_tcp(make_call("stranger@example.org", start_us=BASE_US))
        until(lambda: guarded.every("nodes") or None, "a node with refusals")
        pages = Pages(browser, guarded.api)
        page = pages.open(f"/calls?{ALL}")
        state = page.get_by_role("main").get_by_role("status")
        expect(state).to_contain_text("Packets arrive, and all are refused")
        expect(state).to_contain_text("auth_key 7")
        state.get_by_role("link", name="Who is refused, and why").click()
        expect(rows(page, "Nodes").filter(has_text="auth_key 7").first).to_be_visible()
        pages.close()
        assert pages.complaints == []
