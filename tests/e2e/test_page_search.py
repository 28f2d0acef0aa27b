"""The search for calls in Chromium: words, filters with completion, outcomes, order and the URL."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from support.browser import PATIENCE_MS, Pages, arrows, intercept, rows
from support.builders import BASE_US, make_call, make_packet, make_request, make_response
from support.service import ALWAYS, Service, until

pytestmark = [pytest.mark.browser, pytest.mark.database]

COUNT = 130
SECOND = 1_000_000
ALL = "from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z"
"""The built calls have a fixed date."""

MARK = "page-search"
NEWEST = COUNT - 1
VALUES = "**/api/v1/fields/*/values?*"


@pytest.fixture(scope="module", autouse=True)
def calls(hepscope: Service) -> None:
    """130 calls a minute apart, of the user pagec: every tenth is busy, others are answered."""
    for number in range(COUNT):
        start = BASE_US + number * 60 * SECOND
        hepscope.send_tcp(busy_call(number, start) if number % 10 == 0 else call(number, start))
    wanted = {call_id(number): 2 if number % 10 == 0 else 7 for number in range(COUNT)}

    def all_stored() -> bool:
        # Bus partitions are stored beside each other: the newest call may be there first.
        found = hepscope.every("calls", from_user="pagec", **ALWAYS)
        return {one["call_id"]: one["message_count"] for one in found} == wanted

    until(all_stored, "all calls to be stored whole")


def call_id(number: int) -> str:
    """Return the Call-ID of a call."""
    return f"{MARK}-{number}@example.org"


def callee(number: int) -> str:
    """Return the number that a call calls."""
    return f"+4930555{number:04}"


def call(number: int, start_us: int) -> list[bytes]:
    """Return an answered call with its own parties."""
    packets = make_call(call_id(number), start_us=start_us)
    own = f"sip:{callee(number)}@".encode()
    return [one.replace(b"sip:alice@", b"sip:pagec@").replace(b"sip:bob@", own) for one in packets]


def busy_call(number: int, start_us: int) -> list[bytes]:
    """Return a call that is busy."""
    parties: Any = {"call_id": call_id(number), "from_user": "pagec", "to_user": callee(number)}
    return [
        make_packet(make_request("INVITE", **parties), time_us=start_us),
        make_packet(
            make_response(486, "Busy Here", **parties),
            time_us=start_us + SECOND,
            source="192.0.2.2",
            destination="192.0.2.1",
        ),
    ]


@pytest.fixture
def search(pages: Pages) -> Iterator[Page]:
    """The search with only these calls."""
    page = pages.blank()
    page.goto(f"/calls?from_user=pagec&{ALL}")
    found(page, COUNT)
    intercept(page)
    yield page
    page.unroute_all(behavior="ignoreErrors")


def bar(page: Page) -> Locator:
    """Return the field of the bar."""
    return page.get_by_role("combobox")


def chip(page: Page, name: str) -> Locator:
    """Return a filter that is taken."""
    return page.get_by_role("toolbar", name="Filters").get_by_role("button", name=name, exact=True)


def option(page: Page, text: str) -> Locator:
    """Return the options that are offered with a text."""
    return page.get_by_role("option").filter(has_text=text)


def found(page: Page, count: int) -> None:
    """Wait until the footer tells that so many calls match."""
    words = f"{count:,} call{'' if count == 1 else 's'},"
    expect(page.get_by_role("contentinfo")).to_contain_text(words, timeout=PATIENCE_MS)


def test_finds_a_call_by_a_fragment_of_a_number(pages: Pages) -> None:
    """From any search with the keyboard alone: type, Enter, again to the row, Enter, and back."""
    page = pages.open(f"/calls?{ALL}")
    rows(page).first.wait_for()
    page.keyboard.press("/")
    expect(bar(page)).to_be_focused()
    page.keyboard.type("5550017")
    page.keyboard.press("Enter")
    found(page, 1)
    assert "q=5550017" in page.url
    expect(bar(page)).to_have_value("")
    expect(chip(page, "words 5550017")).to_be_visible()
    page.keyboard.press("Enter")
    expect(rows(page).first).to_be_focused()
    expect(rows(page).first).to_contain_text(callee(17))
    page.keyboard.press("Enter")
    assert len(arrows(page)) == 7
    page.keyboard.press("Escape")
    expect(rows(page).first).to_be_focused()


def test_completes_field_operator_and_value_with_counts(search: Page) -> None:
    """Tab takes what is offered first, arrows choose, and values say how many calls have them."""
    bar(search).focus()
    search.keyboard.type("stat")
    expect(option(search, "status").first).to_be_visible()
    search.keyboard.press("Tab")
    expect(bar(search)).to_have_value("status ")
    search.keyboard.press("Tab")
    expect(bar(search)).to_have_value("status = ")
    expect(option(search, "486")).to_contain_text("13 calls")
    expect(option(search, "200")).to_contain_text("117 calls")
    search.keyboard.type("bus")
    expect(search.get_by_role("option").first).to_contain_text("Busy Here")
    search.keyboard.press("ArrowDown")
    active = bar(search).get_attribute("aria-activedescendant")
    expect(search.locator(f"#{active}")).to_have_attribute("aria-selected", "true")
    search.keyboard.press("Enter")
    found(search, 13)
    expect(bar(search)).to_have_value("")
    expect(bar(search)).to_be_focused()
    expect(search.get_by_role("option")).to_have_count(0)
    assert "status=486" in search.url
    search.go_back()
    found(search, COUNT)
    expect(chip(search, "Status is 486")).to_have_count(0)
    search.go_forward()
    found(search, 13)


def test_filters_are_edited_turned_round_and_removed_by_keys(search: Page) -> None:
    """Backspace goes to the last filter; ! turns it round, Enter edits it, Backspace removes it."""
    bar(search).fill("status = 486")
    bar(search).press("Enter")
    found(search, 13)
    bar(search).press("Backspace")
    expect(chip(search, "Method is INVITE")).to_be_focused()
    search.keyboard.press("ArrowLeft")
    expect(chip(search, "Status is 486")).to_be_focused()
    search.keyboard.press("!")
    found(search, 117)
    expect(chip(search, "Status is not 486")).to_be_focused()
    assert "status=%21486" in search.url
    search.keyboard.press("Enter")
    expect(bar(search)).to_have_value("status != 486")
    search.keyboard.press("Escape")
    search.keyboard.press("Escape")
    expect(bar(search)).to_have_value("")
    chip(search, "Status is not 486").focus()
    search.keyboard.press("Delete")
    found(search, COUNT)
    assert "status" not in search.url


def test_filters_are_edited_turned_round_and_removed_by_pointer(search: Page) -> None:
    """A click on a filter edits it, on its sign turns it round, on its cross removes it."""
    bar(search).fill("status is not 486")
    bar(search).press("Enter")
    found(search, 117)
    search.get_by_title("Is not; click: is").click()
    found(search, 13)
    chip(search, "Status is 486").click()
    expect(bar(search)).to_have_value("status = 486")
    bar(search).fill("status = 2*")
    bar(search).press("Enter")
    found(search, 117)
    search.get_by_role("button", name="Remove Status is 2*").click()
    found(search, COUNT)


def test_takes_what_is_pasted(search: Page) -> None:
    """Conditions of a link are filters; several values of a field are joined by or."""
    bar(search).fill("status=486&status=200")
    bar(search).press("Enter")
    found(search, COUNT)
    expect(search.get_by_text("or", exact=True)).to_be_visible()
    bar(search).fill("user_agent=!*&method=INVITE")
    bar(search).press("Enter")
    expect(chip(search, "User agent has no value")).to_be_visible()


def test_takes_numbers_and_uris_as_people_write_them(search: Page) -> None:
    """Brackets, blanks, hyphens, a whole URI: the call is found, and the words say by what."""
    for pasted, words in {
        "+49 (30) 555-0017": "49305550017",
        f"Bob <sip:{callee(17)}@example.org:5060;user=phone>;tag=1": f"{callee(17)}@example.org",
    }.items():
        bar(search).fill(pasted)
        bar(search).press("Enter")
        found(search, 1)
        search.get_by_role("button", name=f"Remove words {words}").click()
        found(search, COUNT)


def test_opens_the_call_that_a_call_id_names(pages: Pages) -> None:
    """Typed, as a header's line or as an address, whatever the range; Back is the search again."""
    page = pages.open("/calls?from_user=pagec&from=-15m")
    # An answer that takes three seconds would make it a search.
    page.evaluate("AbortSignal.timeout = () => new AbortController().signal; null")
    own = f"{urlsplit(page.url).scheme}://{urlsplit(page.url).netloc}"
    for text, tail in {
        call_id(17): "",
        f"Call-ID: {call_id(17)}": "",
        f"https://other.example/hep/calls/{quote(call_id(17), safe='')}?msg=3": "",
        f"{own}/calls/{quote(call_id(17), safe='')}?msg=3": "msg=3",
    }.items():
        bar(page).fill(text)
        bar(page).press("Enter")
        assert len(arrows(page)) == 7
        assert call_id(17) in unquote(page.url)
        assert urlsplit(page.url).query.startswith(tail or "at=")
        page.go_back()
        bar(page).wait_for()
        assert "from_user=pagec&from=-15m" in page.url
    bar(page).fill("none@nowhere.example")
    bar(page).press("Enter")
    expect(chip(page, "words none@nowhere.example")).to_be_visible()


