"""The first start in Chromium: from nothing heard, over all refused, to the first call, unasked."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from support.browser import PATIENCE_MS, PHONE, Pages, least_contrast, pages_of, rows
from support.builders import BASE_US, make_packet, make_request, make_response
from support.service import KEEP_ALL, Service, running_hepscope
from support.siptools import program

pytestmark = [pytest.mark.browser, pytest.mark.database]

KEY = b"open sesame"
SETTINGS = {
    "HEPSCOPE_INGEST__AUTH_KEYS": KEY.decode(),
    "HEPSCOPE_INGEST__REPORTS__EVERY_SECONDS": "1",
    "HEPSCOPE_INGEST__TLS": "",
    "HEPSCOPE_WRITER__MEASURE_QUIET_SECONDS": "0.5",
    **KEEP_ALL,
}
SENDERS = (
    *("Kamailio", "OpenSIPS", "FreeSWITCH", "Asterisk", "rtpengine", "heplify"),
    *("hepscope capture", "sngrep", "curl"),
)


PROGRAMS = ("kamailio", "heplify")


@pytest.fixture(scope="module")
def fresh() -> Iterator[Service]:
    """A hepscope that asks for a key and has heard nothing."""
    with running_hepscope(settings=SETTINGS) as service:
        yield service


@pytest.fixture(scope="module")
def pages(browser: Browser, fresh: Service) -> Iterator[Pages]:
    """Pages of that service."""
    with pages_of(browser, fresh) as found:
        yield found


@pytest.fixture(scope="module")
def page(pages: Pages) -> Page:
    """The overview of a service that has heard nothing; it is never loaded anew."""
    found = pages.open(
        "/overview?from=2026-11-23T00:00:00Z&to=2026-11-24T00:00:00Z", reduced_motion="reduce"
    )
    expect(found.get_by_role("region", name="First start")).to_contain_text("No packets yet")
    return found


def packet(key: bytes) -> bytes:
    """A packet of the node edge that belongs to no call."""
    return make_packet(make_request("OPTIONS", "o@example.org"), node_name=b"edge", auth_key=key)


def test_tells_where_it_listens_and_what_is_off(page: Page, fresh: Service) -> None:
    """Every transport with its real address and how many packets came."""
    table = page.get_by_role("table", name="Where hepscope listens")
    for transport, port in (("UDP", fresh.udp[1]), ("TCP", fresh.tcp[1])):
        row = table.get_by_role("row", name=f"HEP, {transport}")
        expect(row).to_contain_text(re.compile(rf"127.0.0.1:{port}\s*listening\s*0 packets"))
    expect(table.get_by_role("row", name="HEP, TLS")).to_contain_text("off: ingest.tls is empty")
    expect(page.get_by_text("Every hop is ready; no packet has come yet")).to_be_visible()


def test_gives_each_sender_its_lines_with_the_real_port(page: Page, fresh: Service) -> None:
    """Tabs go by arrow keys; the address that the reader types stands in all of them."""
    tabs = page.get_by_role("tab")
    assert tuple(tabs.all_inner_texts()) == SENDERS
    lines = page.get_by_role("tabpanel")
    expect(lines).to_contain_text(f'"duplicate_uri", "sip:127.0.0.1:{fresh.udp[1]}"')
    page.get_by_label("Address of this machine").fill("192.0.2.7")
    expect(lines).to_contain_text(f'"sip:192.0.2.7:{fresh.udp[1]}"')
    tabs.first.focus()
    shown = []
    for name in SENDERS:
        expect(page.get_by_role("tab", name=name, exact=True)).to_have_attribute(
            "aria-selected", "true"
        )
        shown.append(lines.inner_text())
        page.keyboard.press("ArrowRight")
    ports = [fresh.udp[1]] * 6 + [fresh.tcp[1], fresh.udp[1]]
    for text, port in zip(shown, ports, strict=False):
        assert f"192.0.2.7:{port}" in text
    assert "http://192.0.2.7:" in shown[-1]
    expect(tabs.first).to_be_focused()
    expect(page.get_by_text(f"--send tcp://192.0.2.7:{fresh.tcp[1]}").last).to_be_visible()


def test_real_programs_take_the_lines(page: Page, tmp_path: Path) -> None:
    """Kamailio loads them, and heplify's words mean what they say."""
    lines = {name: page.locator(f"#lines-{name} pre").text_content() or "" for name in PROGRAMS}
    translate = [str(Path(sys.executable).with_name("hepscope-heplify")), "-translate"]
    translated = subprocess.run(
        [*translate, *shlex.split(lines["heplify"])[1:]],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--interface=any" in translated.stdout
    assert "--send=udp://192.0.2.7:" in translated.stdout
    kamailio = program("kamailio")
    config = tmp_path / "kamailio.cfg"
    needed = "\n".join(f'loadmodule "{name}.so"' for name in ("tm", "sl", "rr", "pv"))
    route = 'request_route { sl_send_reply("404", "No"); }\n'
    config.write_text(f"#!KAMAILIO\n{needed}\n{lines['kamailio']}\n{route}")
    checked = subprocess.run(
        [kamailio, "-c", "-f", str(config)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_is_readable_and_fits(page: Page) -> None:
    """In both themes; on a phone nothing scrolls sideways but lines of code and tabs."""
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        contrast, text = least_contrast(page)
        assert contrast >= 4.5, (scheme, text)
    usual = page.viewport_size
    assert usual is not None
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    assert page.locator(".overview").evaluate("one => one.scrollWidth <= one.clientWidth")
    page.set_viewport_size(usual)


def test_tells_who_is_refused_and_what_to_set(page: Page, fresh: Service) -> None:
    """By itself: the page looks again, and what the reader typed and chose stays."""
    fresh.send_tcp([packet(b"wrong")] * 7)
    region = page.get_by_role("region", name="First start")
    expect(region).to_contain_text("Packets arrive, and all are refused", timeout=PATIENCE_MS)
    row = region.get_by_role("row", name="node edge")
    expect(row).to_contain_text("auth_key 7")
    expect(row).to_contain_text("ingest.auth_keys")
    expect(region.get_by_text("Broken: admission")).to_be_visible()
    expect(region.get_by_role("row", name="HEP, TCP")).to_contain_text("7 packets")
    expect(page.get_by_label("Address of this machine")).to_have_value("192.0.2.7")


def test_shows_the_same_on_the_screen_of_calls_and_of_nodes(pages: Pages) -> None:
    """The link leads to who is refused; there the broken hop is named with what to do."""
    calls = pages.open("/calls?from=2026-11-23T00:00:00Z")
    expect(calls.get_by_role("region", name="First start")).to_contain_text("auth_key 7")
    calls.get_by_role("link", name="Who is refused, and why").click()
    expect(rows(calls, "Nodes").filter(has_text="auth_key 7").first).to_be_visible()
    strip = calls.get_by_role("group").filter(has_text="Broken: admission")
    expect(strip).to_contain_text("all that came is refused: auth_key 7")
    strip.locator("summary").click()
    expect(strip.get_by_role("row", name="Admission")).to_contain_text("ingest.auth_keys")
    calls.context.close()


def test_fills_by_itself(page: Page, fresh: Service) -> None:
    """Once the key is right the figures come, unasked."""
    call = "first@example.org"
    busy = make_response(486, "Busy Here", call_id=call)
    fresh.send_tcp(
        make_packet(sip, time_us=BASE_US + at, node_name=b"edge", auth_key=KEY)
        for at, sip in enumerate((make_request("INVITE", call), busy))
    )
    figures = page.get_by_role("main").get_by_role("link", name=re.compile("^Calls "))
    expect(figures).to_contain_text("1", timeout=3 * PATIENCE_MS)
    expect(page.get_by_role("region", name="Nodes")).to_contain_text("auth_key 7")
