"""Two messages compared on the page: header by header, line by line, across legs."""

from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

from support.browser import Pages, least_contrast
from support.builders import BASE_US, make_packet, make_request
from support.carrier_calls import SDP, SDP_TYPE, failed_call
from support.service import Service

pytestmark = [pytest.mark.browser, pytest.mark.database]

CALL = "page-compare@example.org"
LEG = "page-compare-leg@example.org"
PATH = f"/calls/{quote(CALL, safe='')}"
LEG_US = BASE_US + 10_000


@pytest.fixture(scope="module", autouse=True)
def calls(hepscope: Service) -> None:
    """A call that fails, and a second leg whose INVITE has other codecs and a header more."""
    other = make_request(
        "INVITE",
        LEG,
        headers=f"{SDP_TYPE}X-CID: {CALL}\r\n",
        body=SDP.replace("RTP/AVP 8 0 101", "RTP/AVP 9 0 101").replace("8 PCMA", "9 G722"),
    )
    packet = make_packet(other, time_us=LEG_US, source="192.0.2.2", destination="192.0.2.3")
    hepscope.send_tcp([*failed_call(CALL), packet])
    hepscope.call_with(CALL, 7)
    hepscope.call_with(LEG, 1)


@pytest.fixture
def page(pages: Pages) -> Page:
    """The ladder of both legs."""
    page = pages.open(f"{PATH}?with={quote(LEG)}")
    page.get_by_role("list", name="Messages").get_by_role("link").first.wait_for()
    return page


def view(page: Page) -> Locator:
    """Return the comparison."""
    return page.get_by_role("complementary", name="Two messages compared")


def number_of(page: Page, start: str) -> int:
    """Return the number of the first message whose name holds some text."""
    link = page.get_by_role("list", name="Messages").get_by_role("link", name=start).first
    return int(str(link.get_attribute("data-number")))


def test_compares_two_legs_by_keys(page: Page) -> None:
    """`c` marks, a second `c` compares; what differs is said in words, not by colour alone."""
    second = number_of(page, "leg B")
    page.keyboard.press("j")
    page.keyboard.press("c")
    expect(page.get_by_text("Message 1 is marked.")).to_be_visible()
    for _ in range(second - 1):
        page.keyboard.press("j")
    page.keyboard.press("c")
    found = view(page)
    assert f"cmp=1%2C{second}" in page.url
    changed = found.get_by_role("group", name="Call-ID, changed")
    expect(changed.locator("mark").first).to_have_text("page-compare")
    expect(found.get_by_role("group", name="X-CID, only in the second")).to_contain_text(CALL)
    same = found.get_by_role("group", name="CSeq, the same in both", exact=False)
    expect(same).to_contain_text("1 INVITE")
    lines = found.get_by_role("group", name="changed", exact=True)
    expect(lines.filter(has_text="m=audio").locator("mark")).to_have_text(["8", "9"])
    expect(lines.filter(has_text="rtpmap").locator("mark")).to_have_text(["8", "PCMA", "9", "G722"])
    page.keyboard.press("Escape")
    expect(found).to_be_hidden()
    expect(page.get_by_label("Text of the message")).to_be_visible()


def test_stands_in_the_link(page: Page) -> None:
    """A link shows the comparison; it can be turned round and cut down to the differences."""
    page.goto(f"{PATH}?cmp=4,6")
    found = view(page)
    expect(found.get_by_role("heading", level=2)).to_have_text("#4 ⇄ #6")
    expect(found.get_by_role("group", name="Reason, only in the first")).to_be_visible()
    same = found.get_by_role("group", name="Call-ID, ")
    expect(same).to_be_visible()
    found.get_by_role("button", name="Differences only").click()
    expect(same).to_be_hidden()
    found.get_by_role("button", name="Swap").click()
    expect(found.get_by_role("group", name="Reason, only in the second")).to_be_visible()
    assert "cmp=6%2C4" in page.url
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        contrast, text = least_contrast(page)
        assert contrast >= 4.5, text
    found.get_by_role("button", name="End comparing").click()
    assert "cmp" not in page.url


def test_says_that_nothing_differs(page: Page) -> None:
    """The same message twice, from the menu of the panel."""
    page.goto(f"{PATH}?cmp=5,5")
    expect(view(page)).to_contain_text("No line differs")


def test_pairs_headers_by_name_and_lines_by_kind(page: Page) -> None:
    """Several headers of one name go by their order, compact forms are the same name."""
    pairs = page.evaluate(
        """async () => {
          const { headerPairs, linePairs } = await import("/js/message/compare/align.js");
          const { readSip } = await import("/js/message/sip.js");
          const wire = (...lines) => readSip(lines.join("\\r\\n"));
          const one = wire("A b SIP/2.0", "Via: 1", "Via: 2", "From: x", "", "m=a 1", "a=ptime:20");
          const two = wire("A b SIP/2.0", "v: 2", "f: x", "To: y", "", "m=a 2");
          return [headerPairs(one, two), linePairs(one.body, two.body)]
            .map((all) => all.map(({ name, left, right }) => [name, left, right]));
        }"""
    )
    assert pairs == [
        [
            ["", "A b SIP/2.0", "A b SIP/2.0"],
            ["Via", "1", "2"],
            ["Via", "2", None],
            ["From", "x", "x"],
            ["To", None, "y"],
        ],
        [["", "m=a 1", "m=a 2"], ["", "a=ptime:20", None]],
    ]
