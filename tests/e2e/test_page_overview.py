"""The overview in Chromium: figures, charts and lists of calls with known outcomes."""

import re
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from support.browser import PHONE, Pages, least_contrast, pages_of, rows
from support.builders import BASE_US
from support.service import KEEP_ALL, Service, running_hepscope, until
from support.sip_calls import ALICE, BOB, CAROL, PROXY, SECOND_US, Flow, Party

pytestmark = [pytest.mark.browser, pytest.mark.database]

MINUTE_US = 60 * SECOND_US
HOSTILE = "<img src=x onerror=window.hit=1>*\\"
"""An agent that attacks its reader, with all that a filter would take for a pattern."""

DASH = "\N{EN DASH}"
PLAIN = "Phone/1.0"
FINALS = (486, 486, 404, 408, 503)
ANSWERED = 4
ATTEMPTS = ANSWERED + len(FINALS)
NAMED = {"HEPSCOPE_NAMES__TARGET_IP": CAROL[0], "HEPSCOPE_NAMES__TARGET_NAME": "carrier"}
QUICK = {**KEEP_ALL, "HEPSCOPE_WRITER__MEASURE_QUIET_SECONDS": "0.5"}


def utc(after_us: int) -> str:
    """Return a time after the start of the traffic."""
    return f"{datetime.fromtimestamp((BASE_US + after_us) / SECOND_US, UTC):%Y-%m-%dT%H:%M:%SZ}"


HOUR = f"from={utc(-10 * MINUTE_US)}&to={utc(30 * MINUTE_US)}"
"""Forty minutes around the traffic, in steps of one minute."""


def answered(number: int, start_us: int, *, callee: Party, agent: str, node: str) -> Flow:
    """Return a call that rings after two seconds and lasts half a minute."""
    flow = Flow(f"overview-{number}", start_us, callee=callee, agent=agent, nodes=(node,))
    flow.request("INVITE", 0).response(180, 2).response(200, 4).request("ACK", 4.1)
    return flow.bye(34, 34.2)


def refused(number: int, status: int, start_us: int) -> Flow:
    """Return a call that ends with a final after a second."""
    flow = Flow(f"overview-{number}", start_us, callee=CAROL, agent=PLAIN, nodes=("edge",))
    return flow.request("INVITE", 0).response(status, 1).request("ACK", 1.1)


def traffic() -> list[Flow]:
    """Return nine calls, answered ones in one minute and others ten minutes later.

    And three registrations of which one fails.
    """
    flows = [
        answered(number, BASE_US, callee=BOB, agent=agent, node=node)
        for number, (agent, node) in enumerate(
            [(PLAIN, "edge"), (PLAIN, "edge"), (PLAIN, "core"), (HOSTILE, "core")]
        )
    ]
    late_us = BASE_US + 10 * MINUTE_US
    flows += [refused(ANSWERED + at, status, late_us) for at, status in enumerate(FINALS)]
    for number, status in enumerate([200, 200, 403]):
        flow = Flow(f"overview-register-{number}", BASE_US, caller=ALICE)
        flows.append(flow.request("REGISTER", 0).response(status, 0.05, method="REGISTER"))
    return flows


BURST = 12
OTHERS = 4
BURST_US = BASE_US + 120 * MINUTE_US
LATER = f"from={utc(110 * MINUTE_US)}&to={utc(150 * MINUTE_US)}"
"""Forty minutes around calls that fail alike, two hours later."""


