"""The logs of a call in Chromium: lines of both sources, filter, wrap, and a Loki that fails."""

import re
import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from support.browser import PHONE, Pages, arrows, least_contrast, pages_of
from support.builders import BASE_US, make_call, make_packet
from support.loki_query import FakeLoki, fake_loki
from support.service import KEEP_ALL, Service, running_hepscope, until

pytestmark = [pytest.mark.browser, pytest.mark.database]

CALL = "page-logs@example.org"
QUIET = "page-logs-none@example.org"
GONE = "page-logs-gone@example.org"
LONG = "page-logs-long@example.org"
HOSTILE = """page-logs"'`\\<img src=x onerror=window.hit=1>%2F../{job}"""
MARKUP = "<img src=x onerror=window.hit=1><script>window.hit=1</script>\u202egnp"
ASTERISK = {"job": "asterisk", "hostname": "pbx-1"}
LONG_LINES = 1100
DAY_US = 86_400_000_000


def log(text: str, at_us: int, call_id: str = CALL) -> bytes:
    """Return a log line as an agent sends it."""
    return make_packet(
        text.encode(),
        time_us=at_us,
        protocol_type=100,
        node_name=b"edge-1",
        correlation_id=call_id.encode(),
    )


@pytest.fixture(scope="module")
def loki() -> Iterator[FakeLoki]:
    """A Loki with lines of an Asterisk."""
    with fake_loki() as one:
        one.push(BASE_US + 1_500_000, f"ERROR[77] chan: {CALL} failed, {'x' * 300}", ASTERISK)
        one.push(BASE_US + 2_500_000, f'level=debug msg="{CALL} done"', ASTERISK)
        one.push(time.time_ns() // 1000 - 40 * DAY_US, f"ERROR[7] chan: {GONE} failed", ASTERISK)
        one.push(BASE_US + 5000, f"{HOSTILE} {MARKUP}", {"job": MARKUP, "host": MARKUP})
        yield one


@pytest.fixture(scope="module")
def service(loki: FakeLoki) -> Iterator[Service]:
    """A hepscope that knows this Loki and a Grafana, with calls and their logs."""
    settings = {
        **KEEP_ALL,
        "HEPSCOPE_API__LOKI_URL": loki.url,
        # Of a busy machine the fake may need some of them.
        "HEPSCOPE_API__LOKI_TIMEOUT_SECONDS": "5",
        "HEPSCOPE_API__GRAFANA_URL": "https://grafana.example.net",
    }
    with running_hepscope(settings=settings) as one:
        for call_id in (CALL, QUIET, LONG, HOSTILE):
            one.send_tcp(make_call(call_id, start_us=BASE_US))
            one.call_with(call_id, 7)
        one.send_tcp([log("INFO: routing to gw1", BASE_US + 4000)])
        one.send_tcp([log(f"WARNING: {MARKUP}", BASE_US + 1000, HOSTILE)])
        one.send_tcp([log(f"line {n}", BASE_US + n * 1000, LONG) for n in range(LONG_LINES)])

        def stored(call_id: str) -> int:
            return len(one.every(f"calls/{quote(call_id, safe='')}/logs"))

        until(lambda: (stored(CALL), stored(LONG), stored(HOSTILE)) == (3, LONG_LINES, 2), "logs")
        yield one


@pytest.fixture
def logs(browser: Browser, service: Service) -> Iterator[Pages]:
    """Pages of that hepscope; none may complain."""
    with pages_of(browser, service) as found:
        yield found


def lines(page: Page) -> Locator:
    """Return the lines that are shown."""
    return page.get_by_role("list", name="Log lines").get_by_role("listitem")


def opened(logs: Pages, call_id: str = CALL, **options: object) -> Page:
    """Return the logs of a call."""
    page = logs.open(f"/calls/{quote(call_id, safe='')}?tab=logs", **options)
    lines(page).first.wait_for()
    return page


def test_shows_lines_of_both_sources_in_order(logs: Pages) -> None:
    """Time of day, time since the call began, level, node and source, all as words."""
    page = opened(logs)
    expect(lines(page)).to_have_count(3)
    told = [" ".join(text.split()) for text in lines(page).all_inner_texts()]
    assert re.fullmatch(
        r"\d\d:\d\d:\d\d\.004 \+0\.004 info edge-1 HEP INFO: routing to gw1", told[0]
    )
    assert re.match(r"\S+ \+1\.500 ■ error pbx-1 Loki ERROR\[77\] chan: ", told[1])
    assert re.match(r"\S+ \+2\.500 debug pbx-1 Loki level=debug ", told[2])
    expect(page.get_by_role("link", name="Logs 3")).to_have_attribute("aria-current", "page")
    expect(page.get_by_text("Database: ok. Loki: ok.")).to_be_visible()
    assert "hostname=pbx-1" in str(lines(page).nth(1).locator(".log-from").get_attribute("title"))
    lines(page).nth(1).get_by_text("Labels").click()
    expect(lines(page).nth(1)).to_contain_text("hostname=pbx-1")


def test_asks_for_logs_only_when_they_are_wanted(logs: Pages, loki: FakeLoki) -> None:
    """Loki may be slow: the ladder does not wait for it. Keys lead there and back."""
    before = len(loki.asked)
    page = logs.open(f"/calls/{CALL}")
    assert len(arrows(page)) == 7
    assert len(loki.asked) == before
    page.keyboard.press("3")
    expect(lines(page)).to_have_count(3)
    assert "tab=logs" in page.url
    asked = len(loki.asked)
    page.keyboard.press("1")
    assert len(arrows(page)) == 7
    page.get_by_role("link", name="Logs 3").click()
    expect(lines(page)).to_have_count(3)
    assert len(loki.asked) == asked > before


def test_filters_in_place(logs: Pages) -> None:
    """By text, node or source, in either case; the filter stands in the URL, Escape ends it."""
    page = opened(logs)
    page.keyboard.press("/")
    page.keyboard.type("LOKI")
    expect(lines(page)).to_have_count(2)
    expect(page.get_by_text("2 of 3 lines")).to_be_visible()
    assert "find=LOKI" in page.url
    page.reload()
    expect(lines(page)).to_have_count(2)
    page.get_by_role("region", name="Logs").focus()
    page.keyboard.press("Escape")
    expect(lines(page)).to_have_count(3)
    assert "find=" not in page.url


def test_wraps_long_lines_or_not(logs: Pages) -> None:
    """Not wrapped, the list is wider than its place and only it scrolls; noted in the URL."""
    page = opened(logs)
    wrap = page.get_by_role("button", name="Wrap")
    expect(wrap).to_have_attribute("aria-pressed", "true")
    is_wide = "one => one.scrollWidth > one.clientWidth"
    body = page.get_by_role("region", name="Logs")
    assert not body.evaluate(is_wide)
    wrap.click()
    expect(wrap).to_have_attribute("aria-pressed", "false")
    assert body.evaluate(is_wide)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.reload()
    lines(page).first.wait_for()
    expect(page.get_by_role("button", name="Wrap")).to_have_attribute("aria-pressed", "false")


def test_leads_from_a_message_to_the_logs_at_its_time(logs: Pages) -> None:
    """The first line from then on is marked and in sight, pages further on if need be."""
    page = logs.open(f"/calls/{LONG}?msg=7")
    page.get_by_role("button", name="Logs at this time").click()
    marked = page.get_by_role("list", name="Log lines").locator("[aria-current]")
    expect(marked).to_be_visible()
    expect(marked).to_be_in_viewport()
    near = page.evaluate("new URLSearchParams(location.search).get('near')")
    assert str(marked.locator("time").get_attribute("datetime")) >= near or (
        lines(page).last.get_attribute("aria-current") == "true"
    )
    assert lines(page).count() > 1000


def test_goes_on_page_by_page(logs: Pages) -> None:
    """Five hundred lines at once; a button brings more, the count says that there are."""
    page = opened(logs, LONG)
    expect(page.get_by_text("500 and more lines")).to_be_visible()
    expect(page.get_by_role("link", name="Logs 500+")).to_be_visible()
    page.get_by_role("button", name="Show more lines").click()
    expect(page.get_by_text("1,000 and more lines")).to_be_visible()
    page.get_by_role("button", name="Show more lines").click()
    expect(page.get_by_text("1,100 lines")).to_be_visible()
    expect(page.get_by_role("button", name="Show more lines")).to_have_count(0)


def test_shows_hostile_lines_as_text(logs: Pages) -> None:
    """Nothing of a line, a label or a node becomes an element; turned writing is named."""
    page = opened(logs, HOSTILE)
    expect(lines(page)).to_have_count(2)
    for text in lines(page).all_inner_texts():
        assert MARKUP.replace("\u202e", "\\x202e") in text
    assert page.locator("main :is(img, script)").count() == 0
    assert page.evaluate("window.hit") is None


def test_says_that_loki_failed(logs: Pages, loki: FakeLoki) -> None:
    """The database's lines are there, with a notice of what is missing; Try again brings it."""
    loki.answer(500, b"ingester is <b>down</b>")
    try:
        page = opened(logs)
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("Lines of Loki are missing here.")
        expect(alert).to_contain_text("500: ingester is <b>down</b>")
        expect(lines(page)).to_have_count(1)
        expect(page.get_by_text("Loki: failed.")).to_be_visible()
    finally:
        loki.behaviour = None
    alert.get_by_role("button", name="Try again").click()
    expect(lines(page)).to_have_count(3)
    expect(alert).to_have_count(0)


def test_says_that_loki_is_slow_without_waiting_for_ever(logs: Pages, loki: FakeLoki) -> None:
    """After its time the list comes without it."""
    loki.stall()
    try:
        page = opened(logs)
        expect(page.get_by_role("alert")).to_contain_text("Loki did not answer within 5 s.")
        expect(lines(page)).to_have_count(1)
    finally:
        loki.released.set()
        loki.behaviour = None


def test_says_what_sends_logs_where_there_are_none(logs: Pages) -> None:
    """Empty is explained: what an agent must send, with lines to paste."""
    page = logs.open(f"/calls/{QUIET}?tab=logs")
    state = page.get_by_role("heading", name="No log line names this call").locator("..")
    expect(state).to_contain_text("HEP type 100")
    expect(state).to_contain_text("hlog(")
    expect(state).to_contain_text("docs/logs.md")


def test_says_that_loki_is_off(pages: Pages, hepscope: Service) -> None:
    """Without `api.loki_url` it is said how to add it, and nothing links to Grafana."""
    hepscope.send_tcp(make_call(QUIET, start_us=BASE_US))
    hepscope.call_with(QUIET, 7)
    page = pages.open(f"/calls/{QUIET}?tab=logs")
    expect(page.get_by_text("once api.loki_url is set")).to_be_visible()
    expect(page.get_by_text("Loki: not asked")).to_be_visible()
    expect(page.get_by_role("link", name="Open in Grafana")).to_have_count(0)


def test_shows_what_loki_has_of_a_call_that_is_not_stored(logs: Pages, loki: FakeLoki) -> None:
    """No ladder is made up; where Loki fails, or has nothing either, it is said, or not at all."""
    page = logs.open(f"/calls/{GONE}")
    card = page.get_by_role("alert").filter(has_text="This call is not stored")
    expect(card).to_be_visible()
    heading = page.get_by_role("heading", name="Its logs, which Loki still has")
    expect(heading).to_be_visible()
    expect(lines(page)).to_have_count(1)
    expect(lines(page)).to_contain_text(f"chan: {GONE} failed")
    # Of which day it is, nothing else tells.
    assert re.match(r"\d{4}-\d\d-\d\d\s+\d\d:\d\d:", lines(page).first.inner_text())
    expect(page.get_by_role("list", name="Messages")).to_have_count(0)
    loki.answer(500, b"down")
    try:
        page.keyboard.press("r")
        expect(page.get_by_text("Lines of Loki are missing here.")).to_be_visible()
    finally:
        loki.behaviour = None
    with page.expect_response("**/logs?*") as answered:
        page.goto("/calls/page-logs-never@example.org")
    assert answered.value.json()["items"] == []
    expect(card).to_be_visible()
    expect(heading).to_be_hidden()


def test_links_to_grafana(logs: Pages) -> None:
    """In a tab of its own, without a way back to this page."""
    link = opened(logs).get_by_role("link", name="Open in Grafana")
    assert str(link.get_attribute("href")).startswith("https://grafana.example.net/explore?")
    assert (link.get_attribute("target"), link.get_attribute("rel")) == ("_blank", "noopener")


def test_keeps_the_ladder_when_logs_fail(logs: Pages) -> None:
    """A fault of one part is said, and leaves the others."""
    page = logs.blank()
    page.route("**/logs?*", lambda route: route.fulfill(status=503, body="gone"))
    page.goto(f"/calls/{CALL}?tab=logs")
    expect(page.get_by_role("alert")).to_contain_text("The logs cannot be shown")
    page.keyboard.press("1")
    assert len(arrows(page)) == 7


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_is_readable_in_both_themes(logs: Pages, loki: FakeLoki, scheme: str) -> None:
    """Every text has a contrast of at least 4.5, levels, sources and the notice too."""
    page = opened(logs, color_scheme=scheme)
    contrast, text = least_contrast(page)
    assert contrast >= 4.5, text
    loki.answer(500, b"down")
    try:
        page.goto(f"/calls/{quote(HOSTILE, safe='')}?tab=logs&near=2000-01-01T00:00:00Z")
        page.get_by_role("alert").wait_for()
        contrast, text = least_contrast(page)
    finally:
        loki.behaviour = None
    assert contrast >= 4.5, text


def test_fits_on_a_phone(logs: Pages) -> None:
    """Lines are as wide as the screen, what is said of them stands above; controls are large."""
    page = opened(logs, viewport=PHONE, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    first = lines(page).first
    meta, text = first.locator("time").bounding_box(), first.locator(".log-text").bounding_box()
    assert meta is not None
    assert text is not None
    assert text["y"] >= meta["y"] + meta["height"]
    wrap = page.get_by_role("button", name="Wrap").bounding_box()
    assert wrap is not None
    assert wrap["height"] >= 44
