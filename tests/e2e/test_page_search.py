"""The search for calls in Chromium: fields, words, range, order, paging, keys and the URL."""

import re

import pytest
from playwright.sync_api import Page, expect

from support.browser import Pages, rows
from support.builders import BASE_US, make_call, make_packet, make_request, make_response
from support.service import Service

pytestmark = [pytest.mark.browser, pytest.mark.database]

COUNT = 130
SECOND = 1_000_000
ALL = "from=2000-01-01T00:00:00Z"
"""The built calls have a fixed date."""

MARK = "page-search"
NEWEST = COUNT - 1


@pytest.fixture(scope="module", autouse=True)
def calls(hepscope: Service) -> None:
    """130 calls a minute apart, of the user pagec: every tenth is busy, others are answered."""
    for number in range(COUNT):
        start = BASE_US + number * 60 * SECOND
        hepscope.send_tcp(busy_call(number, start) if number % 10 == 0 else call(number, start))
    hepscope.call_with(call_id(NEWEST), 7)
    hepscope.call_with(call_id(120), 2)


def call_id(number: int) -> str:
    """Return the Call-ID of a call."""
    return f"{MARK}-{number}@example.org"


def call(number: int, start_us: int) -> list[bytes]:
    """Return an answered call with its own parties."""
    packets = make_call(call_id(number), start_us=start_us)
    return [one.replace(b"sip:alice@", b"sip:pagec@") for one in packets]


def busy_call(number: int, start_us: int) -> list[bytes]:
    """Return a call that is busy."""
    name = call_id(number)
    invite = make_request("INVITE", name, from_user="pagec", to_user="busy")
    busy = make_response(486, "Busy Here", call_id=name, from_user="pagec", to_user="busy")
    return [
        make_packet(invite, time_us=start_us),
        make_packet(busy, time_us=start_us + SECOND, source="192.0.2.2", destination="192.0.2.1"),
    ]


@pytest.fixture
def search(pages: Pages) -> Page:
    """The search with only these calls."""
    page = pages.open(f"/calls?from_user=pagec&{ALL}")
    rows(page).first.wait_for()
    return page


def test_shows_a_call_in_a_row(search: Page) -> None:
    """State in a word, status with its phrase, parties, way, waiting and talking."""
    row = rows(search).first
    for text in ("completed", "200", "OK", "pagec", "bob", "192.0.2.1:5060 → 192.0.2.2:5060"):
        expect(row).to_contain_text(text)
    expect(row.get_by_role("gridcell").nth(7)).to_have_text("1.00")
    expect(row.get_by_role("gridcell").nth(8)).to_have_text("10.0 s")


def test_comes_newest_first_in_pages(search: Page) -> None:
    """The first hundred, then the rest on request; the footer counts."""
    expect(rows(search)).to_have_count(100)
    expect(search.get_by_role("contentinfo")).to_contain_text("100 calls, newest first, more below")
    search.get_by_role("button", name="Show more calls").click()
    expect(rows(search)).to_have_count(COUNT)
    expect(search.get_by_role("contentinfo")).to_contain_text("130 calls, newest first, all")
    expect(search.get_by_role("button", name="Show more calls")).to_have_count(0)
    links = rows(search).get_by_role("link").evaluate_all("links => links.map(one => one.pathname)")
    found = [int(re.sub(r".*search-(\d+).*", r"\1", link)) for link in links]
    assert found == list(reversed(range(COUNT)))


def test_turns_the_order_round(search: Page) -> None:
    """The head of the first column turns the order, which the link keeps."""
    search.get_by_role("button", name="Started ↓").click()
    expect(rows(search).first).to_contain_text("486")
    assert "order=time" in search.url
    expect(search.get_by_role("contentinfo")).to_contain_text("oldest first")


def test_filters_by_field_and_goes_back(search: Page) -> None:
    """A field narrows; Back brings the search before, with its rows, and Forward this one."""
    search.get_by_label("Status").fill("4*")
    search.get_by_label("Status").press("Enter")
    expect(rows(search)).to_have_count(13)
    assert "status=4*" in search.url or "status=4%2A" in search.url
    search.go_back()
    expect(rows(search)).to_have_count(100)
    expect(search.get_by_label("Status")).to_have_value("")
    search.go_forward()
    expect(rows(search)).to_have_count(13)
    expect(search.get_by_label("Status")).to_have_value("4*")


