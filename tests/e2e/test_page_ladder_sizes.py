"""Ladders of hundreds and thousands of messages: drawn soon, scrolled smoothly, all in reach."""

from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from support.browser import Pages, arrows, fit, work_of
from support.builders import make_call
from support.flows import FAILS_EVERY, answer_flow, flow_of
from support.service import Service, until

pytestmark = [pytest.mark.browser, pytest.mark.database]

CALL = "page-sizes@example.org"
PATH = f"/calls/{quote(CALL, safe='')}"

DRAWN_AT = """
new MutationObserver((_, observer) => {
  if (!document.querySelector("ol.arrows a")) return;
  observer.disconnect();
  requestAnimationFrame(() => setTimeout(() => { window.drawnAt = performance.now(); }));
}).observe(document, { childList: true, subtree: true });
"""

FRAMES = """async () => {
  const ladder = document.querySelector(".ladder");
  const spent = [];
  for (let frame = 0; frame < 60; frame += 1) {
    const begin = performance.now();
    ladder.scrollTop += 700;
    ladder.dispatchEvent(new Event("scroll"));
    ladder.offsetHeight;
    spent.push(performance.now() - begin);
    await new Promise((done) => requestAnimationFrame(done));
  }
  return spent.sort((one, other) => one - other);
}"""


class Sized(NamedTuple):
    """A page that is drawn, of so many messages, and its work so far in seconds."""

    page: Page
    messages: int
    seconds: float


@pytest.fixture(scope="module", autouse=True)
def call(hepscope: Service) -> None:
    """A call, whose flow the tests replace."""
    hepscope.send_tcp(make_call(CALL))
    hepscope.call_with(CALL, 7)


@pytest.fixture(params=[500, 5000])
def sized(pages: Pages, request: pytest.FixtureRequest) -> Sized:
    """A page with so many messages, once it is drawn."""
    count: int = request.param
    page = pages.blank()
    page.add_init_script(DRAWN_AT)
    answer_flow(page, flow_of(count, CALL))
    worked = work_of(page)
    page.goto(PATH)
    until(lambda: page.evaluate("window.drawnAt") or None, "a drawn ladder")
    return Sized(page, count, worked())


def test_is_drawn_soon_and_scrolls_smoothly(
    sized: Sized, record_property: Callable[[str, object], None]
) -> None:
    """The page's work until it is drawn, and per frame; bounds leave room for a slow machine."""
    page, count, seconds = sized
    drawn = page.evaluate(
        "drawnAt - Math.max(...performance.getEntriesByType('resource')"
        ".filter(entry => entry.name.includes('/calls/')).map(entry => entry.responseEnd))"
    )
    layout = page.evaluate("performance.getEntriesByName('ladder').at(-1).duration")
    worked = work_of(page)
    frames = page.evaluate(FRAMES)
    per_frame = worked() / len(frames)
    record_property(f"drawn_ms_{count}", drawn)
    record_property(f"layout_ms_{count}", layout)
    record_property(f"frame_ms_{count}", frames[len(frames) // 2])
    assert seconds < 1
    assert per_frame < 0.05
    assert page.get_by_role("list", name="Messages").get_by_role("link").count() < 150


def test_reaches_every_message(sized: Sized) -> None:
    """End, the next failure and the strip at the right lead anywhere."""
    page, count, _ = sized
    page.keyboard.press("n")
    chosen = page.get_by_role("list", name="Messages").locator("a[aria-current]")
    expect(chosen).to_have_attribute("data-number", str(FAILS_EVERY))
    page.keyboard.press("End")
    expect(chosen).to_have_attribute("data-number", str(count))
    assert arrows(page)[-1][0] == count
    # Beside the message it is narrower, and brings what is selected into sight again.
    fit(page)
    strip = page.locator(".minimap")
    box = strip.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 8, box["y"] + box["height"] / 2)
    middle = page.get_by_role("list", name="Messages").locator(f"a[data-number='{count // 2}']")
    expect(middle).to_be_visible()
    assert strip.locator(".failed").evaluate("tick => tick.getTotalLength()") > 50


def test_opens_the_middle_of_a_long_ladder(browser: Browser, hepscope: Service) -> None:
    """A link to a message shows it in sight, though thousands come before it."""
    pages = Pages(browser, hepscope.api)
    page = pages.blank()
    answer_flow(page, flow_of(5000, CALL))
    page.goto(f"{PATH}?msg=2500")
    chosen = page.get_by_role("list", name="Messages").locator("a[aria-current]")
    expect(chosen).to_have_attribute("data-number", "2500")
    expect(chosen).to_be_in_viewport()
    pages.close()
    assert pages.complaints == []
