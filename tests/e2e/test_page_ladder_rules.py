"""How the ladder draws what is unusual, and what the reader may change of it, in Chromium."""

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from support.browser import arrows, pages_of
from support.carrier_calls import NAMES, STRANGER, TIMES, unacknowledged_call
from support.service import KEEP_ALL, Service, running_hepscope

pytestmark = [pytest.mark.browser, pytest.mark.database]

CALL = "page-rules@example.org"
PATH = f"/calls/{quote(CALL, safe='')}"


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """A hepscope that knows the names of three hosts, with a call whose ACK goes to a fourth."""
    with running_hepscope(settings={**KEEP_ALL, **NAMES}) as one:
        one.send_tcp(unacknowledged_call(CALL))
        one.call_with(CALL, 33)
        yield one


@pytest.fixture(scope="module")
def window(browser: Browser, service: Service) -> Iterator[Page]:
    """A page that all tests go on with; what they choose stands in the URL alone."""
    with pages_of(browser, service) as found:
        yield found.blank()


@pytest.fixture
def page(window: Page) -> Page:
    """The ladder of that call, as it is without any choice."""
    window.goto(PATH)
    messages(window).get_by_role("link").first.wait_for()
    return window


def messages(page: Page) -> Locator:
    """Return the list of messages."""
    return page.get_by_role("list", name="Messages")


def hosts(page: Page) -> list[str]:
    """Return the names of the columns, from the left."""
    return page.locator(".host b").all_inner_texts()


def name_of(page: Page, number: int) -> str:
    """Return how a message is read aloud."""
    link = messages(page).locator(f"a[data-number='{number}']")
    return str(link.get_attribute("aria-label"))


def test_says_all_of_a_message(page: Page) -> None:
    """Transport where it is new, who saw it, offer and codecs; the same as marks in the drawing."""
    expected = "1, INVITE, Yealink T54W to sbc-fra-1, 0.000 seconds, "
    assert name_of(page, 1) == expected + "TCP, seen by sbc-1, kam-1, SDP offer PCMA PCMU"
    drawn = messages(page).locator("a[data-number='1'] text").all_text_contents()
    assert drawn == ["INVITE", "TCP", "2 nodes ▸", "SDP offer PCMA PCMU"]
    assert "UDP, SDP offer" in name_of(page, 2)
    assert "UDP" not in name_of(page, 3)
    assert name_of(page, 29).endswith("Reason Q.850 102 timer expired")


def test_folds_what_was_sent_again(page: Page) -> None:
    """The second of a kind is dashed; the others are one line that opens, noted in the URL."""
    assert "sent again, 2nd time" in name_of(page, 9)
    fold = page.get_by_role("button", name=f"9 {TIMES} 200 OK and 9 {TIMES} ACK resent")
    expect(fold).to_have_attribute("aria-expanded", "false")
    assert "messages 11 to 28" in str(fold.get_attribute("aria-label"))
    expect(messages(page).locator("a[data-number='12']")).to_have_count(0)
    fold.click()
    assert "sent again, 3rd time" in name_of(page, 11)
    assert "open=11" in page.url
    page.reload()
    messages(page).locator("a[data-number='12']").wait_for()
    page.goto(f"{PATH}?msg=13")
    chosen = messages(page).locator("a[aria-current]")
    expect(chosen).to_have_attribute("data-number", "13")
    expect(chosen).to_be_in_viewport()
    page.goto(f"{PATH}?msg=13&hide=resend")
    expect(page.get_by_text("Message 13 is hidden by the choices above")).to_be_visible()


def test_shows_each_sight_of_a_message(page: Page) -> None:
    """Unfolded, each capture point has its time; the panel tells both and shows either.

    The list of calls counts sights, the ladder messages: its foot has both numbers.
    """
    expect(page.locator(".foot-facts")).to_contain_text(
        re.compile(r"^3[0-2] messages, seen 33 times, ")
    )
    messages(page).locator("a[data-number='1'] .pill-copies").click()
    later = page.get_by_role("button", name="kam-1 saw it +0.350 ms")
    later.click()
    panel = page.get_by_role("complementary", name="Message")
    expect(panel.get_by_role("button", name="kam-1")).to_have_attribute("aria-pressed", "true")
    expect(panel).to_contain_text("seen by kam-1")
    panel.get_by_role("button", name="sbc-1").click()
    expect(panel).to_contain_text("seen by sbc-1")


