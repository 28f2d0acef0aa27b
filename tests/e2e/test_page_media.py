"""The media of a call in Chromium: streams, charts with holes; nothing where nothing was said."""

import json
import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from hep.rtcp import middle_bits, us_to_ntp
from integration.media.rig import ALICE, BOB, SECOND, block, rtcp, signalling, with_body
from support.browser import PHONE, Pages, arrows, least_contrast, rows
from support.builders import BASE_US, make_call, make_packet, make_request
from support.service import Service, until

pytestmark = [pytest.mark.browser, pytest.mark.database]

CALL = "page-media@example.org"
QUIET = "page-media-none@example.org"
HOSTILE = "page-media-hostile@example.org"
MARKUP = "<img src=x onerror=window.hit=1>"
LOSSY = 64
"""Of 256 packets: 25 %."""

SECONDS = [*range(5, 31, 5), *range(60, 91, 5)]
"""Reports come each 5 s, and for half a minute not at all."""


def both_ways(second: int) -> list[bytes]:
    """Return what both ends say at a time: Bob loses packets at 20 s, and answers in 80 ms."""
    at_us = BASE_US + second * SECOND
    fraction = LOSSY if second == 20 else 0
    sent = rtcp(time_us=at_us, source=ALICE, destination=BOB, ssrc=1, sender_us=at_us)
    held = {"lsr": middle_bits(us_to_ntp(at_us)), "dlsr": 65536}
    heard = block(1, fraction=fraction, jitter=400 if fraction else 80, **held)
    return [
        sent,
        rtcp(heard, time_us=at_us + 1_080_000, ssrc=2),
        rtcp(block(2), time_us=at_us + 2000, source=ALICE, destination=BOB, ssrc=1),
    ]


def vq_report(call_id: str) -> bytes:
    """Return a PUBLISH of a phone that says what it thinks of a call, and its name with markup."""
    text = (
        f"VQSessionReport: CallTerm\r\nCallID: {call_id}\r\nLocalID: {MARKUP}\r\n"
        f"RemoteID: <sip:bob@example.org>\r\nOrigID: {MARKUP}\r\n"
        "LocalAddr: IP=192.0.2.10 PORT=30000 SSRC=0x0b\r\n"
        "RemoteAddr: IP=198.51.100.20 PORT=40000 SSRC=0x0a\r\nLocalMetrics:\r\n"
        "Timestamps: START=2026-11-23T08:53:21Z STOP=2026-11-23T08:54:20Z\r\n"
        "SessionDesc: PT=18 PD=G729 SR=8000 FD=20 FPP=1 PPS=50 PLC=3 SSUP=on\r\n"
        "PacketLoss: NLR=5.0 JDR=2.0\r\nDelay: RTD=200 ESD=140 IAJ=12\r\n"
        "QualityEst: RLQ=70 RCQ=65 MOSLQ=3.6 MOSCQ=3.3\r\n"
    )
    publish = make_request("PUBLISH", f"publish-{call_id}")
    return make_packet(
        with_body(publish, text, "application/vq-rtcpxr"), time_us=BASE_US + 70 * SECOND
    )


@pytest.fixture(scope="module", autouse=True)
def calls(hepscope: Service) -> None:
    """A call of two streams, one of which only a hostile phone tells, and one without media."""
    hepscope.send_tcp(signalling(CALL, seconds=95))
    hepscope.send_tcp(make_call(QUIET, start_us=BASE_US))
    hepscope.call_with(QUIET, 7)
    hepscope.call_with(CALL, 4)
    hepscope.send_tcp([packet for second in SECONDS for packet in both_ways(second)])
    hepscope.send_tcp([*make_call(HOSTILE, start_us=BASE_US), vq_report(HOSTILE)])
    hepscope.call_with(HOSTILE, 7)

    def is_joined() -> bool:
        streams = hepscope.get(f"calls/{CALL}/media")["streams"]
        reports = [stream["summary"]["reports"] for stream in streams]
        others = hepscope.get(f"calls/{HOSTILE}/media")["streams"]
        codecs = {stream["codec"] for stream in streams}
        if reports != [len(SECONDS)] * 2 or codecs != {"PCMA"} or len(others) != 1:
            return False
        worst = hepscope.get(f"calls/{CALL}")["worst_mos"]
        return worst is not None and worst < 3

    def standing() -> list[object]:
        return [hepscope.ask(f"calls/{call_id}/media").text for call_id in (CALL, HOSTILE)]

    until(is_joined, standing)


