"""What the page says of calls that retention removed, and of those that are not counted yet."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager

import asyncpg
import pytest
from playwright.sync_api import Browser, expect

from hepscope_standalone.address import running_sockets
from support.browser import Pages, pages_of, rows
from support.builders import BASE_US
from support.service import KEEP_ALL, Service, running_hepscope, until
from support.sip_calls import SECOND_US, Flow

pytestmark = [pytest.mark.browser, pytest.mark.database]

DAY_US = 86_400 * SECOND_US
RANGE = "from=2026-11-15T00:00:00Z&to=2026-11-24T00:00:00Z"
REMOVED = "Part of the range is not there. Calls before "
QUICK = {"HEPSCOPE_WRITER__MEASURE_QUIET_SECONDS": "0.5"}


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """A service that counts a call soon after its last message."""
    with running_hepscope(settings={**KEEP_ALL, **QUICK}) as one:
        yield one


@pytest.fixture
def pages(browser: Browser, service: Service) -> Iterator[Pages]:
    """Pages of that service."""
    opened: AbstractContextManager[Pages] = pages_of(browser, service)
    with opened as found:
        yield found


def call(name: str, start_us: int) -> Flow:
    """Return a call that is answered after a second and lasts five."""
    flow = Flow(name, start_us)
    return flow.request("INVITE", 0).response(200, 1).request("ACK", 1.1).bye(6, 6.1)


def put(service: Service, *flows: Flow) -> None:
    """Send calls, and wait until they are stored."""
    service.send_tcp([sent.packet for flow in flows for sent in flow.sent])
    for flow in flows:
        service.call_with(flow.call_id, len(flow.sent))


@contextmanager
def nothing_counted(service: Service) -> Iterator[None]:
    """Whatever the writer counts meanwhile waits for the end; reading goes on."""
    ended, locked = threading.Event(), threading.Event()

    async def hold() -> None:
        sockets = running_sockets(service.data_dir)
        connection = await asyncpg.connect(
            user="hepscope", host=str(sockets), port=5432, database="hepscope"
        )
        try:
            async with connection.transaction():
                await connection.execute("lock table hepscope.attempt in exclusive mode")
                locked.set()
                await asyncio.to_thread(ended.wait)
        finally:
            await connection.close()

    with ThreadPoolExecutor(1) as thread:
        held = thread.submit(lambda: asyncio.run(hold()))
        until(lambda: locked.is_set() or held.done(), "the table to be locked")
        try:
            yield
        finally:
            ended.set()
            held.result()


def test_figures_follow_by_themselves_once_calls_are_counted(
    pages: Pages, service: Service
) -> None:
    """The overview says that some wait, and shows them without a key pressed."""
    put(service, call("first", BASE_US))
    page = pages.open(f"/overview?{RANGE}")
    page.locator(".tile").first.wait_for()
    expect(page.locator(".tile").first).to_contain_text("1 answered")
    with nothing_counted(service):
        put(service, call("second", BASE_US + 60 * SECOND_US))
        page.keyboard.press("r")
        expect(page.get_by_text("some calls are still being counted")).to_be_visible()
        expect(page.locator(".tile").first).to_contain_text("1 answered")
    expect(page.locator(".tile").first).to_contain_text("2 answered")
    expect(page.get_by_text("some calls are still being counted")).to_have_count(0)
    expect(page.get_by_role("region", name="Calls by outcome")).to_contain_text("Answered 2")


def test_says_which_part_of_a_range_retention_removed(pages: Pages, service: Service) -> None:
    """Overview and calls say it where the range begins before, and only there."""
    put(service, call("old", BASE_US - 6 * DAY_US), call("new", BASE_US + 120 * SECOND_US))
    page = pages.open(f"/calls?{RANGE}&call_id=old&call_id=new")
    expect(rows(page)).to_have_count(2)
    expect(page.get_by_text(REMOVED)).to_have_count(0)
    subprocess.run(
        [
            *(sys.executable, "-m", "hepscope_standalone", "partitions", "drop", "--yes"),
            *("--class", "calls", "--before", "2026-11-22"),
            *("--data-dir", str(service.data_dir)),
        ],
        check=True,
        capture_output=True,
    )
    page.reload()
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_text(REMOVED)).to_be_visible()
    page.goto(f"/overview?{RANGE}")
    expect(page.get_by_text(REMOVED)).to_be_visible()
    page.goto("/calls?from=2026-11-23T00:00:00Z&to=2026-11-24T00:00:00Z")
    expect(rows(page).first).to_be_visible()
    expect(page.get_by_text(REMOVED)).to_have_count(0)