def test_tells_a_host_without_a_name(page: Page) -> None:
    """Its box is dashed, its lifeline dotted, and words say so."""
    stranger = page.locator(".host").filter(has_text=STRANGER)
    expect(stranger).to_contain_text("Unknown host")
    assert stranger.evaluate("box => getComputedStyle(box).borderTopStyle") == "dashed"
    line = page.locator(".lifeline.stranger")
    assert line.evaluate("line => getComputedStyle(line).borderLeftStyle") == "dotted"


def test_moves_and_hides_hosts(page: Page) -> None:
    """By keys, by drag and by the menu; the URL keeps it, and says what is hidden."""
    first, second, third, fourth = hosts(page)
    box = page.get_by_role("button", name=f"{first}, ")
    box.focus()
    box.press("Shift+ArrowRight")
    assert hosts(page) == [second, first, third, fourth]
    expect(page.get_by_role("button", name=f"{first}, ")).to_be_focused()
    page.locator(".host").nth(2).drag_to(page.locator(".host").nth(0))
    expect(page.locator(".host b").first).to_have_text(third)
    assert hosts(page) == [third, second, first, fourth]
    page.reload()
    messages(page).get_by_role("link").first.wait_for()
    assert hosts(page) == [third, second, first, fourth]
    page.get_by_role("button", name=f"{fourth}, ").click()
    page.get_by_role("button", name="Hide this host").click()
    assert hosts(page) == [third, second, first]
    expect(page.get_by_text("11 messages hidden")).to_be_visible()
    page.get_by_role("button", name="Hosts").click()
    page.get_by_role("button", name=f"Show {fourth}").click()
    assert hosts(page) == [third, second, first, fourth]


def test_groups_hosts_by_node_and_names_them_by_address(page: Page) -> None:
    """Columns as the reader wants them, in the URL."""
    page.get_by_role("button", name="Hosts").click()
    page.get_by_role("button", name="Address", exact=True).click()
    assert hosts(page)[0] == "192.0.2.1"
    assert "names=address" in page.url
    page.get_by_role("button", name="Hosts").click()
    page.get_by_role("button", name="By capture node").click()
    assert "group=node" in page.url
    assert any(name.startswith("sbc-1") for name in hosts(page))


def test_shows_only_sdp(page: Page) -> None:
    """Messages keep their numbers; what is left out is counted."""
    page.keyboard.press("d")
    numbers = messages(page).locator("a").evaluate_all("all => all.map(a => a.dataset.number)")
    assert numbers == ["1", "2", "3", "4"]
    expect(page.get_by_text("28 messages hidden")).to_be_visible()


def test_takes_a_message_apart(page: Page) -> None:
    """Headers in a table, media of the SDP in another; the choice stays with the next message."""
    messages(page).locator("a[data-number='1']").click()
    panel = page.get_by_role("complementary", name="Message")
    panel.get_by_role("button", name="Parsed").click()
    row = panel.get_by_role("row").filter(has_text="CSeq")
    expect(row).to_contain_text("1 INVITE")
    panel.get_by_role("button", name="SDP").click()
    expect(panel.get_by_role("row").filter(has_text="Codecs")).to_contain_text("PCMA, PCMU")
    assert "view=sdp" in page.url
    panel.get_by_role("button", name="Next message").click()
    expect(panel.get_by_role("row").filter(has_text="Direction")).to_contain_text("sendrecv")


def test_marks_what_matters_in_a_message(page: Page) -> None:
    """Branch, tag and URI have looks of their own, and the text is what was sent."""
    messages(page).locator("a[data-number='1']").click()
    wire = page.get_by_label("Text of the message")
    expect(wire.locator(".w-branch").first).to_have_text("z9hG4bK-a")
    expect(wire.locator(".w-tag").first).to_have_text(re.compile("^from-"))
    expect(wire.locator(".w-uri").first).to_have_text("sip:bob@example.org")
    assert wire.inner_text().startswith("INVITE sip:bob@example.org SIP/2.0\nVia: SIP/2.0/UDP")
    assert "Content-Length: " in wire.inner_text()


def test_names_stay_apart_from_numbers(page: Page) -> None:
    """The names of hosts may hold blanks: label, ends and offset can be told apart."""
    drawn = arrows(page)
    assert drawn[0][:5] == (1, "INVITE", "Yealink T54W", "sbc-fra-1", "0.000")
