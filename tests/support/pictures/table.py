"""The pictures: name, what it shows, and how to get there with addresses, words and keys."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from playwright.sync_api import Page, Route

if TYPE_CHECKING:
    from support.pictures.set import Set

Show = Callable[[Page, "Set"], None]
HOURS = "from=-6h"
TABS = {"media": ".media-tab > *", "logs": "ol[aria-label='Log lines'] > *"}


@dataclass(frozen=True, slots=True)
class Picture:
    """A screen to be shown; ``show`` leads there."""

    name: str
    shows: str
    show: Show
    is_phone: bool = False


def at(path: str, *keys: str) -> Show:
    """Go to an address, then press keys."""

    def show(page: Page, _: "Set") -> None:
        page.goto(path)
        _press(page, keys)

    return show


def call(scenario: str, tail: str = "", *keys: str) -> Show:
    """Go to the latest call of a scenario, then press keys."""

    def show(page: Page, made: "Set") -> None:
        page.goto(made.call(scenario) + tail)
        page.get_by_role("list", name="Messages").wait_for()
        _press(page, keys)

    return show


def tab(scenario: str, name: str) -> Show:
    """Go to a tab of the latest call of a scenario."""

    def show(page: Page, made: "Set") -> None:
        page.goto(f"{made.call(scenario)}?tab={name}")
        page.locator(TABS[name]).first.wait_for()

    return show


def legs(first: str, second: str) -> Show:
    """Go to two calls in one ladder."""

    def show(page: Page, made: "Set") -> None:
        page.goto(made.legs(first, second))
        page.get_by_role("list", name="Messages").wait_for()

    return show


def completion(page: Page, _: "Set") -> None:
    """Type a field and the beginning of a value."""
    page.goto(f"/calls?{HOURS}")
    page.get_by_role("grid", name="Calls").get_by_role("row").nth(3).wait_for()
    page.keyboard.press("/")
    page.keyboard.type("status=5")
    page.get_by_role("option").first.wait_for()


def live(page: Page, made: "Set") -> None:
    """Watch calls come in."""
    made.go_live()
    page.goto("/live")
    page.wait_for_timeout(8_000)


def failing(page: Page, _: "Set") -> None:
    """Ask an API whose database does not answer."""

    def answer(route: Route) -> None:
        problem = {
            "type": "about:blank",
            "title": "Service Unavailable",
            "status": 503,
            "detail": "the database does not answer",
        }
        route.fulfill(status=503, content_type="application/problem+json", json=problem)

    page.route("**/api/v1/calls?*", answer)
    page.goto(f"/calls?{HOURS}")
    page.get_by_text("does not answer").first.wait_for()


def _press(page: Page, keys: tuple[str, ...]) -> None:
    if keys:
        page.wait_for_load_state("networkidle")
    for key in keys:
        page.keyboard.press(key)


EMPTY: tuple[Picture, ...] = (
    Picture("first-start", "before the first packet: what to paste where", at("/overview")),
)
"""Before anything was received."""

FULL: tuple[Picture, ...] = (
    Picture("overview", "six hours at a glance", at(f"/overview?{HOURS}")),
    Picture("calls", "the calls of six hours", at(f"/calls?{HOURS}", "j", "j", "j")),
    Picture("completion", "completing a value in the search", completion),
    Picture("call", "a call that was dropped, message by message", call("ACK missing", "?msg=20")),
    Picture("legs", "two legs through a queue in one ladder", legs("queue", "queue, second leg")),
    Picture("compare", "two messages side by side", call("resent", "", "j", "c", "j", "c")),
    Picture("media", "loss and jitter of a bad call", tab("lossy media", "media")),
    Picture("logs", "what the servers wrote of a call", tab("failover without success", "logs")),
    Picture("registrations", "who is registered", at("/registrations")),
    Picture("no-match", "a search that finds nothing", at(f"/calls?{HOURS}&status=606")),
    Picture("failure", "an API that fails", failing),
    Picture("keys", "the table of keys", at(f"/calls?{HOURS}", "?")),
    Picture("phone-calls", "calls on a phone", at(f"/calls?{HOURS}"), is_phone=True),
    Picture("phone-call", "a call on a phone", call("ACK missing"), is_phone=True),
    Picture("live", "calls as they come in", live),
    Picture("nodes", "agents that send packets", at("/nodes")),
)
"""With the demo; what adds calls comes last."""
