"""Named addresses on the page: wherever an address is shown, its name is, and the address too."""

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from support.browser import Pages, pages_of, rows
from support.builders import make_packet, make_request
from support.service import KEEP_ALL, Service, running_hepscope

pytestmark = [pytest.mark.browser, pytest.mark.database]

PHONE, SBC, CARRIER = "192.0.2.1", "192.0.2.2", "2001:db8::9"
NAMES = {
    "HEPSCOPE_NAMES__TARGET_IP": f"{PHONE},{CARRIER}",
    "HEPSCOPE_NAMES__TARGET_NAME": "Yealink T54W,Rheinfon gw1",
}


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """A hepscope that knows names, with a call from a named host and one to one."""
    with running_hepscope(settings={**KEEP_ALL, **NAMES}) as one:
        one.send_tcp([invite("out@names", PHONE, SBC), invite("on@names", "2001:db8::2", CARRIER)])
        one.send_tcp([now(make_request("REGISTER", "phone@names"), PHONE, SBC)])
        one.call_with("on@names", 1)
        one.call_with("out@names", 1)
        yield one


@pytest.fixture
def pages(browser: Browser, service: Service) -> Iterator[Pages]:
    """Pages of that hepscope; none may complain."""
    with pages_of(browser, service) as found:
        yield found


def invite(call_id: str, source: str, destination: str) -> bytes:
    """Return a packet with an INVITE that passes now."""
    return now(make_request("INVITE", call_id), source, destination)


def now(payload: bytes, source: str, destination: str) -> bytes:
    """Return a packet of the present."""
    time_us = time.time_ns() // 1000
    return make_packet(payload, time_us=time_us, source=source, destination=destination)


def column(page: Page, name: str) -> None:
    """Show a column of the grid."""
    page.get_by_role("button", name="Columns").press("Enter")
    page.get_by_role("dialog", name="Columns").get_by_label(name, exact=True).press("Space")
    page.keyboard.press("Escape")


def test_rows_of_calls_name_their_hosts(pages: Pages) -> None:
    """The address stays beside the name; a host without one has its address alone."""
    page = pages.open("/calls", viewport={"width": 1920, "height": 900})
    column(page, "Source")
    column(page, "Destination")
    page.goto("/calls?call_id=out@names")
    expect(rows(page)).to_have_count(1)
    cell = rows(page).locator("[data-name=source]")
    expect(cell).to_have_text(f"Yealink T54W {PHONE}:5060")
    expect(rows(page).locator("[data-name=destination]")).to_have_text(f"{SBC}:5060")
    cell.hover()
    expect(cell).to_have_attribute("title", f"Yealink T54W ({PHONE}:5060)")
    page.goto("/calls?call_id=on@names")
    expect(rows(page).locator("[data-name=destination]")).to_have_text(
        f"Rheinfon gw1 [{CARRIER}]:5060"
    )


def test_a_host_is_found_by_its_name(pages: Pages) -> None:
    """Completion of an address takes the name; what is searched for is the address."""
    page = pages.open("/calls")
    expect(rows(page)).to_have_count(2)
    page.get_by_role("combobox").press_sequentially("source = yea")
    offered = page.get_by_role("option").filter(has_text="Yealink T54W")
    expect(offered).to_contain_text(PHONE)
    offered.click()
    expect(page).to_have_url(re.compile(f"source={re.escape(PHONE)}"))
    expect(rows(page)).to_have_count(1)


def test_values_seen_are_named(pages: Pages) -> None:
    """Beside the rows, too, where a click keeps the calls of a host."""
    page = pages.open("/calls", viewport={"width": 1920, "height": 900})
    seen = page.get_by_role("complementary", name="Values seen")
    seen.get_by_role("button", name="Yealink T54W").click()
    expect(page).to_have_url(re.compile(f"source={re.escape(PHONE)}"))
    expect(rows(page)).to_have_count(1)


def test_registrations_name_their_clients(pages: Pages) -> None:
    """The address is in the tip."""
    page = pages.open("/registrations", viewport={"width": 1920, "height": 900})
    cell = rows(page, "Registrations").locator("[data-name=source]")
    expect(cell).to_have_text("Yealink T54W")
    cell.hover()
    expect(cell).to_have_attribute("title", f"Yealink T54W ({PHONE}:5060)")


def test_live_names_the_ends_of_a_path(pages: Pages, service: Service) -> None:
    """As they come."""
    page = pages.open("/live")
    expect(page.locator(".live-pill")).to_contain_text("Live")
    service.send_tcp([invite("now@names", PHONE, SBC)])
    message = rows(page, "Messages").first
    expect(message).to_contain_text(f"Yealink T54W → {SBC}")


def test_a_message_names_its_ends(pages: Pages) -> None:
    """With their addresses, which the ladder's heads have no room for."""
    page = pages.open("/calls/out@names?msg=1")
    panel = page.get_by_role("complementary", name="Message")
    expect(panel).to_contain_text(f"Yealink T54W ({PHONE}:5060) → {SBC}:5060")