def test_searches_by_a_form_of_all_fields(search: Page) -> None:
    """By the key of the table of keys and from the bar: the form and the chips are one search."""
    search.keyboard.press("?")
    expect(search.get_by_role("dialog", name="Keys")).to_contain_text("all fields as a form")
    search.keyboard.press("Escape")
    search.keyboard.press("a")
    form = search.get_by_role("dialog", name="All fields")
    expect(form.get_by_role("textbox", name="Words")).to_be_focused()
    expect(in_form(form, "From")).to_have_value("pagec")
    expect(in_form(form, "Method")).to_have_value("INVITE")
    in_form(form, "To").fill(f"{callee(10)}, {callee(20)}, {callee(21)}")
    in_form(form, "Status").focus()
    search.keyboard.type("200, bus")
    expect(form.get_by_role("option").first).to_contain_text("2 calls")
    search.keyboard.press("ArrowDown")
    search.keyboard.press("Enter")
    expect(in_form(form, "Status")).to_have_value("200, 486")
    search.keyboard.press("Enter")
    found(search, 3)
    expect(form).to_be_hidden()
    expect(chip(search, "Status is 486")).to_be_visible()
    assert "status=200&status=486" in search.url
    bar(search).focus()
    search.keyboard.press("Tab")
    search.keyboard.press("Enter")
    expect(in_form(form, "Status")).to_have_value("200, 486")
    in_form(form, "Status").fill("!486")
    form.get_by_role("textbox", name="Words").fill("5550021")
    form.get_by_role("button", name="Search").click()
    found(search, 1)
    expect(chip(search, "Status is not 486")).to_be_visible()
    search.go_back()
    found(search, 3)
    search.keyboard.press("a")
    form.get_by_role("button", name="Clear").click()
    expect(in_form(form, "To")).to_have_value("")
    search.keyboard.press("Escape")
    expect(form).to_be_hidden()
    found(search, 3)


