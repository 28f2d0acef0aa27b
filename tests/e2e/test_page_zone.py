"""The zone of the reader: chosen in the bar, followed by all times, right when clocks change."""

import re

import pytest
from playwright.sync_api import Page, expect

from support.browser import Pages, arrows, choose_range, in_page, rows
from support.builders import make_call
from support.service import Service

pytestmark = [pytest.mark.browser, pytest.mark.database]

SECOND_US = 1_000_000
DASH = "\u2013"
SPRING = "zone-spring@example.org"
AUTUMN = ("zone-autumn-1@example.org", "zone-autumn-2@example.org")
START_US = {
    # 29 March 2026 in Berlin, two seconds before 03:00 follows upon 01:59:59.
    SPRING: 1_774_745_998 * SECOND_US,
    # 25 October 2026: 02:30 comes at 00:30 UTC in summer time, and again an hour later.
    AUTUMN[0]: 1_792_888_200 * SECOND_US,
    AUTUMN[1]: 1_792_891_800 * SECOND_US,
}


@pytest.fixture(scope="module", autouse=True)
def calls(hepscope: Service) -> None:
    """A call before the gap, and two in the hour that comes twice."""
    for call_id, start_us in START_US.items():
        hepscope.send_tcp(make_call(call_id, start_us=start_us))
        hepscope.call_with(call_id, 7)


@pytest.fixture
def page(pages: Pages) -> Page:
    """The calls of both days, in a browser in Berlin."""
    return pages.open("/calls?call_id=zone-*&from=2026-01-01T00:00:00Z&to=2026-11-01T00:00:00Z")


def choose_zone(page: Page, typed: str) -> None:
    """Choose a zone with the keyboard."""
    page.get_by_role("banner").get_by_role("button", name="Time zone").click()
    page.get_by_role("combobox", name="Search a zone").fill(typed)
    page.keyboard.press("Enter")


def test_all_times_follow_the_zone_that_is_chosen(page: Page) -> None:
    """Rows, range and ladder show it at once and after a reload; a link says nothing of it."""
    expect(rows(page).filter(has_text="02:30:00.000")).to_have_count(2)
    expect(rows(page).filter(has_text="2026-03-29 01:59:58")).to_have_count(1)
    choose_zone(page, "new york")
    expect(page.get_by_role("button", name="Time zone")).to_have_text("America/New_York")
    expect(rows(page).filter(has_text="2026-10-24 20:30:00")).to_have_count(1)
    expect(rows(page).filter(has_text="2026-10-24 21:30:00")).to_have_count(1)
    expect(page.get_by_role("group", name="Time range")).to_contain_text(
        f"2025-12-31 19:00 {DASH} 2026-10-31 20:00"
    )
    assert "tz=" not in page.url
    page.reload()
    expect(rows(page).filter(has_text="2026-10-24 20:30:00")).to_have_count(1)
    page.goto(f"/calls/{AUTUMN[1]}?time=absolute")
    arrows(page)
    expect(page.get_by_role("list", name="Messages")).to_contain_text("21:30:00.000")


def test_a_call_goes_on_while_clocks_go_forward(pages: Pages) -> None:
    """The ladder's clock jumps, what lies between two messages does not."""
    page = pages.open(f"/calls/{SPRING}?time=absolute")
    assert [arrow[4] for arrow in arrows(page)][:4] == ["0.000", "0.000", "1.000", "3.000"]
    messages = page.get_by_role("list", name="Messages")
    expect(messages).to_contain_text("01:59:58.000")
    expect(messages).to_contain_text("03:00:01.000")


def test_a_link_brings_its_zone(pages: Pages) -> None:
    """``tz`` goes along from screen to screen until a zone is chosen; an unknown one is told."""
    page = pages.open("/calls?call_id=zone-*&from=2026-01-01T00:00:00Z&tz=Asia/Kolkata")
    expect(rows(page).filter(has_text="2026-10-25 06:00:00")).to_have_count(1)
    page.get_by_role("navigation", name="Screens").get_by_role("link", name="Nodes").click()
    page.wait_for_url("**/nodes?tz=Asia*")
    expect(page.get_by_role("button", name="Time zone")).to_have_text("Asia/Kolkata")
    choose_zone(page, "utc")
    page.wait_for_url("**/nodes")
    page.goto("/nodes?tz=Mars/Olympus")
    expect(page.get_by_text("tz = “Mars/Olympus”, which makes no sense")).to_be_visible()
    expect(page.get_by_role("button", name="Time zone")).to_have_text("UTC")


def test_a_zone_is_found_by_its_other_names(page: Page) -> None:
    """Browsers list Calcutta only; who types Kolkata finds it, and who types nonsense is told."""
    page.get_by_role("banner").get_by_role("button", name="Time zone").click()
    field = page.get_by_role("combobox", name="Search a zone")
    field.fill("olympus")
    expect(page.get_by_text("No zone is called so.")).to_be_visible()
    field.fill("kolkata")
    expect(page.get_by_role("option", name="Asia/Kolkata UTC+05:30")).to_be_visible()
    page.keyboard.press("Escape")
    expect(field).to_be_hidden()
    expect(page.get_by_role("button", name="Time zone")).to_have_text("Europe/Berlin")


