"""Alembic is synchronous: its work, in a thread that no process has to wait for.

Threads of asyncio are joined when the loop ends, and again when the interpreter does. One that
waits for another migration would keep a process for a quarter of an hour after SIGTERM. What the
database has not committed when the process ends it takes back.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


async def in_thread(work: Callable[[str], T], dsn: str) -> T:
    """Return what ``work`` returns or raise what it raises; cancelled, it is left to itself."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def tell(result: T | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]  # without an error there is one

    def run() -> None:
        result, error = None, None
        try:
            result = work(dsn)
        except BaseException as raised:  # noqa: BLE001 - it is told to whoever waits
            error = raised
        # The loop may have ended meanwhile.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(tell, result, error)

    threading.Thread(target=run, name="migration", daemon=True).start()
    return await done