def in_form(form: Locator, name: str) -> Locator:
    """Return a field of the form."""
    return form.get_by_role("combobox", name=name, exact=True)


def test_offers_examples_and_what_was_used_before(search: Page) -> None:
    """An empty field offers filters taken before and examples, and says what * and != are."""
    search.keyboard.press("/")
    expect(option(search, "status = 5*")).to_contain_text("server faults")
    expect(search.get_by_role("search").get_by_text("* stands for anything")).to_be_visible()
    search.keyboard.type("status = 486")
    search.keyboard.press("Enter")
    found(search, 13)
    chip(search, "Status is 486").press("Delete")
    found(search, COUNT)
    search.reload()
    found(search, COUNT)
    search.keyboard.press("/")
    option(search, "status = 486").click()
    found(search, 13)


def test_names_the_field_that_was_meant(search: Page) -> None:
    """A field that is none is told, what was typed stays, and the near one is a press away."""
    bar(search).fill("form_user=pagec")
    bar(search).press("Enter")
    alert = search.get_by_role("alert")
    expect(alert).to_contain_text("No field is called “form_user”. Did you mean from_user?")
    expect(bar(search)).to_have_value("form_user=pagec")
    alert.get_by_role("button", name="Use from_user").click()
    expect(bar(search)).to_have_value("from_user=pagec")


def test_completion_never_holds_up_typing(search: Page) -> None:
    """Values that never come, or cannot be had, change nothing about typing and searching."""
    search.route(VALUES, hang)
    bar(search).focus()
    search.keyboard.type("status = 4")
    expect(search.get_by_text("Looking for values …")).to_be_visible()
    expect(option(search, "begins with it")).to_be_visible()
    search.keyboard.type("86")
    expect(bar(search)).to_have_value("status = 486")
    search.keyboard.press("Enter")
    found(search, 13)
    search.unroute(VALUES)
    search.route(VALUES, refuse)
    search.keyboard.type("reason = Bu")
    expect(search.get_by_text("Values seen cannot be listed: No luck.")).to_be_visible()
    search.keyboard.type("sy*")
    search.keyboard.press("Enter")
    found(search, 13)
    expect(chip(search, "Reason is Busy*")).to_be_visible()


def hang(route: Route) -> None:
    """Never answer."""


def refuse(route: Route) -> None:
    """Answer with problem details."""
    body = json.dumps({"title": "No luck", "detail": "Not today.", "status": 503})
    route.fulfill(status=503, content_type="application/problem+json", body=body)


