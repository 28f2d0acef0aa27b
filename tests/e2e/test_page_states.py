"""What the page says when there is nothing, when it takes long and when it goes wrong."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, Route, expect

from support.browser import PATIENCE_MS, Pages, intercept, rows
from support.builders import BASE_US, make_call
from support.service import ALWAYS, Service, until
from support.sip_calls import Flow

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
    intercept(page)
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
    expect(page.get_by_role("button", name="Remove Call-ID is page-states@")).to_be_visible()
    page.unroute(CALLS)
    alert.get_by_role("button", name="Try again").click()
    expect(rows(page)).to_have_count(1)


def test_says_that_nothing_answers(page: Page) -> None:
    """A server that is gone is no empty list."""
    page.route(CALLS, lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    page.goto("/calls")
    expect(page.get_by_role("alert")).to_contain_text("something that is not its API")


def test_tells_a_cut_answer_from_a_page_to_sign_in(page: Page) -> None:
    """Both come as a success; the one may come whole next time, the other needs the reader."""
    page.route(
        CALLS, lambda route: route.fulfill(content_type="application/json", body='{"items": [')
    )
    page.goto("/calls")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The answer was cut off")
    expect(alert).to_contain_text("Trying again in")
    page.route(CALLS, lambda route: route.fulfill(content_type="text/html", body="<h1>Who?</h1>"))
    alert.get_by_role("button", name="Try again").click()
    expect(alert).to_contain_text("A page to sign in")
    expect(alert).not_to_contain_text("Trying again")


def stand_still(page: Page) -> None:
    """Let the page's time pass only where a test says so; what is shown for a second stays."""
    page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=5))


def unavailable(route: Route) -> None:
    """Answer that the database is away."""
    problem = {"title": "The database does not answer", "status": 503, "detail": "It starts."}
    route.fulfill(status=503, content_type="application/problem+json", body=json.dumps(problem))


def test_asks_again_by_itself_when_a_failure_may_pass(page: Page) -> None:
    """A countdown, less and less often; the time of the last good answer; then the answer."""
    page.clock.install()
    page.goto(f"/calls?call_id=page-states@example.org&{ALL}")
    rows(page).first.wait_for()
    stand_still(page)
    page.route(CALLS, unavailable)
    page.keyboard.press("r")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The search failed: The database does not answer")
    expect(alert).to_contain_text(re.compile(r"Last good answer \d\d:\d\d:\d\d\."))
    expect(alert).to_contain_text("hepscope doctor")
    expect(alert).to_contain_text("Trying again in 5 s.")
    page.clock.run_for(5_000)
    expect(alert).to_contain_text("Trying again in 10 s.")
    page.unroute(CALLS)
    page.clock.run_for(10_000)
    rows(page).first.wait_for()
    expect(alert).to_have_count(0)


RELOADED = {
    "Calls": ("/calls?call_id=page-states-calls@example.org&", "calls?*"),
    "KPIs by node": ("/overview?", "stats/overview?*"),
    "Registrations": ("/registrations?", "registrations?*"),
    "Nodes": ("/nodes", "nodes?*"),
}


@pytest.mark.parametrize("shown", RELOADED)
def test_what_is_shown_stays_when_its_reload_fails(
    page: Page, hepscope: Service, shown: str
) -> None:
    """The card lies above the old rows, counts down, and goes when the answer is there."""
    path, api = RELOADED[shown]
    flow = Flow("page-states-register@example.org", BASE_US)
    flow.request("REGISTER", 0).response(200, 0.05, method="REGISTER")
    hepscope.send_tcp([sent.packet for sent in flow.sent])

    def is_registered() -> bool:
        listed = hepscope.every("registrations", **ALWAYS)
        return flow.call_id in {one["call_id"] for one in listed}

    until(is_registered, "the registration")
    call_id = f"page-states-{shown.lower().replace(' ', '-')}@example.org"
    hepscope.send_tcp(make_call(call_id, start_us=BASE_US))
    hepscope.call_with(call_id, 7)
    page.clock.install()
    page.goto(path + ("" if shown == "Nodes" else ALL))
    # The overview follows by itself, once its call is measured.
    rows(page, shown).first.wait_for(timeout=3 * PATIENCE_MS)
    page.route(f"**/api/v1/{api}", unavailable)
    page.keyboard.press("r")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The database does not answer")
    expect(alert).to_contain_text(re.compile(r"Trying again in \d+ s\."))
    expect(rows(page, shown).first).to_be_visible()
    page.unroute(f"**/api/v1/{api}")
    page.clock.run_for(10_000)
    expect(alert).to_have_count(0)
    expect(rows(page, shown).first).to_be_visible()
    expect(page.locator(".dimmed")).to_have_count(0)


def test_does_not_repeat_a_search_that_took_too_long(page: Page) -> None:
    """It would take as long again; details for a report can be copied."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.route(CALLS, refuse)
    page.goto("/calls?q=49")
    alert = page.get_by_role("alert")
    alert.get_by_role("button", name="Copy details").click()
    expect(alert.get_by_role("button", name="Copied")).to_be_visible()
    expect(alert).not_to_contain_text("Trying again")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "504  GET /api/v1/calls?" in copied
    assert DETAIL in copied
    assert "/calls?q=49" in copied


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "wants to know who you are"), (403, "may not see this"), (429, "after a pause")],
)
def test_says_what_to_do_about_a_refusal(page: Page, status: int, words: str) -> None:
    """Whatever stands before hepscope may refuse; a pause that it asks for is kept."""
    page.add_init_script("globalThis.setInterval = () => 0")  # a countdown that stands still
    page.route(
        CALLS, lambda route: route.fulfill(status=status, body="", headers={"Retry-After": "33"})
    )
    page.goto("/calls")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text(words)
    if status == 429:
        expect(alert).to_contain_text("Trying again in 33 s.")
    else:
        expect(alert).not_to_contain_text("Trying again")


def test_shows_what_the_api_says_of_a_value(page: Page) -> None:
    """A filter that cannot be read is explained by the API's own words."""
    page.goto("/calls?status=abc")
    expect(page.get_by_role("alert")).to_contain_text("status: expected a code as 486 or 4*")


def test_is_quiet_then_says_that_it_searches_and_can_stop(page: Page) -> None:
    """Nothing for 150 ms, grey rows then, words and Stop after two seconds."""
    page.clock.install()
    stand_still(page)
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
    expect(main).not_to_contain_text("Still searching")
    page.get_by_role("button", name="Try again").click()
    page.clock.run_for(2500)
    expect(main).to_contain_text("Still searching, ")
    page.keyboard.press("Escape")
    expect(main).to_contain_text("Stopped")


def test_says_that_nothing_matches_and_what_to_loosen(page: Page, hepscope: Service) -> None:
    """An empty search says how many calls there are without the condition, and offers it."""
    hepscope.send_tcp(make_call("page-states-2@example.org", start_us=BASE_US))
    hepscope.call_with("page-states-2@example.org", 7)
    page.goto(f"/calls?from_user=page-states-nobody&{ALL}")
    state = page.get_by_role("main").get_by_role("status")
    expect(state).to_contain_text("No call matches")
    expect(state).to_contain_text("“From is page-states-nobody” rules them all out")
    state.get_by_role("link", name="Without “From is page-states-nobody”").click()
    rows(page).first.wait_for()
    assert "from_user" not in page.url


def test_says_that_there_is_no_such_page(page: Page) -> None:
    """A path of nothing leads back to the search."""
    page.goto("/search/old")
    expect(page.get_by_role("main")).to_contain_text("There is no such page")
