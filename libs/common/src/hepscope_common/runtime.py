"""The life of a process: components that start in order and drain in reverse.

A component is inert when built, ready once entered and drained once exited. Its long-running
work is started through the Supervisor: when such a task ends with an error, or at all when it
should not, the whole process ends with a non-zero code, since a half-working service hides
its loss better than a dead one.
"""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Protocol, Self

_log = logging.getLogger("hepscope.runtime")


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

    def fail(self, error: BaseException) -> None:
        """End the process because of this error; the first one wins."""
        if self._failure is None:
            self._failure = error
        self._stop.set()

    def stop(self) -> None:
        """End the process in good order."""
        self._stop.set()

    async def stopped(self) -> None:
        """Return once the process is to end."""
        await self._stop.wait()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            _log.error("%s failed: %s: %s", task.get_name(), type(error).__name__, error)
            self.fail(error)


async def cancel(task: asyncio.Task[None] | None) -> None:
    """Cancel a task and wait for its end; its own error is the Supervisor's affair."""
    if task is None or task.done():
        return
    task.cancel()
    await asyncio.wait([task])


async def serve(
    components: Sequence[Component],
    supervisor: Supervisor,
    *,
    on_ready: Callable[[], None] | None = None,
) -> int:
    """Run components until a signal or a failure; returns the exit code of the process.

    Enters them in order and exits them in reverse, each within its drain_seconds. Raises what
    a component raises while it starts, after the ones before it were exited.
    """
    async with AsyncExitStack() as stack:
        with _signals(supervisor):
            for component in components:
                await stack.enter_async_context(_bounded(component, supervisor))
            if on_ready is not None:
                on_ready()
            await supervisor.stopped()
    failure = supervisor.failure
    if failure is None:
        return 0
    _log.error("ended by %s: %s", type(failure).__name__, failure)
    return 1


@asynccontextmanager
async def _bounded(component: Component, supervisor: Supervisor) -> AsyncIterator[None]:
    """A component whose exit is cut after its deadline and never keeps the others from theirs."""
    await component.__aenter__()
    try:
        yield
    finally:
        try:
            async with asyncio.timeout(component.drain_seconds):
                await component.__aexit__(None, None, None)
        except TimeoutError:
            _log.error("%s: not drained after %g s", component.name, component.drain_seconds)
            supervisor.fail(TimeoutError(f"{component.name} did not drain"))
        # Whatever one component does at its end, the others still get to drain theirs.
        except Exception as error:  # noqa: BLE001
            _log.error("%s: drain failed: %s", component.name, error, exc_info=error)
            supervisor.fail(error)


class _signals:  # noqa: N801 - reads as a verb in `with`
    """SIGINT and SIGTERM ask for the end; a second one ends the process at once."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._asked = False

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._ask)

    def __exit__(self, *_: object) -> None:
        """Leave the handlers in place: draining happens after this block, and may be forced."""

    def _ask(self) -> None:
        if not self._asked:
            self._asked = True
            _log.info("ending: accepted packets are being stored (again: at once)")
            self._supervisor.stop()
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        for task in asyncio.all_tasks(loop):
            task.cancel()
