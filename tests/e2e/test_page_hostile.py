"""SIP that attacks its reader: the page shows it as text, runs nothing, and its links work."""

from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Page, expect

from support.browser import Pages, arrows, rows
from support.builders import BASE_US, make_packet
from support.service import ALWAYS, Service, until

pytestmark = [pytest.mark.browser, pytest.mark.database]

CALL_ID = """a/../b%2F%@c#d?e=f&g;<img/src=x/onerror=window.hit=1>"'\\é+~"""
SPACED = "two words and a third"
USER = "<img/src=x/onerror=window.hit=1"
DISPLAY = """"<script>window.hit=1</script><img src=x onerror='window.hit=1'>\\"" """.strip()
AGENT = """</pre><svg onload="window.hit=1"><a href="javascript:window.hit=1">x</a>{{7*7}}${7*7}"""
REASON = """<iframe srcdoc="<script>parent.hit=1</script>">&lt;&amp;"""
BIDI = "X-Turned: \u202egnp.exe\r\n"
ALL = "from=2000-01-01T00:00:00Z"


def invite(call_id: str) -> bytes:
    """Return an INVITE whose every header is hostile."""
    return (
        f"INVITE sip:bob@example.org SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-{len(call_id)}\r\n"
        f"From: {DISPLAY} <sip:{USER}@example.org>;tag=1\r\n"
        f"To: <sip:bob@example.org>\r\n"
        f"Call-ID: {call_id}\r\nCSeq: 1 INVITE\r\nUser-Agent: {AGENT}\r\n{BIDI}"
        f"Content-Length: 0\r\n\r\n"
    ).encode()


def busy(call_id: str) -> bytes:
    """Return the answer, with a hostile phrase."""
    text = invite(call_id).decode().partition("\r\n")[2]
    return f"SIP/2.0 486 {REASON}\r\n{text.replace(f'User-Agent: {AGENT}', 'Server: x')}".encode()


@pytest.fixture(scope="module", params=[CALL_ID, SPACED], ids=["markup", "spaces"])
def call_id(request: pytest.FixtureRequest, hepscope: Service) -> str:
    """The Call-ID of a hostile call, as the service has stored it."""
    sent: str = request.param
    hepscope.send_tcp(
        [
            make_packet(invite(sent), time_us=BASE_US, node_name=b"<i>node</i>"),
            make_packet(busy(sent), time_us=BASE_US + 9, source="192.0.2.2"),
        ]
    )
    hepscope.call_with(sent, 2)
    return sent


def is_unharmed(page: Page) -> None:
    """Require that nothing ran and that no element came from the text."""
    assert page.evaluate("window.hit") is None
    assert (
        page.locator(
            "main :is(script, iframe, img, i, [onload], [onerror], [href^=javascript])"
        ).count()
        == 0
    )


def test_lists_it_as_text(pages: Pages, call_id: str) -> None:
    """The grid shows users and phrases as they were sent, and its link leads to the call."""
    page = pages.open(f"/calls?{ALL}&call_id={quote(call_id.replace(chr(92), chr(92) * 2))}")
    row = rows(page).first
    expect(row).to_contain_text(USER)
    expect(row).to_contain_text(REASON)
    expect(row).to_contain_text("<i>node</i>")
    is_unharmed(page)
    row.get_by_role("link").click()
    expect(page.get_by_role("main")).to_contain_text(call_id)
    assert len(arrows(page)) == 2
    page.reload()
    assert len(arrows(page)) == 2
    is_unharmed(page)


def test_values_of_any_size_and_direction_stay_in_their_places(
    pages: Pages, hepscope: Service
) -> None:
    """A header of 60 KiB, markup and turned writing in rail, completion, filter and cell."""
    long = "page-hostile-long@example.org"
    turned = f"\u202e<i>{'W' * 60_000}"
    hepscope.send_tcp(
        [make_packet(invite(long).replace(AGENT.encode(), turned.encode()), time_us=BASE_US)]
    )
    hepscope.call_with(long, 1)
    page = pages.open(f"/calls?{ALL}&call_id={long}")
    rows(page).first.wait_for()
    page.get_by_role("group", name="User agent").get_by_role("button").click(modifiers=["Alt"])
    page.get_by_role("button", name="Remove User agent is not").click()
    expect(rows(page)).to_have_count(1)
    page.get_by_role("combobox").fill("user_agent = ")
    seen = page.get_by_role("option").filter(has_text="WWWW")
    expect(seen).to_contain_text("1 call")
    seen.click()
    expect(page.get_by_role("button", name="Remove User agent is")).to_be_visible()
    expect(rows(page)).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    cell = rows(page).get_by_role("gridcell").nth(2)
    expect(cell).to_have_css("unicode-bidi", "isolate")
    is_unharmed(page)