@pytest.fixture
def media(pages: Pages) -> Page:
    """The media of the call of two streams."""
    page = pages.open(f"/calls/{CALL}?tab=media")
    streams(page).first.wait_for()
    return page


def streams(page: Page) -> Locator:
    """Return the rows of streams."""
    return page.get_by_role("list", name="Streams").get_by_role("link")


def chart(page: Page, name: str) -> Locator:
    """Return what reads a chart."""
    return page.get_by_role("slider", name=f"{name}, over time")


def stream_to(page: Page, host: str) -> Locator:
    """Return the row of the stream that goes to a host."""
    return streams(page).filter(has_text=f"\N{RIGHTWARDS ARROW} {host}")


def test_shows_each_stream_with_its_figures(media: Page) -> None:
    """Ends, SSRC, codec, who reports, and loss, jitter, round trip and MOS, mean and worst."""
    expect(streams(media)).to_have_count(2)
    lossy = stream_to(media, BOB[0])
    expect(lossy).to_contain_text("Callee hears")
    expect(stream_to(media, ALICE[0])).to_contain_text("Caller hears")
    expect(lossy).to_contain_text("00000001 · PCMA")
    expect(lossy).to_contain_text("13 reports · RTCP · by the receiver · at media-1")
    expect(lossy).to_contain_text("1.9 % / 25.0 %")
    expect(lossy).to_contain_text("50 ms")
    expect(lossy).to_contain_text("80 ms / 80 ms")
    expect(lossy.locator("b.poor")).to_contain_text("↓")
    clean = stream_to(media, ALICE[0])
    expect(clean).to_contain_text("0.0 % / 0.0 %")
    expect(clean.locator("b.poor")).to_have_count(0)


def test_says_how_it_was_measured(media: Page) -> None:
    """Estimates say that they are, with their context; how the call was found stands below."""
    expect(media.get_by_role("region", name="MOS")).to_contain_text("estimated, ITU-T G.107")
    side = media.get_by_role("complementary", name="Streams")
    expect(side).to_contain_text("the address in the SDP")
    expect(side).to_contain_text("from the SDP")
    expect(side).to_contain_text("MOS-CQEN")


def test_reads_all_charts_at_once_and_leaves_gaps(media: Page) -> None:
    """One cursor for all charts; where no report came there is nothing, not the value before."""
    loss = chart(media, "Packet loss")
    loss.focus()
    loss.press("Home")
    told = []
    for _ in range(int(str(loss.get_attribute("aria-valuemax"))) + 1):
        told.append(str(loss.get_attribute("aria-valuetext")).partition(": ")[2])
        loss.press("ArrowRight")
    lossy = ["callee 25.0 %" in text for text in told]
    assert 4 <= sum(lossy) <= 6
    silent = [text.count("nothing") == 2 for text in told]
    assert 23 <= sum(silent) <= 27
    assert not any(silent[:20])
    for name in ("MOS", "Jitter", "Round trip"):
        plot = chart(media, name)
        assert plot.get_attribute("aria-valuenow") == loss.get_attribute("aria-valuenow")
    paths = (
        chart(media, "MOS")
        .locator("path.line")
        .evaluate_all("all => all.map(one => one.getAttribute('d').split('M').length - 1)")
    )
    assert paths == [2, 2]


def test_draws_one_stream_alone(media: Page) -> None:
    """A stream that is chosen is drawn alone; the choice stands in the URL, Escape undoes it."""
    stream_to(media, BOB[0]).click()
    expect(chart(media, "MOS").locator("path.line")).to_have_count(1)
    expect(stream_to(media, BOB[0])).to_have_attribute("aria-current", "true")
    assert "stream=" in media.url
    media.reload()
    expect(chart(media, "MOS").locator("path.line")).to_have_count(1)
    media.keyboard.press("Escape")
    expect(chart(media, "MOS").locator("path.line")).to_have_count(2)


def test_goes_between_ladder_and_media(pages: Pages) -> None:
    """Tabs and the keys 1 and 2; the ladder is what a call opens with."""
    page = pages.open(f"/calls/{CALL}")
    assert len(arrows(page)) == 4
    page.get_by_role("link", name="Media 2").click()
    expect(streams(page)).to_have_count(2)
    assert "tab=media" in page.url
    page.keyboard.press("1")
    assert len(arrows(page)) == 4
    page.keyboard.press("2")
    expect(streams(page)).to_have_count(2)


