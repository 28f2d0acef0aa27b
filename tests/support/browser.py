"""The page in a real Chromium: a browser, and pages that keep what they complain about.

Every page that a test opens is watched: an exception, a message on the console, a breach of the
content security policy or a file of the page that is missing fails the test at its end. Answers
of the API that are errors are no complaint; tests provoke them.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    expect,
    sync_playwright,
)

from support.browser_apart import browser_apart
from support.browser_contexts import context_of, leave, new_context
from support.corpus import REQUIRED
from support.service import Service, until
from support.sharing import may_be_apart

PATIENCE_MS = 60_000
"""How long the page may take for what it is expected to do; the machine may be busy."""

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
"""The first is Chromium without the window around the page, whose tabs and menus take a third of
the time of a test although nobody sees them."""
ZONE = "Europe/Berlin"

_OWN_WORDS = "Failed to load resource"
"""Chromium says this of every status from 400; what it means is judged by the response."""

_ITEM = re.compile(r"(\d+), (.+), ([^,]+?) to ([^,]+), (-?[\d.]+) seconds(.*)")

PHONE = {"width": 390, "height": 844}

_CONTRASTS = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const bytes = (paint) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = paint;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (paint) => bytes(paint).slice(0, 3).map((byte) => byte / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const paint = getComputedStyle(at).backgroundColor;
      if (bytes(paint)[3] === 255) return paint;
    }
    return "white";
  };
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (words.nextNode()) {
    const element = words.currentNode.parentElement;
    if (!words.currentNode.textContent.trim() || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const ink = element.namespaceURI.endsWith("svg") ? style.fill : style.color;
    const pair = [light(ink), light(ground(element))].sort((a, b) => b - a);
    found.push([(pair[0] + 0.05) / (pair[1] + 0.05), words.currentNode.textContent]);
  }
  return found.sort((a, b) => a[0] - b[0])[0];
}"""

Arrow = tuple[int, str, str, str, str, str]
"""Number, label, source, destination, offset in seconds and what follows, as they are read."""


class Pages:
    """Opens pages of a service and keeps their complaints."""

    def __init__(self, browser: Browser, base: str) -> None:
        self._browser = browser
        self._base = base
        self._contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    def open(self, path: str, **options: Any) -> Page:
        """Return a page at a path; options are those of ``blank`` and of a browser context."""
        page = self.blank(**options)
        page.goto(path)
        return page

    def blank(self, *, is_first_visit: bool = False, **options: Any) -> Page:
        """Return a page that has not gone anywhere yet.

        Nothing is kept of former ones but the page's files; on a first visit not even these.
        """
        usual = {"base_url": self._base, "timezone_id": ZONE, "locale": "en-GB"}
        make = new_context if is_first_visit else context_of
        context = make(self._browser, {**usual, **options})
        context.set_default_timeout(PATIENCE_MS)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"exception: {error}"))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        return page

    def close(self) -> None:
        """Close all pages."""
        for context in self._contexts:
            leave(context, self._base)
        self._contexts.clear()

    def _console(self, message: ConsoleMessage) -> None:
        # Not by listening to responses: for a page of hundreds of files that takes a second.
        url = message.location["url"]
        is_missing = message.text.startswith(f"{_OWN_WORDS}: the server responded with a status")
        if message.text.startswith(_OWN_WORDS) and (
            not is_missing or urlsplit(url).path.startswith("/api/")
        ):
            return
        self.complaints.append(f"console: {message.type}: {message.text} {url}")


def arrows(page: Page) -> list[Arrow]:
    """Return the arrows that the ladder shows, as a screen reader reads them."""
    items = page.get_by_role("list", name="Messages").get_by_role("link")
    items.first.wait_for()
    found = []
    for name in items.evaluate_all("links => links.map(link => link.ariaLabel)"):
        match = _ITEM.fullmatch(name)
        assert match is not None, name
        number, label, source, destination, offset, rest = match.groups()
        found.append((int(number), label, source, destination, offset, rest))
    return found


def least_contrast(page: Page) -> tuple[float, str]:
    """Return the least contrast of any text with its ground, and that text."""
    contrast, text = page.evaluate(_CONTRASTS)
    return float(contrast), str(text)


def work_of(page: Page) -> Callable[[], float]:
    """Return a question: for how many seconds has this page worked since.

    By the clock of its main thread. What it waits for, also for its turn on a busy machine, is no
    work.
    """
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        found = session.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in found if one["name"] == "TaskDuration"))

    before = spent()
    return lambda: spent() - before


def fit(page: Page) -> None:
    """Let the page see how large its parts are by now: it hears of that with its next frame."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def intercept(page: Page) -> None:
    """Let what a page asks for pass through here, so that routes decide from the next request on.

    Chromium may answer what is asked for right after the first route of a page past it. While
    requests pass here, nothing comes from the page's cache: a page had better be loaded before.
    """
    page.route("**/nothing-of-the-page", lambda route: route.fulfill(status=204))
    if page.url != "about:blank":
        asked = "fetch('/api/v1/nothing-of-the-page').then((answer) => answer.status)"
        until(lambda: page.evaluate(asked) == 204, "requests to pass")


def rows(page: Page, label: str = "Calls") -> Locator:
    """Return the rows of a grid, without its head."""
    return page.get_by_role("grid", name=label).locator("tbody").get_by_role("row")


def choose_range(page: Page, start: str, end: str) -> None:
    """Type From and To into the panel of the time range, as a reader would, and show it."""
    page.get_by_role("main").locator("[name=range]").click()
    panel = page.get_by_role("dialog", name="Time range")
    panel.get_by_role("textbox", name="From", exact=True).fill(start)
    panel.get_by_role("textbox", name="To", exact=True).fill(end)
    panel.get_by_role("button", name="Show").click()


_OF_PAGE = """async () => {{
  const main = document.querySelector("script[type=module]").src;
  const m = await import(new URL("{module}", main).href);
  return {expression};
}}"""


def in_page(page: Page, module: str, expression: str) -> Any:
    """Return what an expression over a module of the page gives; its exports are ``m``."""
    return page.evaluate(_OF_PAGE.format(module=module, expression=expression))


def chromium_path() -> str:
    """Return where Chromium is; skips where it may be missing."""
    found = os.environ.get("HEPSCOPE_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), "")
    if not found:
        reason = "no Chromium (set HEPSCOPE_CHROMIUM)"
        if any(os.environ.get(name) for name in REQUIRED):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A Chromium; of a module, as its event loop must end before async tests run."""
    path = chromium_path()
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    # Unless told otherwise it is 5 s, which a busy machine may take for one screen.
    expect.set_options(timeout=PATIENCE_MS)
    with ExitStack() as stack:
        if may_be_apart():
            directory = tmp_path_factory.mktemp("browser")
            path, more = stack.enter_context(browser_apart(path, directory))
            options += more
        playwright = stack.enter_context(sync_playwright())
        started = playwright.chromium.launch(executable_path=path, args=options)
        yield started
        started.close()


@contextmanager
def pages_of(browser: Browser, service: Service) -> Iterator[Pages]:
    """Pages of a service; none may complain."""
    found = Pages(browser, service.api)
    yield found
    found.close()
    assert found.complaints == []


@pytest.fixture
def pages(browser: Browser, hepscope: Service) -> Iterator[Pages]:
    """Pages of the service that all tests share; none may complain."""
    with pages_of(browser, hepscope) as found:
        yield found
