"""What became of a call, read in Chromium as an engineer does: why it failed, and several calls."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from support.browser import PHONE, ZONE, Pages, arrows, rows
from support.builders import BASE_US, make_call, make_packet, make_request
from support.carrier_calls import CARRIER, failed_call, unacknowledged_call
from support.flows import answer_flow, flow_of
from support.service import Service, until

pytestmark = [pytest.mark.browser, pytest.mark.database]

FAILED = "page-call-failed@example.org"
LOST = "page-call-lost@example.org"
OTHER = "page-call-other@example.org"
MIDST = "page-call-midst@example.org"
MIXED = "page-mixed@example.org"
ISUP = "\x01\x11\x48\x00\x0a"
PARTS = (
    "--cut\r\nContent-Type: application/sdp\r\n\r\nv=0\r\nc=IN IP4 192.0.2.1\r\n"
    "m=audio 4000 RTP/AVP 8\r\n\r\n--cut\r\nContent-Type: application/isup;version=itu-t92+\r\n\r\n"
    f"{ISUP}\r\n--cut--\r\n"
)


@pytest.fixture(scope="module", autouse=True)
def calls(hepscope: Service) -> None:
    """A call that fails, one whose ACK is lost, one that is fine, and the end of one."""
    hepscope.send_tcp([*failed_call(FAILED), *unacknowledged_call(LOST), *make_call(OTHER)])
    hepscope.send_tcp(make_call(MIDST)[2:])
    kind = "Content-Type: multipart/mixed;boundary=cut\r\n"
    mixed = make_request("INVITE", MIXED, headers=kind, body=PARTS)
    hepscope.send_tcp([make_packet(mixed, time_us=BASE_US)])
    for call_id, count in ((FAILED, 7), (LOST, 33), (OTHER, 7), (MIDST, 5), (MIXED, 1)):
        hepscope.call_with(call_id, count)


def call_path(call_id: str, query: str = "") -> str:
    """Return the address of a call's page."""
    return f"/calls/{quote(call_id, safe='')}{query}"


def selected(page: Page) -> str:
    """Return the name of the message that is selected."""
    chosen = page.get_by_role("list", name="Messages").locator("a[aria-current]")
    return str(chosen.get_attribute("aria-label"))


def test_says_why_a_call_failed(pages: Pages) -> None:
    """The sentence names code, who sent it, when, and the cause; `n` leads to the message."""
    page = pages.open(call_path(FAILED))
    verdict = f"Not answered: 503 Service Unavailable from {CARRIER} after 1.2 s"
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{verdict} (Q.850 34 no circuit)")
    page.keyboard.press("n")
    assert selected(page).startswith(f"4, 503 Service Unavailable, {CARRIER} to sbc-1, 1.205")
    assert selected(page).endswith("Reason Q.850 34 no circuit")
    text = page.get_by_label("Text of the message")
    expect(text).to_contain_text('Reason: Q.850;cause=34;text="no circuit"')
    page.keyboard.press("n")
    assert selected(page).startswith("6, 503")
    page.keyboard.press("n")
    assert selected(page).startswith("6, 503")
    page.keyboard.press("N")
    assert selected(page).startswith("4, 503")


def test_says_who_ended_a_call(pages: Pages) -> None:
    """Caller and called party are told apart by the side that the first BYE came from."""
    page = pages.open(call_path(OTHER))
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Answered by 192.0.2.2, the caller hung up after 10.0 s")
    page.goto(call_path(LOST))
    expect(heading).to_contain_text("the called party hung up after")
    expect(page.locator(".call-facts")).to_contain_text("Ended by the called party")
    page.goto(call_path(MIDST))
    expect(heading).to_have_text(
        "Answered, 192.0.2.1 hung up after 10.0 s; its INVITE was not captured"
    )


def test_puts_several_calls_in_one_ladder(pages: Pages) -> None:
    """Legs have letters; the filter leaves some of them, in the URL; exports take all along."""
    page = pages.open(call_path(FAILED, f"?with={quote(OTHER)}"))
    assert len(arrows(page)) == 14
    legs = {rest.split(", ")[1] for *_, rest in arrows(page)}
    assert legs == {"leg A", "leg B"}
    expect(page.locator(".call-facts")).to_contain_text("Legs A alice → bob")
    page.get_by_role("group", name="Legs").get_by_role("button", name="leg B").click()
    assert {rest.split(", ")[1] for *_, rest in arrows(page)} == {"leg A"}
    assert "legs=A" in page.url
    page.reload()
    assert len(arrows(page)) == 7
    expect(page.get_by_text("7 messages hidden")).to_be_visible()
    page.get_by_role("button", name="Show all").click()
    assert len(arrows(page)) == 14
    page.get_by_role("button", name="Export").click()
    link = page.get_by_role("link", name="Export as PCAP").get_attribute("href")
    assert quote(OTHER) in str(link)


