"""What stands around every screen: the bar and its menus, keys and their table, theme, links."""

import re
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from support.browser import PHONE, Pages, in_page, rows
from support.builders import BASE_US, make_call
from support.service import Service

pytestmark = [pytest.mark.browser, pytest.mark.database]

GROUNDS = {"light": "rgb(245, 246, 248)", "dark": "rgb(13, 16, 21)"}


@pytest.fixture(scope="module", autouse=True)
def call(hepscope: Service) -> None:
    """One call, so that no screen is that of a first start."""
    hepscope.send_tcp(make_call("page-shell@example.org", start_us=BASE_US))
    hepscope.call_with("page-shell@example.org", 7)


@pytest.fixture
def page(pages: Pages) -> Page:
    """The screen of calls."""
    page = pages.open("/calls?from=2026-11-23T08:00:00Z&to=2026-11-23T10:00:00Z")
    page.get_by_role("search").first.wait_for()
    return page


def keys(page: Page) -> Locator:
    """Return the table of keys."""
    return page.get_by_role("dialog", name="Keys")


def ground(page: Page) -> str:
    """Return the colour behind everything."""
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def test_one_table_tells_what_every_key_does(page: Page) -> None:
    """Of the screen and of all screens; Escape closes it and nothing else."""
    page.keyboard.press("?")
    expect(keys(page).get_by_role("table", name="On this screen: Calls")).to_contain_text("/")
    everywhere = keys(page).get_by_role("table", name="Everywhere")
    expect(everywhere.get_by_role("row").filter(has_text="go to nodes")).to_contain_text("gn")
    page.keyboard.press("g")
    page.keyboard.press("n")
    expect(keys(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(keys(page)).to_have_count(0)
    page.keyboard.press("F1")
    expect(keys(page)).to_be_visible()
    keys(page).get_by_role("button", name="Close").click()
    page.get_by_role("banner").get_by_role("button", name="Keys").click()
    expect(keys(page)).to_be_visible()
    page.goto("/calls/not-stored@keys.example")
    page.get_by_role("heading", name="This call is not stored").wait_for()
    page.keyboard.press("?")
    of_call = keys(page).get_by_role("table", name="On this screen: Call", exact=True)
    neighbours = of_call.get_by_role("row").filter(has_text="call of the search")
    expect(neighbours).to_contain_text("[ ]")


@pytest.mark.parametrize(
    ("letter", "path"),
    [("o", "overview"), ("r", "registrations"), ("n", "nodes"), ("l", "live"), ("c", "calls")],
)
def test_two_keys_go_to_a_screen(page: Page, letter: str, path: str) -> None:
    """After the first the foot tells the second; a wrong one does nothing."""
    # However late the second key of a busy machine comes, the first one stands.
    page.evaluate("globalThis.setTimeout = () => 0; null")
    page.keyboard.press("g")
    foot = page.get_by_role("contentinfo")
    expect(foot).to_contain_text("go to registrations")
    page.keyboard.press("q")
    expect(foot).not_to_contain_text("go to registrations")
    page.keyboard.press("g")
    page.keyboard.press(letter)
    page.wait_for_url(f"**/{path}*")
    current = page.get_by_role("navigation", name="Screens").locator("[aria-current=page]")
    expect(current).to_have_text(path.capitalize())


def test_single_keys_can_be_turned_off(page: Page) -> None:
    """For who speaks to the computer (WCAG 2.1.4); kept, and what is no character goes on."""
    page.keyboard.press("?")
    keys(page).get_by_role("checkbox", name="Single keys act").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    page.get_by_role("search").first.wait_for()
    for key in ("g", "n", "t", "?"):
        page.keyboard.press(key)
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert urlsplit(page.url).path == "/calls"
    page.keyboard.press("F1")
    keys(page).get_by_role("checkbox", name="Single keys act").check()
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    expect(page.get_by_role("dialog", name="Time range")).to_be_visible()


def test_the_theme_is_chosen_and_kept(page: Page) -> None:
    """Against the system's, at once, and after a reload before anything is painted."""
    page.emulate_media(color_scheme="light")
    assert ground(page) == GROUNDS["light"]
    page.get_by_role("group", name="Theme").get_by_role("radio", name="Dark").check()
    assert ground(page) == GROUNDS["dark"]
    page.route("**/js/main.js", lambda route: route.abort())
    page.reload(wait_until="domcontentloaded")
    assert ground(page) == GROUNDS["dark"]
    page.unroute("**/js/main.js")
    page.reload()
    expect(page.get_by_role("radio", name="Dark")).to_be_checked()
    page.get_by_role("radio", name="As the system").check()
    assert ground(page) == GROUNDS["light"]
    page.emulate_media(color_scheme="dark")
    assert ground(page) == GROUNDS["dark"]


def test_a_copied_link_means_the_same_tomorrow(page: Page) -> None:
    """Its times are fixed and its zone is named."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/calls?from=-6h&q=49")
    page.get_by_role("search").first.wait_for()
    page.keyboard.press("y")
    expect(page.get_by_role("contentinfo")).to_contain_text("The link is copied")
    query = parse_qs(urlsplit(page.evaluate("navigator.clipboard.readText()")).query)
    assert query["tz"] == ["Europe/Berlin"]
    assert query["q"] == ["49"]
    assert query["from"][0].endswith("Z")


def test_a_range_moves_by_its_width_and_widens(page: Page) -> None:
    """Back, forward, twice as long; usual ones by the keyboard."""
    group = page.get_by_role("group", name="Time range")
    expect(group).to_contain_text("2026-11-23 09:00 \u2013 11:00")
    group.get_by_role("button", name="Earlier, by as much").click()
    expect(group).to_contain_text("2026-11-23 07:00 \u2013 09:00")
    group.get_by_role("button", name="Later, by as much").click()
    group.get_by_role("button", name="Twice as long").click()
    expect(group).to_contain_text("2026-11-23 08:00 \u2013 12:00")
    page.keyboard.press("t")
    panel = page.get_by_role("dialog", name="Time range")
    panel.get_by_role("button", name="Last 15 minutes").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(group).to_contain_text("Last hour")
    page.wait_for_url("**from=-1h*")
    group.get_by_role("button", name="Earlier, by as much").click()
    group.get_by_role("button", name="Later, by as much").click()
    expect(group).to_contain_text("Last hour")


def test_a_range_that_makes_no_sense_is_told_where_it_is_typed(page: Page) -> None:
    """Nothing is asked for, and what was typed stays."""
    page.keyboard.press("t")
    panel = page.get_by_role("dialog", name="Time range")
    start = panel.get_by_role("textbox", name="From", exact=True)
    end = panel.get_by_role("textbox", name="To", exact=True)
    for typed, until, words in (
        ("soon", "now", "Not understood"),
        ("", "now", "needs a begin"),
        ("2026-11-23 14:00", "2026-11-23 13:00", "ends before it begins"),
    ):
        start.fill(typed)
        end.fill(until)
        page.keyboard.press("Enter")
        expect(panel).to_contain_text(words)
    expect(start).to_have_value("2026-11-23 14:00")


def test_a_phone_has_it_all_behind_one_button(pages: Pages) -> None:
    """Screens, keys, theme and zone, each large enough for a thumb; nothing scrolls sideways."""
    page = pages.open("/nodes", viewport=PHONE, has_touch=True)
    banner = page.get_by_role("banner")
    expect(banner.get_by_role("link", name="Calls")).to_be_hidden()
    banner.get_by_role("button", name="Menu").click()
    targets = banner.locator("a:visible, button:visible, .theme-choice label:visible")
    sizes = targets.evaluate_all("all => all.map(one => one.offsetHeight)")
    assert len(sizes) >= 10
    assert min(height for height in sizes if height != 18) >= 44
    banner.get_by_role("button", name="Time zone").click()
    page.get_by_role("combobox", name="Search a zone").fill("utc")
    page.get_by_role("option", name=re.compile("^UTC")).first.click()
    banner.get_by_role("button", name="Menu").click()
    expect(banner.get_by_role("button", name="Time zone")).to_have_text("UTC")
    banner.get_by_role("link", name="Registrations").click()
    page.wait_for_url("**/registrations*")
    expect(banner.get_by_role("link", name="Registrations")).to_be_hidden()
    expect(banner.locator(".screen-title")).to_have_text("Registrations")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_forced_colours_and_paper(page: Page) -> None:
    """The current screen and focus are told by lines; paper shows no bars, and all of the rows."""
    page.emulate_media(forced_colors="active")
    current = page.get_by_role("navigation", name="Screens").locator("[aria-current=page]")
    line = current.evaluate("one => getComputedStyle(one).borderBottomColor")
    assert line != ground(page)
    page.emulate_media(forced_colors="none", media="print")
    expect(page.get_by_role("banner")).to_be_hidden()
    expect(page.get_by_role("contentinfo")).to_be_hidden()
    assert page.get_by_role("main").evaluate("one => getComputedStyle(one).overflow") == "visible"


def test_choices_survive_a_storage_that_is_full(page: Page) -> None:
    """They last as long as the page; what another version stored is no trouble."""
    full = "Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError'); }"
    page.evaluate(f"{full}; null")
    assert in_page(page, "kept.js", "(m.keep('x', [1]), m.kept('x', []))") == [1]
    assert in_page(page, "kept.js", "m.kept('x', 'text')") == "text"
    page.reload()
    page.evaluate("Object.assign(localStorage, {'hepscope.zone': '{', 'hepscope.theme': '7'})")
    page.reload()
    expect(page.get_by_role("button", name="Time zone")).to_have_text("Europe/Berlin")
    expect(page.get_by_role("radio", name="As the system")).to_be_checked()


def test_a_clock_that_is_wrong_is_told_and_not_believed(pages: Pages, hepscope: Service) -> None:
    """Ages and "the last 15 minutes" are by the server's clock, whatever this device's shows."""
    now_us = time.time_ns() // 1000
    call_id = f"page-clock-{now_us}@example.org"
    hepscope.send_tcp(make_call(call_id, start_us=now_us - 20_000_000))
    hepscope.call_with(call_id, 7)
    page = pages.blank()
    told = page.get_by_text("The clock of this device is")
    for apart, words in ((-72, "3 days behind"), (24, "24 hours ahead of")):
        page.clock.set_fixed_time(datetime.now(UTC) + timedelta(hours=apart))
        page.goto(f"/calls?from=-15m&call_id={call_id}")
        expect(rows(page)).to_have_count(1)
        expect(told).to_contain_text(f"{words} that of the server")
    page.goto("/nodes")
    recent = page.get_by_role("gridcell", name=re.compile(r"^(now|\d+ (s|min) ago)$"))
    expect(rows(page, "Nodes").filter(has=recent).first).to_be_visible()
    page.clock.set_fixed_time(datetime.now(UTC))
    page.keyboard.press("r")
    expect(told).to_have_count(0)