def test_filters_by_state_at_once(search: Page) -> None:
    """Choosing a state searches without another click."""
    search.get_by_label("State").select_option("failed")
    expect(rows(search)).to_have_count(13)
    expect(rows(search).first).to_contain_text("Busy Here")


def test_finds_by_words(search: Page) -> None:
    """Free words find a call by its Call-ID, pasted whole."""
    box = search.get_by_role("searchbox")
    box.fill(call_id(17))
    search.get_by_role("button", name="Search").click()
    expect(rows(search)).to_have_count(1)
    expect(rows(search).get_by_role("link")).to_have_attribute(
        "href", re.compile(r"^/calls/page-search-17%40example\.org")
    )


def test_takes_a_range_in_local_time(search: Page) -> None:
    """From and to are the reader's wall clock; the URL and the question are in UTC."""
    # 08:53:20 UTC is 09:53:20 in Berlin in November: calls 10 to 19 begin in these ten minutes.
    search.get_by_label("from", exact=True).fill("2026-11-23T10:03:20")
    search.get_by_label("to", exact=True).fill("2026-11-23T10:13:20")
    search.get_by_role("button", name="Search").click()
    expect(rows(search)).to_have_count(10)
    assert "from=2026-11-23T09%3A03%3A20.000Z" in search.url
    search.reload()
    expect(rows(search)).to_have_count(10)
    expect(search.get_by_label("from", exact=True)).to_have_value("2026-11-23T10:03:20")


def test_opens_a_call_and_returns_to_the_same_rows(search: Page) -> None:
    """A click opens; Back shows the same rows and selection, without asking again."""
    search.get_by_role("button", name="Show more calls").click()
    expect(rows(search)).to_have_count(COUNT)
    rows(search).nth(110).click()
    expect(search.get_by_role("list", name="Messages")).to_be_visible()
    asked: list[str] = []
    search.on("request", lambda request: asked.append(request.url))
    search.go_back()
    expect(rows(search)).to_have_count(COUNT)
    expect(rows(search).nth(110)).to_have_attribute("aria-selected", "true")
    expect(rows(search).nth(110)).to_be_in_viewport()
    assert not [url for url in asked if "/api/" in url]


def test_is_driven_by_keys(search: Page) -> None:
    """/ goes to the words, Escape leaves them, j and k move, Enter opens, Escape returns."""
    search.keyboard.press("/")
    expect(search.get_by_role("searchbox")).to_be_focused()
    search.keyboard.press("Escape")
    for key, number in [("j", 0), ("j", 1), ("ArrowDown", 2), ("k", 1)]:
        search.keyboard.press(key)
        expect(rows(search).nth(number)).to_be_focused()
    assert f"sel={MARK}-{NEWEST - 1}" in search.url
    search.keyboard.press("Enter")
    expect(search.get_by_role("list", name="Messages")).to_be_visible()
    search.keyboard.press("Escape")
    expect(rows(search).nth(1)).to_be_focused()


def test_keeps_letters_for_the_field(search: Page) -> None:
    """Keys of the page rest while somebody types."""
    search.get_by_label("From", exact=True).fill("")
    search.get_by_label("From", exact=True).press_sequentially("jkr/")
    expect(search.get_by_label("From", exact=True)).to_have_value("jkr/")
    expect(rows(search)).to_have_count(100)


def test_tells_what_a_link_holds_that_it_does_not_know(pages: Pages) -> None:
    """An unknown parameter, and one whose value makes no sense, are named; the rest works."""
    page = pages.open(f"/calls?from_user=pagec&{ALL}&foo=1&order=sideways")
    expect(page.get_by_text("“foo”, which this version does not know")).to_be_visible()
    expect(page.get_by_text("order = “sideways”, which makes no sense")).to_be_visible()
    expect(rows(page)).to_have_count(100)


def test_lists_nodes_and_registrations(pages: Pages) -> None:
    """The other screens are lists; the node that sent the calls is in its one."""
    page = pages.open("/nodes")
    expect(rows(page, "Nodes").filter(has_text="7").first).to_be_visible()
    page.get_by_role("link", name="Registrations").click()
    expect(page).to_have_title("Registrations · hepscope")