def burst() -> list[Flow]:
    """Return calls that end with 503 within two minutes, and some to others that do not."""
    starts = [BURST_US + at // 6 * MINUTE_US + at * SECOND_US for at in range(BURST)]
    flows = [refused(100 + at, 503, start_us) for at, start_us in enumerate(starts)]
    for at, start_us in enumerate(starts):
        # It only passes on what the trunk behind it says.
        flow = Flow(f"overview-{100 + at}", start_us, caller=CAROL, callee=PROXY, nodes=("core",))
        flows.append(flow.request("INVITE", 0.1, branch="z9").response(503, 0.9, branch="z9"))
    for at in range(OTHERS):
        start_us = BURST_US + (9 + at) * MINUTE_US
        flow = Flow(f"overview-other-{at}", start_us, callee=BOB, agent=PLAIN, nodes=("edge",))
        flows.append(flow.request("INVITE", 0).response(404, 1).request("ACK", 1.1))
    return flows


@pytest.fixture(scope="module")
def measured() -> Iterator[Service]:
    """A service that holds the traffic and nothing else, all of it measured."""
    with running_hepscope(settings={**QUICK, **NAMED}) as service:
        service.send_tcp([sent.packet for flow in [*traffic(), *burst()] for sent in flow.sent])
        # What comes late of a call has it measured again.
        counts: Counter[str] = Counter()
        for flow in burst():
            counts[flow.call_id] += len(flow.sent)
        for call_id, count in counts.items():
            service.call_with(call_id, count)

        def is_counted() -> bool:
            later = service.get("stats/kpi", start=utc(60 * MINUTE_US), end=utc(180 * MINUTE_US))
            if later["asr"]["denominator"] != BURST + OTHERS:
                return False
            kpis = service.get("stats/kpi", start=utc(-MINUTE_US), end=utc(60 * MINUTE_US))
            ends = kpis["scr"]["numerator"], kpis["ira"]["denominator"]
            if kpis["asr"]["denominator"] != ATTEMPTS or ends != (ANSWERED, 3):
                return False
            # Else the page looks again, and draws what tests point at anew.
            whole = {"start": utc(-MINUTE_US), "end": utc(180 * MINUTE_US), "step": "600"}
            return not service.get("stats/overview", **whole)["is_measuring"]

        until(is_counted, "all attempts to be measured")
        yield service


@pytest.fixture
def pages(browser: Browser, measured: Service) -> Iterator[Pages]:
    """Pages of that service."""
    with pages_of(browser, measured) as found:
        yield found


@pytest.fixture
def overview(pages: Pages) -> Page:
    """The overview of the traffic."""
    return opened(pages, HOUR)


def opened(pages: Pages, query: str, **options: object) -> Page:
    """Return an overview that shows all that it asked for."""
    page = pages.open(f"/overview?{query}", **options)
    rows(page, "KPIs by ").first.wait_for()
    return page


def tile(page: Page, name: str) -> Locator:
    """Return a tile."""
    return page.get_by_role("main").get_by_role("link", name=re.compile(f"^{name} "))


def chart(page: Page, name: str) -> Locator:
    """Return what reads a chart."""
    return page.get_by_role("slider", name=f"{name}, over time")


def read(plot: Locator, key: str, times: int = 1) -> str:
    """Press a key on a chart and return what it tells then."""
    plot.focus()
    for _ in range(times):
        plot.press(key)
    return str(plot.get_attribute("aria-valuetext"))


@pytest.mark.parametrize(
    ("name", "figure", "part"),
    [("Calls", "9", "4 answered"), ("SER", "44.4 %", "4 of 9"), ("SEER", "66.7 %", "6 of 9")],
)
def test_shows_figures_with_what_they_are_made_of(
    overview: Page, name: str, figure: str, part: str
) -> None:
    """Each is a figure, its parts and its definition; nothing is compared with nothing."""
    expect(tile(overview, name)).to_contain_text(figure)
    expect(tile(overview, name)).to_contain_text(part)
    expect(tile(overview, name)).to_contain_text("no data a week ago")
    assert tile(overview, name).get_attribute("title")


def test_shows_all_ratios_with_what_they_are_of(overview: Page) -> None:
    """In a table, with the value of a week ago, which here is none."""
    table = overview.get_by_role("region", name="Ratios")
    for name, cells in {
        "SER answered": ["44.4", "4 of 9", DASH],
        "SEER effective": ["66.7", "6 of 9", DASH],
        "ASR answered": ["44.4", "4 of 9", DASH],
        "NER network": ["66.7", "6 of 9", DASH],
        "SCR completed": ["44.4", "4 of 9", DASH],
        "ISA ineffective": ["22.2", "2 of 9", DASH],
        "IRA registrations": ["33.3", "1 of 3", DASH],
    }.items():
        row = table.get_by_role("row").filter(has_text=name)
        assert row.get_by_role("cell").all_inner_texts()[:3] == cells


def test_shows_failures_by_cause_and_leads_to_them(overview: Page) -> None:
    """Busy is no failure; what failed is listed by code, and each code links to its calls."""
    causes = overview.get_by_role("region", name="Failures by cause")
    expect(causes.get_by_role("listitem")).to_have_count(3)
    expect(causes).not_to_contain_text("486")
    causes.get_by_role("link", name="503 Service Unavailable 1").click()
    expect(rows(overview)).to_have_count(1)
    expect(rows(overview).first).to_contain_text("503")
    overview.go_back()
    expect(tile(overview, "SER")).to_contain_text("4 of 9")


def test_leads_from_a_ratio_to_its_calls(overview: Page) -> None:
    """The calls of a tile are those of its range."""
    tile(overview, "SER").click()
    expect(rows(overview)).to_have_count(ANSWERED)


def test_tells_what_stands_out_and_leads_to_it(pages: Pages) -> None:
    """Calls to one target that failed alike, in a sentence; its link finds as many."""
    page = opened(pages, LATER)
    found = page.get_by_role("region", name="What stands out")
    sentence = f"{BURST} calls through carrier ended with 503 Service Unavailable from"
    sentence += f" {PROXY[0]}:{PROXY[1]} between"
    expect(found).to_contain_text(re.compile(rf"{sentence} .*11:53 and .*11:55"))
    found.get_by_role("link", name="Show the calls").click()
    expect(rows(page)).to_have_count(BURST)


def test_leads_from_the_key_of_a_chart_to_its_calls(overview: Page) -> None:
    """Each outcome leads to its calls, those that did not fail too."""
    card = overview.get_by_role("region", name="Calls by outcome")
    card.get_by_role("link", name="Not taken 2").click()
    expect(rows(overview)).to_have_count(2)
    assert "outcome=not_taken" in overview.url


def test_shows_nodes_and_leads_to_their_calls(overview: Page, measured: Service) -> None:
    """With what is refused and when each was heard; the screen of nodes tells their way."""

    def is_known() -> bool:
        nodes = {one["name"]: one["hops"] for one in measured.get("stats/hops")["nodes"]}
        return {hop["state"] for hop in nodes.get("core", [])} == {"ok"}

    until(is_known, "a report on the node")
    card = overview.get_by_role("region", name="Nodes", exact=True)
    expect(card.get_by_role("row", name="core")).to_contain_text(re.compile("now|ago"))
    card.get_by_role("link", name="core").click()
    expect(rows(overview)).to_have_count(2)
    overview.goto("/nodes")
    row = rows(overview, "Nodes").filter(has_text="core")
    expect(row).to_contain_text("Every hop works")
    overview.get_by_text("Every hop works").first.click()
    expect(overview.get_by_role("row", name="Listener works")).to_contain_text("accepting at udp")


def test_tells_once_that_nodes_are_silent_since_the_restart(pages: Pages) -> None:
    """What it means and what to do stands above the rows; an empty cell says that it is."""

    def silent(route: Route) -> None:
        answer = route.fetch().json()
        for node in answer["nodes"]:
            for hop in node["hops"]:
                if hop["hop"] == "admission":
                    hop.update(state="unknown", detail="nothing came since ingest started", do="")
        route.fulfill(json=answer)

    page = pages.blank()
    page.route("**/api/v1/stats/hops", silent)
    page.goto("/nodes")
    note = page.get_by_text("2 nodes sent nothing since hepscope was last started.")
    expect(note).to_contain_text("Of a node that should be sending, check")
    row = rows(page, "Nodes").filter(has_text="core")
    expect(row).to_contain_text("No packet since the restart")
    expect(page.get_by_text("not known")).to_have_count(0)
    expect(row.get_by_role("gridcell", name="none", exact=True).first).to_contain_text(DASH)
    page.unroute_all(behavior="ignoreErrors")


def test_shows_registrations_over_time_by_status(pages: Pages) -> None:
    """Failures by status, and each status leads to its rows."""
    page = pages.open(f"/registrations?{HOUR}")
    expect(rows(page, "Registrations")).to_have_count(3)
    card = page.get_by_role("region", name="Registration attempts")
    expect(card).to_contain_text("Registered 2")
    card.get_by_role("link", name="403 Forbidden 1").click()
    expect(rows(page, "Registrations")).to_have_count(1)
    page.get_by_role("link", name="All registrations").click()
    expect(rows(page, "Registrations")).to_have_count(3)


def test_shows_delays(overview: Page) -> None:
    """Counts and percentiles stand in a table; what was not measured is a dash, not 0."""
    table = overview.get_by_role("region", name="Delays")
    for name, cells in {
        "PDD": ["4", "2.00 s", "2.00 s", "2.00 s"],
        "SRD session request, failed": ["5", "1.00 s", "1.00 s", "1.00 s"],
        "SDD": ["4", "200 ms", "200 ms", "200 ms"],
        "ACD": ["4", "30.00 s", "30.00 s", "30.00 s"],
    }.items():
        row = table.get_by_role("row").filter(has_text=name).first
        assert row.get_by_role("cell").all_inner_texts()[:4] == cells


def test_reads_charts_by_keys(overview: Page) -> None:
    """Arrow keys go through time, all charts follow, Enter leads to the calls of that minute."""
    plot = chart(overview, "Calls by outcome")
    assert "Answered 0" in read(plot, "Home")
    told = read(plot, "ArrowRight", 10)
    assert (
        f"09:53{DASH}09:54: Server fault 0, No reply 0, Rejected 0, Not taken 0, Answered 4" in told
    )
    expect(overview.get_by_role("region", name="Registrations")).to_contain_text("Failed 1")
    assert "SER 100.0 %" in str(chart(overview, "SER and SEER").get_attribute("aria-valuetext"))
    assert "Server fault 1, No reply 1, Rejected 1, Not taken 2" in read(plot, "PageDown")
    plot.press("Enter")
    expect(rows(overview)).to_have_count(len(FINALS))


def test_reads_charts_by_pointer(overview: Page) -> None:
    """Over a bar the head tells its figures; a click leads to its calls."""
    plot = chart(overview, "Calls by outcome")
    box = plot.bounding_box()
    assert box is not None
    bar = plot.locator("path.bar.answered").bounding_box()
    assert bar is not None
    middle = (bar["x"] + bar["width"] / 2, bar["y"] + bar["height"] / 2)
    overview.mouse.move(*middle)
    head = overview.get_by_role("region", name="Calls by outcome")
    expect(head).to_contain_text(f"Mon 23 Nov, 09:53{DASH}09:54")
    expect(head).to_contain_text("Answered 4")
    overview.mouse.click(*middle)
    expect(rows(overview)).to_have_count(ANSWERED)


def test_draws_a_gap_where_nothing_was(overview: Page) -> None:
    """A ratio of no calls is a hole in the line, and is told as nothing, never as 0."""
    plot = chart(overview, "SER and SEER")
    assert "SER nothing" in read(plot, "Home")
    dots = plot.locator("path.first.lone").get_attribute("d")
    assert dots is not None
    assert dots.count("M") == 2
    assert plot.locator("path.first:not(.lone)").get_attribute("d") == ""


def test_shows_the_numbers_behind_a_chart(overview: Page) -> None:
    """Behind each chart are a table and a CSV of the same numbers."""
    card = overview.get_by_role("region", name="Concurrent calls")
    card.get_by_text("Table").click()
    body = card.get_by_role("table").locator("tbody")
    expect(body.get_by_role("row").filter(has_text=f"09:54{DASH}09:55")).to_contain_text("4")
    with overview.expect_download() as download:
        card.get_by_role("link", name="CSV").click()
    lines = download.value.path().read_text().splitlines()
    assert lines[0] == 'time,"Calls"'
    assert "2026-11-23T09:53:00.000+01:00,0" in lines


def test_tells_apart_and_leads_to_the_calls_of_a_row(overview: Page) -> None:
    """By node, target or user agent; the choice stands in the URL, a row leads to its calls."""
    expect(rows(overview, "KPIs by node")).to_have_count(2)
    overview.get_by_role("button", name="Target").click()
    target = rows(overview, "KPIs by target").filter(has_text="198.51.100.20:5062")
    expect(target.get_by_role("gridcell")).to_contain_text(["198.51.100.20:5062", "4", "100.0"])
    assert "by=target" in overview.url
    overview.reload()
    target.dblclick()
    expect(rows(overview)).to_have_count(ANSWERED)


def test_leads_from_a_named_target_to_its_calls(pages: Pages) -> None:
    """A target that has a name stands under it; its address is what calls are searched by."""
    page = opened(pages, f"{HOUR}&by=target")
    rows(page, "KPIs by target").filter(has_text="carrier").dblclick()
    expect(rows(page)).to_have_count(len(FINALS))
    assert f"destination={CAROL[0]}" in page.url


def test_shows_a_hostile_agent_as_text(pages: Pages) -> None:
    """Markup in a User-Agent is text, and its row leads to its call alone."""
    page = opened(pages, f"{HOUR}&by=user_agent")
    row = rows(page, "KPIs by user agent").filter(has_text=HOSTILE)
    expect(row).to_have_count(1)
    assert page.locator("main :is(img, script)").count() == 0
    row.dblclick()
    expect(rows(page)).to_have_count(1)
    (asked,) = parse_qs(urlsplit(page.url).query)["user_agent"]
    assert asked == HOSTILE.replace("\\", "\\\\").replace("*", "\\*")
    assert page.evaluate("window.hit") is None


def test_is_driven_by_keys(overview: Page) -> None:
    """The key b turns to the next way of telling apart, j goes to a row, Enter opens its calls."""
    overview.keyboard.press("b")
    rows(overview, "KPIs by target").first.wait_for()
    overview.keyboard.press("j")
    expect(rows(overview, "KPIs by target").first).to_be_focused()
    overview.keyboard.press("j")
    expect(rows(overview, "KPIs by target").nth(1)).to_be_focused()
    overview.keyboard.press("Enter")
    rows(overview).first.wait_for()
    assert "destination=" in overview.url


def test_shows_one_node(overview: Page) -> None:
    """With a node all figures are what that node saw; no ratio of nothing is a number."""
    overview.get_by_role("combobox", name="Node").select_option("core")
    expect(tile(overview, "SER")).to_contain_text("2 of 2")
    expect(tile(overview, "SER")).to_contain_text("100.0 %")
    registrations = overview.get_by_role("region", name="Ratios").get_by_role("row").last
    expect(registrations.get_by_role("cell").first).to_have_text(DASH)
    assert "node=core" in overview.url
    overview.go_back()
    expect(tile(overview, "SER")).to_contain_text("4 of 9")


def test_says_that_a_range_is_empty_and_where_calls_are(pages: Pages) -> None:
    """An empty range names the newest call and leads to it."""
    page = pages.open("/overview?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z")
    state = page.get_by_role("main").get_by_role("status")
    expect(state).to_contain_text("No call or registration in this range")
    state.get_by_role("link", name="Around the newest call").click()
    expect(tile(page, "Calls")).to_contain_text(str(ATTEMPTS + BURST + OTHERS))


def test_says_what_a_link_holds_that_makes_no_sense(pages: Pages) -> None:
    """An unknown parameter is named; a range that ends before it begins is the API's to explain."""
    page = opened(pages, f"{HOUR}&foo=1&by=moon")
    expect(page.get_by_text("“foo”, which this version does not know")).to_be_visible()
    expect(page.get_by_text("by = “moon”, which makes no sense")).to_be_visible()
    page.goto("/overview?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z")
    expect(page.get_by_role("alert")).to_contain_text("must be before end")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_is_readable_in_both_themes(pages: Pages, scheme: str) -> None:
    """Every text has a contrast of at least 4.5, with a bin being read too."""
    page = opened(pages, HOUR, color_scheme=scheme)
    read(chart(page, "Calls by outcome"), "End")
    contrast, text = least_contrast(page)
    assert contrast >= 4.5, text


def test_fits_on_a_phone(pages: Pages) -> None:
    """Nothing scrolls sideways, charts are as wide as the screen, buttons large enough."""
    page = opened(pages, HOUR, viewport=PHONE, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.locator(".overview").evaluate("one => one.scrollWidth <= one.clientWidth")
    box = chart(page, "Registrations").bounding_box()
    assert box is not None
    assert box["width"] > PHONE["width"] * 0.8
    buttons = page.get_by_role("main").get_by_role("button")
    heights = buttons.evaluate_all("all => all.map(one => one.offsetHeight)")
    assert all(height >= 44 for height in heights if height)


def test_the_range_of_registrations_fits_what_is_stored(pages: Pages, measured: Service) -> None:
    """Old ones are a link away; of the last day, the shortest usual range that holds all."""
    page = pages.open("/registrations")
    state = page.get_by_role("main").get_by_role("status")
    expect(state).to_contain_text("The newest one stored is of Mon")
    page.get_by_role("link", name="Around the newest registration").click()
    expect(rows(page, "Registrations")).to_have_count(3)
    flow = Flow("overview-register-now", time.time_ns() // 1000 - 5 * MINUTE_US, caller=ALICE)
    flow.request("REGISTER", 0).response(200, 0.05, method="REGISTER")
    measured.send_tcp([sent.packet for sent in flow.sent])
    until(lambda: measured.every("registrations") or None, "the registration")
    page.goto("/registrations")
    expect(rows(page, "Registrations")).to_have_count(1)
    expect(page.get_by_role("search").locator("[name=range]")).to_have_text("Last hour")
    assert page.url.endswith("/registrations?from=-1h")