def test_shows_it_as_text(pages: Pages, call_id: str) -> None:
    """Head, ladder and message hold the text, markup included; turned writing is named."""
    page = pages.open(f"/calls/{quote(call_id, safe='')}?msg=1")
    text = page.get_by_label("Text of the message")
    for part in (DISPLAY, AGENT, call_id, "X-Turned: \\x202egnp.exe"):
        expect(text).to_contain_text(part)
    expect(page.get_by_role("main")).to_contain_text(AGENT)
    assert arrows(page)[1][1] == f"486 {REASON}"
    page.get_by_role("link", name="2, 486").click()
    expect(page.get_by_role("heading", name="#2 486")).to_contain_text(REASON)
    is_unharmed(page)


def test_exports_it(pages: Pages, hepscope: Service, call_id: str) -> None:
    """The export link survives every character."""
    page = pages.open(f"/calls/{quote(call_id, safe='')}")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
        page.get_by_role("link", name="Export as PCAP").click()
    assert download.value.path().read_bytes() == hepscope.export(call_id, "pcap")


def test_a_call_id_of_dots_is_no_step_upward(pages: Pages, hepscope: Service) -> None:
    """Browsers resolve such a segment of a path; the link of the row leads to its call."""
    hepscope.send_tcp([make_packet(invite(".."), time_us=BASE_US)])
    until(lambda: hepscope.get("calls", call_id="..", **ALWAYS)["items"], "the call")
    page = pages.open(f"/calls?{ALL}&call_id=..")
    rows(page).first.get_by_role("link").click()
    assert len(arrows(page)) == 1
    page.reload()
    assert len(arrows(page)) == 1


def test_a_pasted_link_leads_to_its_call(pages: Pages, hepscope: Service) -> None:
    """Without the password that it holds, also on a page whose own address holds one.

    White space may be of the Call-ID.
    """
    marked = "\ufeffmarked\u00a0"
    hepscope.send_tcp([make_packet(invite(marked), time_us=BASE_US)])
    hepscope.call_with(marked, 1)
    host = urlsplit(hepscope.api).netloc
    page = pages.blank()
    # A busy machine may take longer to look the call up than a reader would wait.
    page.add_init_script("AbortSignal.timeout = () => new AbortController().signal")
    page.goto(f"http://me:secret@{host}/calls")
    page.get_by_role("combobox").fill(f"http://me:secret@{host}/calls/{quote(marked)}?msg=1")
    page.get_by_role("combobox").press("Enter")
    assert len(arrows(page)) == 1
    assert page.url == f"http://{host}/calls/{quote(marked)}?msg=1"


def test_does_not_run_what_a_link_holds(pages: Pages) -> None:
    """What stands in the URL is foreign text too."""
    attack = quote("<img src=x onerror=window.hit=1>")
    page = pages.open(f"/calls?{attack}={attack}&q={attack}&order={attack}&from_user={attack}")
    expect(page.get_by_text("which this version does not know")).to_be_visible()
    is_unharmed(page)
    page.goto(f"/calls/{quote(attack)}?msg={attack}&at={attack}")
    expect(page.get_by_role("alert")).to_contain_text("This call is not stored")
    is_unharmed(page)


def test_lets_no_foreign_script_run(pages: Pages) -> None:
    """The policy holds even if markup came into the page: inline handlers do not run."""
    page = pages.open("/nodes")
    page.get_by_role("grid").or_(page.get_by_role("main").get_by_role("status")).first.wait_for()
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x: onerror=\"window.hit=1\">')"
    )
    until(
        lambda: page.evaluate("document.querySelector('img[onerror]').complete"), "a failed image"
    )
    # What the browser says is heard while the page is asked something.
    until(
        lambda: (
            page.evaluate("true")
            and any("Content Security Policy" in text for text in pages.complaints)
        ),
        "the browser to complain",
    )
    assert page.evaluate("window.hit") is None
    pages.complaints.clear()