def test_shares_a_whole_link(pages: Pages) -> None:
    """The link that is copied leads anybody to what is shown."""
    page = pages.open(
        call_path(FAILED, "?msg=4&hide=100"), permissions=["clipboard-read", "clipboard-write"]
    )
    arrows(page)
    page.get_by_role("button", name="Share").click()
    copied = until(lambda: page.evaluate("navigator.clipboard.readText()") or None, "a link")
    assert copied == f"{page.url}&tz={quote(ZONE, safe='')}"
    assert copied.startswith("http")
    # What is not there yet is not copied.
    page.get_by_label("Text of the message").wait_for()
    page.keyboard.press("w")
    expect(page.get_by_role("button", name="Copy message")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").startswith("SIP/2.0 503 Service")


def test_is_driven_by_keys_alone(pages: Pages) -> None:
    """Open, move, hide, change the time, walk a menu, and close all again, without a pointer."""
    page = pages.open(call_path(LOST))
    arrows(page)
    page.keyboard.press("j")
    page.keyboard.press("End")
    assert selected(page).startswith("32, 200 OK")
    page.keyboard.press("h")
    expect(page.get_by_role("link", name="sent again")).to_have_count(0)
    assert "hide=100%2Cresend" in page.url
    page.keyboard.press("h")
    page.keyboard.press("t")
    assert "time=absolute" in page.url
    page.keyboard.press("t")
    assert "time=delta" in page.url
    page.get_by_role("button", name="Export").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Export as PCAP")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Export as Text")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Export")).to_be_focused()
    expect(page.get_by_label("Text of the message")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_label("Text of the message")).to_have_count(0)


def test_walks_the_calls_of_a_search(pages: Pages) -> None:
    """`]` and `[` lead to the call after and before this one, which says where it stands."""
    page = pages.open(
        "/calls?call_id=page-call-*&from=2026-11-23T00:00:00Z&to=2026-11-24T00:00:00Z"
    )
    expect(rows(page)).to_have_count(3)
    rows(page).first.dblclick()
    place = page.locator(".call-title .place")
    expect(place).to_have_text("1 of 3")
    first = page.url
    page.keyboard.press("]")
    expect(place).to_have_text("2 of 3")
    assert page.url != first
    page.keyboard.press("[")
    expect(place).to_have_text("1 of 3")
    assert page.url == first
    expect(page.get_by_role("button", name="Previous call of the search")).to_be_disabled()


def test_takes_bodies_of_several_parts_apart(pages: Pages) -> None:
    """The SDP among them is read, and ISUP, which is no text, stands as bytes."""
    page = pages.open(call_path(MIXED, "?msg=1"))
    text = page.get_by_label("Text of the message")
    expect(text).to_contain_text("application/isup, 5 bytes, not text")
    expect(text).to_contain_text("01 11 48 00 0a")
    panel = page.get_by_role("complementary", name="Message")
    panel.get_by_role("button", name="Parsed").click()
    expect(panel.get_by_role("row").filter(has_text="application/isup")).to_contain_text("5 bytes")
    panel.get_by_role("button", name="SDP").click()
    expect(panel.get_by_role("row").filter(has_text="Codecs")).to_contain_text("PCMA")


def test_keeps_the_width_of_the_message(pages: Pages) -> None:
    """The edge is moved by arrow keys and found again."""
    page = pages.open(call_path(FAILED, "?msg=1"))
    edge = page.get_by_role("separator", name="Width of the message")
    edge.focus()
    edge.press("ArrowLeft")
    edge.press("ArrowLeft")
    panel = page.get_by_role("complementary", name="Message")
    expect(edge).to_have_attribute("aria-valuenow", "444")
    page.reload()
    panel.wait_for()
    assert panel.evaluate("panel => panel.offsetWidth") == 444
    page.set_viewport_size({"width": 1100, "height": 800})
    ladder = page.get_by_role("region", name="Ladder")
    assert ladder.evaluate("ladder => ladder.clientWidth") == 1100


def test_a_ladder_wider_than_a_phone_says_what_is_in_sight(pages: Pages) -> None:
    """Of an address that is cut its end is left; a label stays with the part of its arrow."""
    page = pages.blank(viewport=PHONE, has_touch=True)
    flow = flow_of(1, LOST)
    ips = [f"198.51.100.{number}" for number in range(201, 208)]
    flow["hosts"] = [{**flow["hosts"][0], "id": ip, "address": ip, "label": ip} for ip in ips]
    flow["arrows"] = [{**flow["arrows"][0], "from": ips[0], "to": ip} for ip in ips[1:]]
    answer_flow(page, flow)
    page.goto(call_path(LOST))
    name = page.locator(".host b").first
    assert name.evaluate("name => name.scrollWidth > name.clientWidth"), "it is cut"
    right = "name => name.getBoundingClientRect().right"
    assert name.locator("bdi").evaluate(right) <= name.evaluate(right)
    label = page.get_by_role("list", name="Messages").locator(f"a[data-number='{len(ips) - 1}'] g")
    gutter = page.locator(".gutter-head").evaluate(right)
    page.locator(".ladder").evaluate("ladder => { ladder.scrollLeft = ladder.scrollWidth }")
    expect(label).to_have_attribute("transform", re.compile("translate"))
    assert label.evaluate("label => label.getBoundingClientRect().left") >= gutter


def test_is_readable_on_a_phone(browser: Browser, hepscope: Service) -> None:
    """The sentence, the ladder and the message below it; nothing but the ladder goes sideways."""
    pages = Pages(browser, hepscope.api)
    page = pages.open(call_path(LOST, "?msg=3"), viewport=PHONE, has_touch=True)
    arrows(page)
    expect(page.get_by_role("heading", level=1)).to_be_in_viewport()
    message = page.get_by_role("complementary", name="Message")
    expect(message).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    box = message.bounding_box()
    assert box is not None
    assert box["width"] == PHONE["width"]
    assert page.locator(".gutter .time").first.inner_text() == "0 ms"
    pages.close()
    assert pages.complaints == []