def test_shows_nothing_of_media_where_none_was_reported(pages: Pages) -> None:
    """No tab and no key; a link to media that are not there says so and shows the ladder."""
    page = pages.open(f"/calls/{QUIET}")
    assert len(arrows(page)) == 7
    tabs = page.get_by_role("navigation", name="Parts of the call").get_by_role("link")
    assert [text.split()[0] for text in tabs.all_inner_texts()] == ["Ladder", "Logs"]
    page.keyboard.press("2")
    assert len(arrows(page)) == 7
    page.goto(f"/calls/{QUIET}?tab=media")
    expect(page.get_by_text("No report on the media of this call has come.")).to_be_visible()
    assert len(arrows(page)) == 7


def test_tells_what_a_phone_says_from_what_is_estimated(pages: Pages) -> None:
    """Both stand side by side; markup in its name is text; a loss since the start has no mean."""
    page = pages.open(f"/calls/{HOSTILE}?tab=media")
    row = streams(page).first
    expect(row).to_contain_text("MOS said")
    expect(row).to_contain_text("3.30")
    expect(row).to_contain_text("0000000a · G729")
    expect(row).to_contain_text(MARKUP)
    assert "5.0 %" in row.inner_text()
    assert page.locator("main :is(img, script)").count() == 0
    assert page.evaluate("window.hit") is None
    expect(chart(page, "Packet loss")).to_have_count(0)


def test_lists_the_worst_mos_of_calls(pages: Pages) -> None:
    """In the list of calls the worst report stands, marked where many users would complain."""
    page = pages.open(f"/calls?call_id={CALL}&from=2000-01-01T00:00:00Z")
    rows(page).first.wait_for()
    poor = rows(page).first.locator("span.poor")
    expect(poor).to_have_text(re.compile(r"2\.\d"))
    page.goto(f"/calls?call_id={QUIET}&from=2000-01-01T00:00:00Z")
    expect(rows(page)).to_have_count(1)
    expect(poor).to_have_count(0)


def test_shows_the_course_of_all_media_in_the_overview(pages: Pages) -> None:
    """MOS, loss, jitter and round trip of all calls, read by the cursor of the other charts."""
    hour = "from=2026-11-23T08:50:00Z&to=2026-11-23T09:00:00Z"
    page = pages.open(f"/overview?{hour}")
    plot = chart(page, "Packet loss")
    plot.focus()
    plot.press("Home")
    for _ in range(3):
        plot.press("ArrowRight")
    assert "09:53" in str(plot.get_attribute("aria-valuetext"))
    assert re.search(r"Loss \d\.\d %", str(plot.get_attribute("aria-valuetext")))
    for name, told in {
        "MOS": r"MOS [34]\.\d\d",
        "Jitter and round trip": r"Jitter \d+(\.\d)? ms, RTT \d+ ms",
    }.items():
        assert re.search(told, str(chart(page, name).get_attribute("aria-valuetext")))


def test_keeps_the_ladder_when_media_fail(pages: Pages) -> None:
    """A fault of one part is said, and leaves the others."""
    page = pages.blank()
    problem = {"title": "The search took too long", "status": 504, "detail": "Try again."}

    def refuse(route: Route) -> None:
        route.fulfill(status=504, content_type="application/problem+json", body=json.dumps(problem))

    page.route("**/media", refuse)
    page.goto(f"/calls/{CALL}?tab=media")
    expect(page.get_by_text("The media of this call cannot be shown: The search")).to_be_visible()
    assert len(arrows(page)) == 4


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_is_readable_in_both_themes(pages: Pages, scheme: str) -> None:
    """Every text has a contrast of at least 4.5, that of a chosen stream too."""
    page = pages.open(f"/calls/{CALL}?tab=media&stream=1", color_scheme=scheme)
    streams(page).first.wait_for()
    contrast, text = least_contrast(page)
    assert contrast >= 4.5, text


def test_fits_on_a_phone(pages: Pages) -> None:
    """Charts and streams stand below each other, as wide as the screen."""
    page = pages.open(f"/calls/{CALL}?tab=media", viewport=PHONE, has_touch=True)
    streams(page).first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.locator(".media").evaluate("one => one.scrollWidth <= one.clientWidth")
