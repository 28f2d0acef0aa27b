"""The life of a process: components that start in order and drain in reverse.

A component is inert when built, ready once entered and drained once exited. Its long-running
work is started through the Supervisor: when such a task ends with an error, or at all when it
should not, the whole process ends with a non-zero code, since a half-working service hides
its loss better than a dead one.
"""

import asyncio
import gc
import logging
import os
import signal
from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Protocol, Self, TypeVar

from hepscope_common.systemd import READY, STOPPING, Systemd

COLLECT_AFTER = 20_000
"""Objects made, and not yet freed, between two collections of the youngest."""

HURRIED_SECONDS = 1.0
"""What each part gets for its exit once the user asked a second time."""

_log = logging.getLogger("hepscope.runtime")

_Result = TypeVar("_Result")


class StartupError(Exception):
    """Why a process cannot start or go on; the message is the one line that a user sees."""


class Component(Protocol):
    """A part of a process that is entered at its start and exited at its end."""

    @property
    def name(self) -> str:
        """What logs call it."""
        ...

    @property
    def drain_seconds(self) -> float:
        """How long its exit may take before it is cut short."""
        ...

    async def __aenter__(self) -> Self:
        """Become ready."""
        ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Drain: finish what was accepted, then release everything."""
        ...


class Supervisor:
    """Holds the background tasks of a process and notices when one fails."""

    def __init__(self) -> None:
        self._stop = asyncio.Event()
        self._failure: BaseException | None = None
        self._is_hurried = False
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def failure(self) -> BaseException | None:
        """What ended the process, None as long as nothing did or when it was asked to end."""
        return self._failure

    def start(self, work: Coroutine[object, object, None], *, name: str) -> asyncio.Task[None]:
        """Run work beside the rest; an error in it ends the process, cancelling it does not."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def guarded(self, callback: Callable[[], None], *, name: str) -> Callable[[], None]:
        """Return the callback, an error in which ends the process; the event loop only logs it."""

        def run() -> None:
            try:
                callback()
            except Exception as error:  # noqa: BLE001 - of whatever class, it ends the process
                _log.exception("%s failed", name)
                self.fail(error)

        return run

    def fail(self, error: BaseException) -> None:
        """End the process because of this error; the first one wins."""
        if self._failure is None:
            self._failure = error
        self._stop.set()

    def stop(self) -> None:
        """End the process in good order."""
        self._stop.set()

    def hurry(self) -> None:
        """End the process without the time that good order may need."""
        self._is_hurried = True
        self._stop.set()

    @property
    def is_hurried(self) -> bool:
        """Whether the process is to end without that time."""
        return self._is_hurried

    @property
    def stopping(self) -> bool:
        """Whether the process is to end."""
        return self._stop.is_set()

    async def stopped(self) -> None:
        """Return once the process is to end."""
        await self._stop.wait()

    async def unless_stopped(self, work: Coroutine[object, object, None]) -> bool:
        """Await work, cancelling it when the process is to end; returns whether it was done.

        A start may take minutes (a database that recovers from a crash) and must not keep a
        user who pressed Ctrl-C waiting. Raises what the work raises.
        """
        working = asyncio.create_task(work, name="start")
        stopping = asyncio.create_task(self._stop.wait(), name="stop")
        try:
            await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancel(stopping)
            await cancel(working)
        if working.cancelled():
            return False
        working.result()
        return not self.stopping

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            _log.error("%s failed: %s: %s", task.get_name(), type(error).__name__, error)
            self.fail(error)


async def cancel(task: asyncio.Task[_Result] | None) -> None:
    """Cancel a task and wait for its end; its own error is the Supervisor's affair."""
    if task is None or task.done():
        return
    task.cancel()
    await asyncio.wait([task])


def spare_collector() -> None:
    """Let the garbage collector look at what matters: call it once everything is started.

    What lives until the end is left out from then on. Hot paths make millions of objects and few
    cycles, so a collection after every 700 objects, the default, costs them a fifteenth.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 20, 50)


async def serve(
    components: AsyncIterable[Component],
    supervisor: Supervisor,
    *,
    on_ready: Callable[[], None] | None = None,
) -> int:
    """Run components until a signal or a failure; returns the exit code of the process.

    Each is entered before the next is asked for, so that a later one can be built with what an
    earlier one found out. They exit in reverse, each within its drain_seconds. Raises what a
    component raises while it starts, after the ones before it were exited. Where systemd started
    this process, it is told.
    """
    serving = asyncio.current_task()
    assert serving is not None
    systemd = Systemd.taken_from(os.environ)
    _listen_to_signals(supervisor, serving)
    try:
        async with AsyncExitStack() as stack:
            started = await supervisor.unless_stopped(_start(components, stack, supervisor))
            if started:
                spare_collector()
                if on_ready is not None:
                    on_ready()
                if systemd.watchdog_seconds is not None:
                    supervisor.start(systemd.keep_alive(), name="watchdog")
                systemd.tell(READY)
            await supervisor.stopped()
            systemd.tell(STOPPING)
    except asyncio.CancelledError:
        if not supervisor.is_hurried:
            raise
        serving.uncancel()
        _log.error("ended before everything was drained")
        return 1
    failure = supervisor.failure
    if failure is None:
        return 0
    _log.error("ended by %s: %s", type(failure).__name__, failure)
    return 1


async def _start(
    components: AsyncIterable[Component], stack: AsyncExitStack, supervisor: Supervisor
) -> None:
    async for component in components:
        await stack.enter_async_context(_bounded(component, supervisor))


@asynccontextmanager
async def _bounded(component: Component, supervisor: Supervisor) -> AsyncIterator[None]:
    """A component whose exit is cut after its deadline and never keeps the others from theirs."""
    await component.__aenter__()
    try:
        yield
    finally:
        try:
            async with asyncio.timeout(_drain_seconds(component, supervisor)) as limit:
                await component.__aexit__(None, None, None)
        # Whatever one component does at its end, the others still get to drain theirs.
        except Exception as error:  # noqa: BLE001
            if limit.expired():
                _log.error("%s: not drained in time", component.name)
                supervisor.fail(TimeoutError(f"{component.name} did not drain"))
            else:
                _log.error("%s: drain failed: %s", component.name, error, exc_info=error)
                supervisor.fail(error)


def _drain_seconds(component: Component, supervisor: Supervisor) -> float:
    wanted = component.drain_seconds
    return min(wanted, HURRIED_SECONDS) if supervisor.is_hurried else wanted


def _listen_to_signals(supervisor: Supervisor, serving: asyncio.Task[object]) -> None:
    """SIGINT and SIGTERM ask for the end; a second one cuts the draining short, a third kills."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)

    def ask() -> None:
        if not supervisor.stopping:
            _log.info("ending: accepted packets are being stored (again: at once)")
            supervisor.stop()
            return
        for number in numbers:
            loop.remove_signal_handler(number)
        supervisor.hurry()
        serving.cancel()

    for number in numbers:
        loop.add_signal_handler(number, ask)