def test_the_range_says_what_it_does_when_clocks_change(page: Page) -> None:
    """A time that never was, and one that was twice: what is meant stands below the field."""
    page.keyboard.press("t")
    panel = page.get_by_role("dialog", name="Time range")
    start = panel.get_by_role("textbox", name="From", exact=True)
    start.fill("2026-03-29 02:30")
    expect(panel).to_contain_text("never showed this; 03:30 UTC+02:00 is meant")
    start.fill("2026-10-25 02:30")
    expect(panel).to_contain_text("The first, UTC+02:00, is meant")
    expect(panel).to_contain_text("write 2026-10-25T02:30:00+01:00")
    page.keyboard.press("Escape")
    choose_range(page, "2026-10-25 02:30", "2026-10-25 03:00")
    expect(rows(page)).to_have_count(2)
    choose_range(page, "2026-10-25T02:30:00+01:00", "2026-10-25 03:00")
    expect(rows(page)).to_have_count(1)
    expect(rows(page).get_by_role("link")).to_have_attribute(
        "href", re.compile("^/calls/zone-autumn-2%40")
    )


def test_wall_clocks_and_moments(page: Page) -> None:
    """The arithmetic alone: gap, overlap, day boundaries, and zones of half an hour."""

    def moment(wall: str) -> list[object]:
        found = in_page(page, "zone.js", f"m.momentOf(Date.parse('{wall}Z'))")
        return [in_page(page, "times.js", f"m.zonedIso({found['ms']})"), found["kind"]]

    assert moment("2026-03-29T01:59:59") == ["2026-03-29T01:59:59.000+01:00", "plain"]
    assert moment("2026-03-29T02:30:00") == ["2026-03-29T03:30:00.000+02:00", "gap"]
    assert moment("2026-03-29T03:00:00") == ["2026-03-29T03:00:00.000+02:00", "plain"]
    assert moment("2026-10-25T02:30:00") == ["2026-10-25T02:30:00.000+02:00", "overlap"]
    assert moment("2026-10-25T03:00:00") == ["2026-10-25T03:00:00.000+01:00", "plain"]
    ticks = "m.timeTicks({{startMs: Date.parse('{}T00:00:00{}'), stepMs: 3_600_000, count: {}}}, 5)"
    spring = in_page(page, "charts/bins.js", ticks.format("2026-03-29", "+01:00", 23))
    assert [tick["label"] for tick in spring] == ["29 Mar", "06:00", "12:00", "18:00", "30 Mar"]
    assert [tick["at"] for tick in spring] == [0, 5, 11, 17, 23]
    autumn = in_page(page, "charts/bins.js", ticks.format("2026-10-25", "+02:00", 25))
    assert [tick["at"] for tick in autumn] == [0, 7, 13, 19, 25]
    choose_zone(page, "asia/kathmandu")
    assert moment("2026-07-01T00:00:00") == ["2026-07-01T00:00:00.000+05:45", "plain"]


def test_a_header_that_is_no_date_tells_no_time(page: Page) -> None:
    """Browsers make a date of nearly anything; the clock of this device is believed then."""
    for text in ("-1", "yesterday 1", "Sat, 13 Sep 275760 00:00:00 GMT", ""):
        heard = f"m.hearClock(new Response('', {{ headers: {{ Date: '{text}' }} }}), 0)"
        assert abs(in_page(page, "clock.js", f"({heard}, m.now() - Date.now())")) < 60_000


def test_what_people_type_is_understood(page: Page) -> None:
    """Times of today, of yesterday, of any day, exact ones, and distances from now."""
    now = "2026-11-24T12:00:00Z"
    for typed, moment in {
        "-3h": "-3h",
        "90 min ago": "-90m",
        "now": "",
        "12:59": "2026-11-24T11:59:00.000Z",
        "14:05": "2026-11-23T13:05:00.000Z",
        "today 14:05": "2026-11-24T13:05:00.000Z",
        "yesterday 14:00": "2026-11-23T13:00:00.000Z",
        "yesterday": "2026-11-22T23:00:00.000Z",
        "2026-11-23 14:05:10": "2026-11-23T13:05:10.000Z",
        "2026-11-23T14:05:10.250": "2026-11-23T13:05:10.250Z",
        "2026-11-23T14:05:10+05:30": "2026-11-23T14:05:10+05:30",
        "2026-02-30": None,
        "25:00": None,
        "soon": None,
        "": None,
    }.items():
        read = f"m.readTyped({typed!r}, Date.parse('{now}'))?.moment ?? null"
        assert in_page(page, "range/typed.js", read) == moment, typed


def test_a_range_fits_what_is_there(page: Page) -> None:
    """The shortest usual one that reaches back to the oldest of the last day."""
    fits = {
        0: "-15m",
        15: "-15m",
        16: "-1h",
        62: "-90m",
        90: "-90m",
        91: "-3h",
        300: "-6h",
        1439: "-24h",
        1e5: "-24h",
    }
    for minutes, start in fits.items():
        fitting = f"m.fittingRange(1e12 - {minutes} * 60_000, 1e12)"
        assert in_page(page, "range.js", fitting) == start
