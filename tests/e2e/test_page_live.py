"""Watch live: what the page shows while real HEP packets arrive, wait, stop and come back."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from support.browser import PHONE, Pages, in_page, least_contrast, pages_of, rows
from support.builders import make_packet, make_request, make_response
from support.kafka import free_port
from support.nginx import running_nginx
from support.service import Service, running_hepscope, until

pytestmark = [pytest.mark.browser, pytest.mark.database]

PROXY = "127.0.0.2"

HIDE = """hidden => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
"""What the browser does when the reader turns to another tab, and back."""


CUT = """[...document.querySelectorAll(".live-rows, .live-key, .live-state, .live-from")]
  .filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.className)"""
"""What does not fit, of that which the reader needs whole."""


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """A hepscope of our own: it is restarted at the same port; nginx may tell it its prefix."""
    settings = {
        "HEPSCOPE_API__TRUSTED_PROXIES": PROXY,
        "HEPSCOPE_API__LISTEN": f"127.0.0.1:{free_port()}",
    }
    with running_hepscope(settings=settings) as started:
        yield started


@pytest.fixture
def live(browser: Browser, service: Service) -> Iterator[Pages]:
    """Pages of that hepscope; none may complain."""
    with pages_of(browser, service) as found:
        yield found


def now_us() -> int:
    """Return the present."""
    return time.time_ns() // 1000


def invite(call_id: str, from_user: str = "alice") -> bytes:
    """Return a packet with the INVITE of a call that begins now."""
    request = make_request("INVITE", call_id, from_user=from_user, to_user="4989123456")
    return make_packet(request, time_us=now_us(), node_name=b"sbc-1")


def refusal(call_id: str, status: int, reason: str) -> bytes:
    """Return a packet with a final that comes now."""
    response = make_response(status, reason, call_id=call_id, to_user="4989123456")
    return make_packet(response, time_us=now_us(), node_name=b"sbc-1")


def says(page: Page, text: str) -> None:
    """Expect the head to tell how the connection is."""
    expect(page.locator(".live-pill")).to_contain_text(text)


def test_watches_messages_and_calls_while_they_come(live: Pages, service: Service) -> None:
    """A call appears by itself, newest first; the keyboard alone opens it."""
    page = live.open("/live")
    says(page, "Live")
    service.send_tcp([invite("watched@live", "watched")])
    message = rows(page, "Messages").filter(has_text="watched → 4989123456")
    expect(message).to_contain_text("INVITE")
    expect(message).to_contain_text("192.0.2.1 → 192.0.2.2")
    call = rows(page, "Calls under way").filter(has_text="watched")
    expect(call).to_contain_text("100 Setting up")
    # It ages.
    expect(call).to_contain_text(re.compile(r"\d:(?!00)\d\d"))
    expect(page.get_by_role("region", name="Calls now")).to_contain_text(re.compile(r"[1-9]"))
    for width in (1024, 768, 1280):
        page.set_viewport_size({"width": width, "height": 720})
        assert page.evaluate(CUT) == [], width
    service.send_tcp([refusal("watched@live", 503, "Service Unavailable")])
    expect(rows(page, "Messages").first).to_contain_text("503 Service Unavailable (INVITE)")
    expect(call).to_have_count(0)
    failures = page.get_by_role("region", name="Failures per minute")
    expect(failures.get_by_role("img")).to_have_accessible_name(
        re.compile("Failures per minute: [1-9] now")
    )
    expect(page.get_by_role("status").filter(has_text="under way")).to_contain_text("new message")

    page.keyboard.press("j")
    expect(rows(page, "Messages").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/calls/watched(@|%40)live"))


def test_filters_are_in_the_url_and_failures_are_a_key_away(live: Pages, service: Service) -> None:
    """What is filtered out does not appear; Back returns to the wider view."""
    page = live.open("/live")
    says(page, "Live")
    page.keyboard.press("/")
    page.get_by_label("Method").press_sequentially("!OPTIONS !ACK")
    page.get_by_label("From").fill("fil*")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"method=%21OPTIONS&method=%21ACK&from_user=fil\*"))
    says(page, "Live")
    service.send_tcp([invite("other@live", "other"), invite("filtered@live", "filtered")])
    expect(rows(page, "Messages")).to_have_count(1)
    expect(rows(page, "Messages")).to_contain_text("filtered")
    expect(page.get_by_text("The calls are not filtered by Method")).to_be_visible()

    page.goto("/live?from_user=fil*")
    page.get_by_role("button", name="Pause").focus()
    page.keyboard.press("f")
    toggle = page.get_by_role("button", name="Only failures")
    expect(toggle).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile(r"status=4\*&status=5\*&status=6\*&status=%21401"))
    says(page, "Live")
    final = make_response(404, "Not Found", call_id="filtered@live", from_user="filtered")
    service.send_tcp([make_packet(final, time_us=now_us())])
    expect(rows(page, "Messages")).to_have_count(1)
    expect(rows(page, "Messages")).to_contain_text("404 Not Found (INVITE)")
    page.go_back()
    expect(toggle).to_have_attribute("aria-pressed", "false")