def test_keeps_letters_for_the_field_and_tab_for_the_page(search: Page) -> None:
    """Keys of the page rest while somebody types, and Tab leaves a field with nothing in it."""
    bar(search).focus()
    search.keyboard.type("jkrx/")
    expect(bar(search)).to_have_value("jkrx/")
    bar(search).fill("")
    search.keyboard.press("Tab")
    expect(bar(search)).not_to_be_focused()


def test_counts_outcomes_and_filters_by_them(search: Page) -> None:
    """The legend counts all outcomes; a click keeps one, Alt-click leaves it out."""
    legend = search.get_by_role("group", name="Outcomes")
    busy = legend.get_by_role("button", name="Not taken")
    expect(busy).to_contain_text("13")
    expect(legend.get_by_role("button", name="Answered", exact=False).first).to_contain_text("117")
    busy.click()
    found(search, 13)
    expect(busy).to_have_attribute("aria-pressed", "true")
    expect(legend.get_by_role("button").first).to_contain_text("117")
    busy.click()
    found(search, COUNT)
    busy.click(modifiers=["Alt"])
    found(search, 117)
    assert "outcome=%21not_taken" in search.url
    busy.press("Alt+Enter")
    found(search, COUNT)


def test_zooms_by_pointer_and_by_keys(pages: Pages) -> None:
    """A drag over the strip, or Shift with arrows and Enter, becomes the range; Back undoes it."""
    page = pages.open(
        "/calls?from_user=pagec&from=2026-11-23T08:50:00Z&to=2026-11-23T11:10:00Z&tz=UTC"
    )
    found(page, COUNT)
    strip = page.get_by_role("slider", name="Calls by outcome")
    box = strip.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 30, steps=3)
    page.mouse.up()
    expect(page.get_by_role("contentinfo")).not_to_contain_text(f"{COUNT} calls")
    assert "from=2026-11-23T09%3A4" in page.url
    page.go_back()
    found(page, COUNT)
    strip.focus()
    page.keyboard.press("Home")
    for _ in range(40):
        page.keyboard.press("Shift+ArrowRight")
    expect(strip).to_have_attribute("aria-valuetext", re.compile("Enter zooms in"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("contentinfo")).not_to_contain_text(f"{COUNT} calls")
    assert "from=2026-11-23T08%3A50" in page.url


def test_rows_do_not_wait_for_counts(search: Page) -> None:
    """Outcomes that cannot be counted are told beside the rows, which are there."""
    search.route("**/api/v1/stats/outcomes?*", refuse)
    bar(search).fill("status=486")
    bar(search).press("Enter")
    expect(search.get_by_text("Calls by outcome cannot be counted: No luck.")).to_be_visible()
    expect(rows(search).first).to_contain_text("Busy Here")
    search.unroute("**/api/v1/stats/outcomes?*")
    search.get_by_role("button", name="Try again").click()
    expect(search.get_by_role("slider", name="Calls by outcome")).to_be_visible()


def test_filters_by_values_seen(search: Page) -> None:
    """The rail counts the values of a field without its own filter; a click keeps one."""
    status = search.get_by_role("group", name="Status")
    status.get_by_role("button", name="486 Busy Here").click()
    found(search, 13)
    expect(status.get_by_role("button", name="200 OK")).to_contain_text("117")
    status.get_by_role("button", name="486 Busy Here").click(modifiers=["Alt"])
    found(search, 117)
    expect(chip(search, "Status is not 486")).to_be_visible()


def test_says_which_condition_rules_all_out(pages: Pages) -> None:
    """The one whose removal brings rows is found, with how many it brings."""
    page = pages.open(f"/calls?from_user=pagec&status=606&status=607&reason=Busy*&{ALL}")
    state = page.get_by_role("main").get_by_role("status").filter(has_text="No call matches")
    expect(state).to_contain_text("No single condition rules them out")
    page.goto(f"/calls?from_user=pagec&to_user={quote(callee(17))}&status=486&{ALL}")
    expect(state).to_contain_text("Leaving out one of these conditions brings rows")
    page.goto(f"/calls?from_user=pagec&to_user=nobody&status=486&{ALL}")
    expect(state).to_contain_text("The condition “To is nobody” rules them all out.")
    state.get_by_role("link", name="Without “To is nobody” (13)").click()
    found(page, 13)


def test_tells_what_a_link_holds_that_it_does_not_know(pages: Pages) -> None:
    """An unknown parameter, and one whose value makes no sense, are named; the rest works."""
    page = pages.open(f"/calls?from_user=pagec&{ALL}&foo=1&order=sideways&outcome=lost")
    expect(page.get_by_text("“foo”, which this version does not know")).to_be_visible()
    expect(page.get_by_text("order = “sideways”, which makes no sense")).to_be_visible()
    expect(page.get_by_text("outcome = “lost”, which makes no sense")).to_be_visible()
    found(page, COUNT)
