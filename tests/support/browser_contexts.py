"""Contexts of a browser that serve one test after the other.

A new context has an empty cache, and a page of hundreds of files takes it a second. What a test may
have changed is undone after it; where that cannot be, the context is closed.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

from playwright.sync_api import Browser, BrowserContext, Error

_KEPT = "local_storage,cookies,indexeddb,service_workers,cache_storage"

_idle: WeakKeyDictionary[Browser, dict[str, list[BrowserContext]]] = WeakKeyDictionary()
_kinds: WeakKeyDictionary[BrowserContext, str] = WeakKeyDictionary()


def context_of(browser: Browser, options: Mapping[str, Any]) -> BrowserContext:
    """Return a context with these options, as if it were new but for its cache."""
    idle = _idle.get(browser, {}).get(_kind_of(options))
    return idle.pop() if idle else new_context(browser, options)


def new_context(browser: Browser, options: Mapping[str, Any]) -> BrowserContext:
    """Return a context in which nobody went anywhere before."""
    context = browser.new_context(**options)
    _kinds[context] = _kind_of(options)
    return context


def leave(context: BrowserContext, origin: str) -> None:
    """Close the pages of a context; the next one with the same options may have it."""
    browser = context.browser
    try:
        is_as_before = browser is not None and all(
            # A clock that a test installed stays.
            page.evaluate("!('__pwClock' in globalThis)")
            for page in context.pages
        )
        for page in context.pages[:1]:
            session = context.new_cdp_session(page)
            session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": _KEPT})
        for page in context.pages:
            page.close()
        context.clear_permissions()
    except Error:
        is_as_before = False
    if is_as_before and browser is not None:
        _idle.setdefault(browser, {}).setdefault(_kinds[context], []).append(context)
    else:
        with suppress(Error):
            context.close()


def _kind_of(options: Mapping[str, Any]) -> str:
    return repr(sorted(options.items()))