def test_a_paused_page_counts_and_a_read_one_keeps_still(live: Pages, service: Service) -> None:
    """Pause says how many came meanwhile; under the pointer rows keep their places; a tab that is
    hidden stops, and catches up.
    """
    page = live.open("/live?from_user=still")
    says(page, "Live")
    service.send_tcp([invite("one@live", "still")])
    found = rows(page, "Messages")
    expect(found).to_have_count(1)
    page.keyboard.press("p")
    says(page, "Paused")
    expect(page).to_have_url(re.compile("pause=1"))
    service.send_tcp([invite("two@live", "still"), invite("three@live", "still")])
    expect(page.locator(".foot-facts")).to_have_text("Paused. 2 messages came meanwhile.")
    expect(found).to_have_count(1)
    page.get_by_role("button", name="Resume").click()
    expect(found).to_have_count(3)
    expect(page).not_to_have_url(re.compile("pause"))

    found.nth(1).hover()
    service.send_tcp([invite("four@live", "still")])
    fresh = page.get_by_role("button", name="Show 1 new message")
    expect(fresh).to_have_text("↑ 1 new")
    expect(page.get_by_text("order held while")).to_be_visible()
    expect(found).to_have_count(3)
    page.get_by_role("button", name="Pause").hover()
    expect(found).to_have_count(4)
    expect(fresh).to_be_hidden()

    page.evaluate(HIDE, arg=True)
    until(lambda: service.metrics().value("hepscope_api_live_readers") == 0, "the tab to stop")
    service.send_tcp([invite("five@live", "still")])
    page.evaluate(HIDE, arg=False)
    expect(found).to_have_count(5)
    says(page, "Live")


def test_a_connection_that_breaks_comes_back_with_what_it_missed(
    browser: Browser, service: Service
) -> None:
    """Over a restart of the server the page says what happened, and misses nothing."""
    page = Pages(browser, service.api).open("/live?from_user=restart")
    says(page, "Live")
    service.send_tcp([invite("before@live", "restart")])
    expect(rows(page, "Messages")).to_have_count(1)
    service.stop()
    says(page, "Connection lost")
    expect(page.get_by_text(re.compile(r"Connection lost at \d\d:\d\d:\d\d\. Try"))).to_be_visible()
    service.start()
    service.send_tcp([invite("after@live", "restart")])
    expect(rows(page, "Messages")).to_have_count(2)
    says(page, "Live")
    page.context.close()


def test_through_nginx_events_come_as_they_are_sent(
    browser: Browser, service: Service, tmp_path: Path
) -> None:
    """A proxy that buffers by default, under a prefix, on a phone."""
    port = free_port()
    upstream = service.api.replace("localhost", "127.0.0.1")
    location = f"""
    location /voip {{
      proxy_bind {PROXY};
      proxy_set_header Host $http_host;
      proxy_set_header Forwarded "";
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Prefix /voip;
      proxy_pass {upstream}$below;
    }}"""
    with running_nginx(tmp_path, {port: location}):
        base = f"http://127.0.0.1:{port}/voip"
        began = time.monotonic()
        with httpx.stream("GET", f"{base}/api/v1/live", trust_env=False, timeout=20) as stream:
            lines = stream.iter_lines()
            assert next(line for line in lines if line.startswith("event")) == "event: hello"
        assert time.monotonic() - began < 10
        page = Pages(browser, base).open("/voip/live?from_user=proxied", viewport=PHONE)
        says(page, "Live")
        service.send_tcp([invite("proxied@live", "proxied")])
        expect(rows(page, "Messages")).to_contain_text("proxied → 4989123456")
        contrast, text = least_contrast(page)
        page.context.close()
    assert contrast >= 4.5, text
    until(lambda: service.metrics().value("hepscope_api_live_readers") == 0, "readers to leave")


def test_a_silence_is_explained_where_a_hop_is_broken(live: Pages, service: Service) -> None:
    """When no message comes for half a minute the page asks why, and says so until one comes."""
    page = live.blank()

    def broken(route: Route) -> None:
        found = route.fetch().json()
        seen = {"hop": "bus", "state": "broken", "detail": "nothing leaves it", "do": "Start it."}
        items = [seen if one["hop"] == "bus" else one for one in found["items"]]
        route.fulfill(json={**found, "items": items})

    page.route("**/stats/hops", broken)
    page.clock.install()
    page.goto("/live?from_user=silent")
    says(page, "Live")
    page.clock.fast_forward(31_000)
    told = page.get_by_text("No message comes. Broken: bus: nothing leaves it. Start it.")
    expect(told).to_be_visible()
    # The same is said again where a cut connection has taken its place.
    said = in_page(
        page,
        "live/notes.js",
        """(() => {
        const [notes, text] = [new m.Notes(), "Broken."];
        const steps = [() => notes.stalled(text), () => notes.lost(Date.now()),
            () => notes.back(), () => notes.stalled(text), () => notes.leave()];
        return steps.map((step) => { step(); return notes.element.textContent.includes(text); });
        })()""",
    )
    assert said == [True, False, False, True, True]
    service.send_tcp([invite("silent@live", "silent")])
    expect(rows(page, "Messages")).to_have_count(1)
    expect(told).to_have_count(0)


def test_a_filter_that_makes_no_sense_is_refused_with_words(live: Pages) -> None:
    """And the way back is there."""
    page = live.open("/live?status=soon")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The live view cannot be followed: Invalid parameter")
    expect(alert).to_contain_text("status: expected a code as 486 or 4*.")
    says(page, "Not followed")


def test_a_page_to_sign_in_is_no_stream(live: Pages) -> None:
    """A proxy whose session has ended answers with success and a page; that is told, not heard."""
    page = live.blank()
    page.route(
        "**/api/v1/live*", lambda route: route.fulfill(content_type="text/html", body="<h1>Who?")
    )
    page.goto("/live")
    expect(page.get_by_role("main")).to_contain_text("A page to sign in")
    page.unroute("**/api/v1/live*")
    says(page, "Live")
