"""The grid of calls in Chromium: many rows, columns, ticks, cells, new rows, failures, a phone."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from support.browser import PATIENCE_MS, PHONE, Pages, in_page, intercept, rows
from support.builders import BASE_US, make_call
from support.service import Service

pytestmark = [pytest.mark.browser, pytest.mark.database]

MARK = "page-grid"
COUNT = 12
LOOKS_MS = 5_000
"""How often the grid looks for new calls."""
SECOND = 1_000_000
LIST = re.compile(r"/api/v1/calls\?")
MANY = 10_000


@pytest.fixture(scope="module", autouse=True)
def calls(hepscope: Service) -> None:
    """Twelve calls a minute apart."""
    for number in range(COUNT):
        hepscope.send_tcp(call(number))
    for number in range(COUNT):
        # Each came by a connection of its own: none has to be there before another.
        hepscope.call_with(call_id(number), 7)


def call_id(number: int) -> str:
    """Return the Call-ID of a call."""
    return f"{MARK}-{number}@example.org"


def call(number: int) -> list[bytes]:
    """Return a call of pageg."""
    packets = make_call(call_id(number), start_us=BASE_US + number * 60 * SECOND)
    return [one.replace(b"sip:alice@", b"sip:pageg@") for one in packets]


@pytest.fixture
def grid(pages: Pages) -> Iterator[Page]:
    """The grid with only these calls, as new ones may come."""
    page = pages.blank()
    page.goto("/calls?from_user=pageg&from=2000-01-01T00:00:00Z")
    expect(rows(page)).to_have_count(COUNT)
    intercept(page)
    yield page
    page.unroute_all(behavior="ignoreErrors")


def generated(number: int) -> dict[str, Any]:
    """Return a call as the API answers it."""
    endpoint = {"ip": "192.0.2.1", "port": 5060}
    seconds = MANY - number
    return {
        **dict.fromkeys(("answered_at", "ended_at", "ruri_user", "ruri_domain", "user_agent")),
        **dict.fromkeys(("worst_mos", "worst_loss", "worst_jitter_ms"), 3.1),
        "call_id": f"made-{number}",
        "method": "INVITE",
        "status": 503,
        "reason": "No",
        "state": "failed",
        "outcome": "fault",
        "pdd_ms": 3500.0,
        "duration_s": None,
        "from_user": f"+49{number}",
        "from_domain": "a",
        "to_user": "b",
        "to_domain": "c",
        "source": endpoint,
        "destination": endpoint,
        "message_count": 3,
        "nodes": ["n"],
        "started_at": f"2026-11-23T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}Z",
    }


def many(route: Route) -> None:
    """Answer a page of generated calls."""
    query = parse_qs(urlsplit(route.request.url).query)
    first = int(query.get("cursor", ["0"])[0])
    end = min(first + int(query["limit"][0]), MANY)
    items = [generated(number) for number in range(first, end)]
    route.fulfill(json={"items": items, "next_cursor": str(end) if end < MANY else None})


def test_holds_ten_thousand_rows_of_which_few_are_drawn(pages: Pages) -> None:
    """End loads and shows the last; few rows are drawn, their numbers are true; Home is back."""
    page = pages.blank()
    page.route(LIST, many)
    page.goto("/calls?to=2100-01-01T00:00:00Z")
    rows(page).first.wait_for()
    page.keyboard.press("j")
    page.keyboard.press("End")
    last = page.locator(f"tr[aria-rowindex='{MANY + 1}']")
    expect(last).to_be_focused(timeout=PATIENCE_MS)
    expect(last).to_be_in_viewport()
    expect(last).to_contain_text(f"+49{MANY - 1}")
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", str(MANY + 1))
    assert rows(page).count() < 100
    page.keyboard.press("PageUp")
    expect(page.locator("tr:focus")).to_be_in_viewport()
    page.keyboard.press("Home")
    expect(rows(page).first).to_be_focused()
    expect(rows(page).first.get_by_role("gridcell").filter(has_text="↑ 3.50")).to_be_visible()
    expect(page.get_by_role("contentinfo")).to_contain_text("10,000 calls, newest first, all")
    page.unroute_all(behavior="ignoreErrors")


def test_ticks_ranges_and_merges_them_into_one_ladder(grid: Page) -> None:
    """The key x ticks, Shift and arrows tick on, the foot counts, m opens them together."""
    grid.keyboard.press("j")
    grid.keyboard.press("m")
    expect(grid.get_by_role("contentinfo")).to_contain_text("Tick two calls or more")
    grid.keyboard.press("x")
    grid.keyboard.press("Shift+ArrowDown")
    grid.keyboard.press("Shift+ArrowDown")
    expect(grid.get_by_role("contentinfo")).to_contain_text("3 ticked")
    expect(rows(grid).nth(2).get_by_role("checkbox")).to_have_attribute("aria-checked", "true")
    rows(grid).nth(5).locator(".mark").click()
    expect(grid.get_by_role("contentinfo")).to_contain_text("4 ticked")
    rows(grid).nth(5).locator(".mark").click()
    grid.keyboard.press("m")
    first, *others = (call_id(number).replace("@", "%40") for number in (9, 10, 11))
    expect(grid).to_have_url(re.compile(f"/calls/{first}\\?.*with={others[0]}&with={others[1]}"))
    grid.go_back()
    expect(grid.get_by_role("contentinfo")).to_contain_text("3 ticked")


def test_keeps_or_leaves_out_the_value_of_a_cell(grid: Page) -> None:
    """Arrows go to a cell, f keeps its value and F leaves it out; without a cell it says how."""
    grid.keyboard.press("j")
    grid.keyboard.press("f")
    expect(grid.get_by_role("contentinfo")).to_contain_text("Choose a cell first")
    for _ in range(3):
        grid.keyboard.press("ArrowRight")
    expect(grid.locator("td:focus")).to_have_text(re.compile("^bob"))
    grid.keyboard.press("f")
    expect(grid).to_have_url(re.compile("to_user=bob"))
    rows(grid).first.locator(".status-cell").click()
    grid.keyboard.press("F")
    # Other tests have calls of bob with other codes, or have not.
    expect(grid).to_have_url(re.compile("status=%21200"))
    expect(rows(grid).locator(".status-cell").filter(has_text="200")).to_have_count(0)


def test_columns_are_chosen_ordered_sized_and_kept(grid: Page) -> None:
    """By keyboard in the menu, and by pointer in the head; a reload finds them again."""
    grid.get_by_role("button", name="Columns").press("Enter")
    menu = grid.get_by_role("dialog", name="Columns")
    menu.get_by_label("Talk", exact=True).press("Space")
    menu.get_by_label("Call-ID", exact=True).press("Space")
    expect(grid.get_by_role("columnheader", name="Talk")).to_have_count(0)
    menu.get_by_role("button", name="Call-ID: earlier").press("Enter")
    expect(menu.get_by_role("button", name="Call-ID: earlier")).to_be_focused()
    menu.get_by_role("button", name="Call-ID: wider").press("Enter")
    grid.keyboard.press("Escape")
    heads = grid.get_by_role("columnheader")
    expect(heads.nth(-2)).to_contain_text("Call-ID")
    box = heads.nth(2).locator(".resize").bounding_box()
    assert box is not None
    grid.mouse.move(box["x"] + 3, box["y"] + 6)
    grid.mouse.down()
    grid.mouse.move(box["x"] + 63, box["y"] + 6, steps=3)
    grid.mouse.up()
    width = heads.nth(2).bounding_box()
    grid.reload()
    expect(heads.nth(-2)).to_contain_text("Call-ID")
    after = heads.nth(2).bounding_box()
    assert width is not None
    assert after is not None
    assert after["width"] == width["width"]
    expect(rows(grid).first).to_contain_text(call_id(COUNT - 1))


def test_peeks_and_opens_by_double_click_and_comes_back(grid: Page) -> None:
    """Space shows facts, Escape closes them; Back has the same row and asks for no calls again."""
    rows(grid).nth(4).locator(".from").click()
    expect(rows(grid).nth(4)).to_have_attribute("aria-selected", "true")
    grid.keyboard.press("Space")
    facts = grid.get_by_role("complementary", name="Selected call")
    expect(facts).to_contain_text(call_id(COUNT - 5))
    grid.keyboard.press("j")
    expect(facts).to_contain_text(call_id(COUNT - 6))
    grid.keyboard.press("Escape")
    expect(facts).to_be_hidden()
    rows(grid).nth(5).locator(".from").dblclick()
    expect(grid.get_by_role("list", name="Messages")).to_be_visible()
    asked: list[str] = []
    grid.on("request", lambda request: asked.append(request.url))
    grid.go_back()
    expect(rows(grid).nth(5)).to_be_focused()
    # To look for newer calls, as it does from time to time, is another question.
    assert not [url for url in asked if LIST.search(url) and "start=2000" in url]


def test_old_rows_stay_when_a_search_fails(grid: Page) -> None:
    """The failure stands above the rows; trying again shows the new ones."""
    # By itself it is not asked again: until the reader asks, the failure stands.
    grid.route(LIST, lambda route: route.fulfill(status=504, body="no"))
    grid.keyboard.press("r")
    expect(grid.get_by_role("alert")).to_contain_text("The search failed")
    expect(rows(grid)).to_have_count(COUNT)
    grid.unroute(LIST)
    grid.get_by_role("alert").get_by_role("button", name="Try").first.click()
    expect(grid.get_by_role("alert")).to_have_count(0)
    expect(rows(grid)).to_have_count(COUNT)


def test_new_calls_wait_in_the_foot(pages: Pages, hepscope: Service) -> None:
    """What came since is counted, and loaded by r; by themselves where that is chosen, and kept."""
    first, second, third = (
        [one.replace(b"sip:pageg@", b"sip:pagen@") for one in call(number)]
        for number in (90, 91, 92)
    )
    hepscope.send_tcp(first)
    hepscope.call_with(call_id(90), 7)
    page = pages.blank()
    page.clock.install()
    page.goto("/calls?from_user=pagen&from=2000-01-01T00:00:00Z")
    expect(rows(page)).to_have_count(1)
    hepscope.send_tcp(second)
    hepscope.call_with(call_id(91), 7)
    page.clock.fast_forward(LOOKS_MS)
    newer = page.get_by_role("contentinfo").get_by_role("button", name="1 new")
    expect(newer).to_be_visible()
    expect(rows(page)).to_have_count(1)
    page.keyboard.press("r")
    expect(rows(page)).to_have_count(2)
    expect(newer).to_be_hidden()
    follow = page.get_by_role("contentinfo").get_by_label("new ones by themselves")
    follow.check()
    page.reload()
    expect(follow).to_be_checked()
    expect(rows(page)).to_have_count(2)
    hepscope.send_tcp(third)
    hepscope.call_with(call_id(92), 7)
    page.clock.fast_forward(LOOKS_MS)
    expect(rows(page)).to_have_count(3)
    expect(newer).to_be_hidden()


def test_a_phone_has_two_lines_a_row_and_filters_in_a_sheet(pages: Pages) -> None:
    """Rows of 56, a tap opens, the values seen come up from below."""
    page = pages.open(
        "/calls?from_user=pageg&from=2000-01-01T00:00:00Z", viewport=PHONE, has_touch=True
    )
    row = rows(page).first
    box = row.bounding_box()
    assert box is not None
    assert box["height"] == 56
    for button in page.get_by_role("toolbar", name="Filters").locator("button").all():
        target = button.bounding_box()
        assert target is not None
        assert target["height"] >= 44
    page.get_by_role("button", name="Filters").tap()
    sheet = page.get_by_role("complementary", name="Values seen")
    sheet.get_by_role("button", name="200 OK").tap()
    expect(page).to_have_url(re.compile("status=200"))
    page.keyboard.press("Escape")
    row.tap()
    expect(page.get_by_role("list", name="Messages")).to_be_visible()


def test_takes_ticked_calls_out_together(grid: Page, hepscope: Service) -> None:
    """One capture, one text and one CSV of what is ticked; the capture is that of the API."""
    for number in (2, 0):
        rows(grid).nth(number).locator(".mark").click()
    grid.get_by_role("button", name="Export").click()
    menu = grid.get_by_role("dialog", name="Export")
    link = menu.get_by_role("link", name="PCAP of 2 ticked calls")
    query = parse_qs(urlsplit(link.get_attribute("href") or "").query)
    assert query["with"] == [call_id(COUNT - 3)]
    with grid.expect_download() as download:
        link.click()
    exported = download.value.path().read_bytes()
    assert exported.count(b"INVITE sip:") == 2 * hepscope.export(call_id(0), "pcap").count(
        b"INVITE sip:"
    )
    grid.get_by_role("button", name="Export").click()
    with grid.expect_download() as download:
        menu.get_by_role("button", name="CSV of 2 ticked calls").click()
    lines = download.value.path().read_text("utf-8-sig").splitlines()
    assert len(lines) == 3
    assert all("pageg" in line for line in lines[1:])
    # The Call-ID is among them though its column is not shown.
    assert [line.rpartition(",")[2] for line in lines] == [
        *("Call-ID", call_id(COUNT - 1), call_id(COUNT - 3))
    ]
    grid.get_by_role("button", name="Export").click()
    with grid.expect_download() as download:
        menu.get_by_role("link", name="Text of 2 ticked calls").click()
    text = download.value.path().read_text()
    for number in (COUNT - 1, COUNT - 3):
        assert text.count(f"Call-ID: {call_id(number)}") == 7


def test_ticks_stay_while_rows_are_asked_for_again(grid: Page) -> None:
    """A reload by r and the other order keep what is ticked; untick clears it."""
    rows(grid).nth(1).locator(".mark").click()
    foot = grid.get_by_role("contentinfo")
    grid.keyboard.press("r")
    expect(foot).to_contain_text("1 ticked")
    order = grid.get_by_role("columnheader", name="Time").get_by_role("button")
    order.press("Enter")
    # Its head has the focus still, though the rows are others.
    expect(order).to_have_text("Time ↑")
    expect(grid.locator("tr.ticked")).to_have_attribute("aria-rowindex", str(COUNT))
    expect(order).to_be_focused()
    expect(grid.locator("tr.ticked")).to_contain_text(re.compile("pageg"))
    expect(grid.locator("tr.ticked")).to_have_attribute("aria-rowindex", str(COUNT))
    foot.get_by_role("button", name="untick").click()
    expect(grid.locator("tr.ticked")).to_have_count(0)
    expect(foot.get_by_role("button", name="untick")).to_be_hidden()


def test_a_head_is_dragged_to_another_place(grid: Page) -> None:
    """Let go over another head, a column takes its place, and it is kept."""
    heads = grid.get_by_role("columnheader")
    source, target = heads.filter(has_text="PDD").bounding_box(), heads.nth(2).bounding_box()
    assert source is not None
    assert target is not None
    grid.mouse.move(source["x"] + 12, source["y"] + 12)
    grid.mouse.down()
    grid.mouse.move(target["x"] + 12, target["y"] + 12, steps=4)
    grid.mouse.up()
    expect(heads.nth(2)).to_contain_text("PDD")
    expect(rows(grid).first.get_by_role("gridcell").nth(2)).to_have_class(re.compile("number"))
    grid.reload()
    expect(heads.nth(2)).to_contain_text("PDD")


def test_csv_holds_no_formula(grid: Page) -> None:
    """A cell that a spreadsheet would compute is guarded; a number is not; times have an offset."""
    made = in_page(
        grid,
        "calls/csv.js",
        """m.csvOf([{v: "=1+2"}, {v: "+4930"}, {v: "@x"}, {v: "-2+3"}, {v: 'a"b,c'},
        {v: "2026-07-01T12:00:00.000250Z"}], [{label: "V", text: (row) => row.v}])""",
    )
    assert made.split("\r\n") == [
        *("V", "'=1+2", "+4930", "'@x", "'-2+3", '"a""b,c"'),
        *("2026-07-01T14:00:00.000250+02:00", ""),
    ]
