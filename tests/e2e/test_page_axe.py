"""Every screen by the rules of WCAG 2.2 A and AA: light and dark, and as wide as a phone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page

from hep.rtcp import middle_bits, us_to_ntp
from integration.media.rig import SECOND, block, rtcp, rtp_port, signalling
from support.axe import grave_violations
from support.browser import PHONE, Pages, least_contrast, pages_of
from support.builders import BASE_US, make_packet, make_request, make_response
from support.service import ALWAYS, Service, running_hepscope, until

pytestmark = [pytest.mark.browser, pytest.mark.database]

CALL = "page-axe@example.org"
# Nobody else's: of two calls of the same time with the same addresses, either may get the reports.
HERE, THERE = ("192.0.2.60", 30600), ("198.51.100.60", 40600)
DESK = {"width": 1280, "height": 800}
NOTEBOOK = {"width": 1200, "height": 800}
"""Here the values seen lie behind a button."""

LEAST_CONTRAST = 4.5
ALL = "from=2026-11-23T08:00:00Z&to=2026-11-23T10:00:00Z"
TEXT = "[aria-label='Text of the message']"

SCREENS: dict[str, tuple[str, str]] = {
    "calls": (f"/calls?call_id={CALL}&{ALL}", "[role=grid] [role=row] a"),
    "nothing": (f"/calls?call_id=nobody@example.org&{ALL}", "main .state"),
    "call": (f"/calls/{CALL}?msg=1", TEXT),
    "media": (f"/calls/{CALL}?tab=media", ".chart svg text"),
    "logs": (f"/calls/{CALL}?tab=logs", ".log"),
    "registrations": (f"/registrations?{ALL}", "[role=grid] [role=row] [role=gridcell]"),
    "nodes": ("/nodes", "[role=grid] [role=row] [role=gridcell]"),
    "live": ("/live", "main form"),
    "nowhere": ("/search/old", "main .state"),
    # Once all calls are counted: until then it is drawn anew from time to time.
    "overview": (
        f"/overview?{ALL}",
        "main:has(.overview-title > :last-child:empty) .chart svg text",
    ),
}
"""Path of each screen, and what it shows once it is complete."""


@pytest.fixture(scope="module", autouse=True)
def call(hepscope: Service) -> None:
    """A call with media and a log line, and a registration."""
    ends = rtp_port(HERE), rtp_port(THERE)
    hepscope.send_tcp(signalling(CALL, offer=ends[0], reply=ends[1], seconds=30))
    hepscope.call_with(CALL, 4)
    at_us = BASE_US + 10 * SECOND
    held = {"lsr": middle_bits(us_to_ntp(at_us)), "dlsr": 65536}
    line = b"INFO: routing to gw1"
    log = make_packet(line, time_us=BASE_US, protocol_type=100, correlation_id=CALL.encode())
    hepscope.send_tcp(
        [
            rtcp(time_us=at_us, source=HERE, destination=THERE, ssrc=1, sender_us=at_us),
            rtcp(
                block(1, jitter=80, **held),
                time_us=at_us + 1_080_000,
                source=THERE,
                destination=HERE,
                ssrc=2,
            ),
            log,
            make_packet(make_request("REGISTER", "page-axe-register"), time_us=BASE_US),
            make_packet(
                make_response(200, "OK", "REGISTER", "page-axe-register"),
                time_us=BASE_US + 9,
                source="192.0.2.2",
                destination="192.0.2.1",
            ),
        ]
    )
    until(lambda: hepscope.get(f"calls/{CALL}/media")["streams"] or None, "its media")
    until(lambda: hepscope.get(f"calls/{CALL}/logs")["items"] or None, "its logs")
    mine = {"call_id": "page-axe-register", **ALWAYS}
    until(lambda: hepscope.every("registrations", **mine) or None, "the registration")
    until(lambda: hepscope.every("nodes", **ALWAYS) or None, "a node")


def check(page: Page, prepare: Callable[[], None] = lambda: None) -> None:
    """Check a page in both themes at a desk, and on a phone."""
    found: list[str] = []
    for name, width, scheme in (
        ("light", DESK, "light"),
        ("dark", DESK, "dark"),
        ("phone", PHONE, "light"),
    ):
        page.set_viewport_size({"width": width["width"], "height": width["height"]})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        prepare()
        found += [f"{name}: {line}" for line in grave_violations(page)]
    assert found == [], "\n".join(found)


@pytest.mark.parametrize("name", SCREENS)
def test_breaks_no_rule(pages: Pages, name: str) -> None:
    """Names, roles, contrast, order, targets: no serious and no critical violation."""
    path, complete = SCREENS[name]
    page = pages.open(path, viewport=DESK, reduced_motion="reduce")
    page.locator(complete).first.wait_for()
    check(page)


Layer = Callable[[Page], object]


def press(key: str) -> Layer:
    """Open a layer by its key."""
    return lambda page: page.keyboard.press(key)


def click(name: str) -> Layer:
    """Open a layer by its control."""
    return lambda page: page.get_by_role("main").get_by_role("button", name=name).first.click()


def behind_menu(name: str) -> Layer:
    """Open what lies in the bar, which on a phone is itself behind a button."""

    def open_it(page: Page) -> None:
        menu = page.get_by_role("button", name="Menu")
        if menu.is_visible():
            menu.click()
        page.get_by_role("button", name=name).click()

    return open_it


def completion(page: Page) -> None:
    """Type the name of a field, an operator and the beginning of a value."""
    page.get_by_role("combobox").fill("status = 2")


def completion_of_form(page: Page) -> None:
    """Open the form and the values of one of its fields."""
    page.get_by_role("button", name="Form").click()
    page.get_by_role("combobox", name="Status").click()


def ticked(page: Page) -> None:
    """Tick the call and open what it can be taken along as."""
    if not page.locator("tr.ticked").count():
        page.locator("tbody .mark").first.click()
    page.get_by_role("button", name="Export").click()


LAYERS: dict[str, tuple[str, str, dict[str, tuple[Layer, str]]]] = {
    "calls": (
        *SCREENS["calls"],
        {
            "keys": (press("?"), ".key-page th"),
            "range": (press("t"), ".range-panel button"),
            "zones": (behind_menu("Time zone"), ".zone-panel [role=option]"),
            "completion": (completion, ".bar-box .option-note"),
            "form": (completion_of_form, ".form-field .option-note"),
            "columns": (click("Columns"), ".columns-menu li"),
            "filters": (click("Filters"), ".facets .facet-entry"),
            "export": (ticked, ".takeaway a"),
        },
    ),
    "call": (
        f"/calls/{CALL}",
        ".host",
        {
            "export": (click("Export"), ".popup a"),
            "hosts": (click("Hosts"), ".popup button"),
            "host": (lambda page: page.locator(".host").first.click(), ".popup button"),
            "time": (click("Time"), ".popup button"),
        },
    ),
}
"""Screens with what may lie above them, by its name: how it is opened, and what is in it then."""


DESK_ONLY = {"columns"}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_break_no_rule(pages: Pages, name: str) -> None:
    """Menus, panels, dialogs and lists of values, open one after the other on one page."""
    path, complete, layers = LAYERS[name]
    page = pages.open(path, viewport=NOTEBOOK, reduced_motion="reduce")
    page.locator(complete).first.wait_for()
    found: list[str] = []
    for look, width, schemes in (
        ("desk", NOTEBOOK, ("light", "dark")),
        ("phone", PHONE, ("dark",)),
    ):
        page.set_viewport_size({"width": width["width"], "height": width["height"]})
        for layer, (open_it, there) in layers.items():
            if look == "phone" and layer in DESK_ONLY:
                continue
            open_it(page)
            page.locator(there).first.wait_for()
            for scheme in schemes:
                page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                lines = grave_violations(page, within=there.split()[0])
                # Axe takes what lies in the top layer for covered: it says nothing of its contrast.
                contrast, text = least_contrast(page)
                lines += [f"contrast {contrast:.2f}: {text}"] if contrast < LEAST_CONTRAST else []
                found += [f"{look} {scheme} {layer}: {line}" for line in lines]
            while page.locator("dialog[open], [popover]:popover-open").count():
                page.keyboard.press("Escape")
    assert found == [], "\n".join(found)


def test_the_first_start_breaks_no_rule(browser: Browser) -> None:
    """Before the first packet both screens say what to do."""
    with running_hepscope() as fresh, pages_of(browser, fresh) as pages:
        for path in ("/overview", "/calls"):
            page = pages.open(path, viewport=DESK, reduced_motion="reduce")
            page.get_by_text("No packets yet").wait_for()
            check(page)
