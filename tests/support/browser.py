"""The page in a real Chromium: a browser, and pages that keep what they complain about.

Every page that a test opens is watched: an exception, a message on the console, a breach of the
content security policy or a file of the page that is missing fails the test at its end. Answers
of the API that are errors are no complaint; tests provoke them.
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Response, sync_playwright

from support.corpus import REQUIRED
from support.service import Service

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATIENCE_MS = 20_000
"""How long the page may take for what it is expected to do; the machine may be busy."""

ZONE = "Europe/Berlin"

_OWN_WORDS = "Failed to load resource"
"""Chromium says this of every status from 400; what it means is judged by the response."""

_ITEM = re.compile(r"(\d+), (.+), (\S+) to (\S+), (-?[\d.]+) seconds(.*)")

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
        self.complaints: list[str] = []

    def open(self, path: str, **options: Any) -> Page:
        """Return a page at a path; options are those of a browser context."""
        page = self.blank(**options)
        page.goto(path)
        return page

    def blank(self, **options: Any) -> Page:
        """Return a page that has not gone anywhere yet."""
        context = self._browser.new_context(
            **{"base_url": self._base, "timezone_id": ZONE, "locale": "en-GB", **options}
        )
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"exception: {error}"))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        page.on("response", self._response)
        return page

    def close(self) -> None:
        """Close all pages."""
        for context in self._browser.contexts:
            context.close()

    def _console(self, message: ConsoleMessage) -> None:
        if not message.text.startswith(_OWN_WORDS):
            self.complaints.append(f"console: {message.type}: {message.text}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and not urlsplit(response.url).path.startswith("/api/"):
            self.complaints.append(f"{response.status}: {response.url}")


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


def rows(page: Page, label: str = "Calls") -> Locator:
    """Return the rows of a grid, without its head."""
    return page.get_by_role("grid", name=label).locator("tbody").get_by_role("row")


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
def browser() -> Iterator[Browser]:
    """A Chromium; of a module, as its event loop must end before async tests run."""
    path = chromium_path()
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=sandbox)
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
