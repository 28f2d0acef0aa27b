"""Components start in order, drain in reverse, and a failed task ends the process."""

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

import pytest

from hepscope_common.runtime import COLLECT_AFTER, StartupError, Supervisor, cancel, serve


class Part:
    """A component that writes down what happens to it."""

    drain_seconds = 5.0

    def __init__(self, name: str, notes: list[str]) -> None:
        self.name = name
        self._notes = notes

    async def __aenter__(self) -> Self:
        self._notes.append(f"enter {self.name}")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._notes.append(f"exit {self.name}")


class Broken(Part):
    """A component that cannot start."""

    async def __aenter__(self) -> Self:
        raise StartupError("no port")


class BadExit(Part):
    """A component whose exit fails."""

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        raise OSError("disk full")


class SlowExit(Part):
    """A component that never drains."""

    drain_seconds = 0.01

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await asyncio.Event().wait()


async def each(*parts: Part) -> AsyncIterator[Part]:
    """Yield parts as a composition root does."""
    for part in parts:
        yield part


async def test_components_start_in_order_and_drain_in_reverse() -> None:
    """What depends on another starts after it and ends before it."""
    notes: list[str] = []
    supervisor = Supervisor()
    code = await serve(
        each(Part("a", notes), Part("b", notes)), supervisor, on_ready=supervisor.stop
    )
    assert code == 0
    assert notes == ["enter a", "enter b", "exit b", "exit a"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_drains(number: signal.Signals) -> None:
    """SIGTERM and Ctrl-C end the process in good order."""
    notes: list[str] = []
    code = await serve(
        each(Part("a", notes)), Supervisor(), on_ready=lambda: os.kill(os.getpid(), number)
    )
    assert (code, notes) == (0, ["enter a", "exit a"])


async def test_a_failed_task_ends_the_process_with_a_code() -> None:
    """A crash of any part is seen outside, after the others drained."""
    notes: list[str] = []
    supervisor = Supervisor()

    async def crash() -> None:
        raise RuntimeError("lost it")

    def start() -> None:
        supervisor.start(crash(), name="crash")

    code = await serve(each(Part("a", notes)), supervisor, on_ready=start)
    assert (code, notes) == (1, ["enter a", "exit a"])
    assert str(supervisor.failure) == "lost it"


async def test_a_component_that_cannot_start_ends_the_ones_before_it() -> None:
    """The error reaches the caller and nothing stays open."""
    notes: list[str] = []
    with pytest.raises(StartupError, match="no port"):
        await serve(each(Part("a", notes), Broken("b", notes)), Supervisor())
    assert notes == ["enter a", "exit a"]


@pytest.mark.parametrize("kind", [BadExit, SlowExit])
async def test_a_bad_exit_keeps_no_other_component_from_its_own(kind: type[Part]) -> None:
    """A drain that fails or hangs is told by the exit code only."""
    notes: list[str] = []
    supervisor = Supervisor()
    code = await serve(
        each(Part("a", notes), kind("b", notes)), supervisor, on_ready=supervisor.stop
    )
    assert (code, notes[-1]) == (1, "exit a")


async def test_cancelling_a_task_is_no_failure() -> None:
    """A component stops its own task without ending the process."""
    supervisor = Supervisor()
    task = supervisor.start(_forever(), name="forever")
    await cancel(task)
    assert task.cancelled()
    assert supervisor.failure is None


async def _forever() -> None:
    await asyncio.Event().wait()


async def test_the_first_failure_is_the_one_reported() -> None:
    """What follows is its consequence."""
    supervisor = Supervisor()
    supervisor.fail(OSError("first"))
    supervisor.fail(OSError("second"))
    assert str(supervisor.failure) == "first"


async def test_a_component_is_asked_for_only_once_the_one_before_is_ready() -> None:
    """The next one may be built with what the last one found out."""
    notes: list[str] = []
    supervisor = Supervisor()

    async def parts() -> AsyncIterator[Part]:
        yield Part("a", notes)
        notes.append("a is ready")
        yield Part("b", notes)

    await serve(parts(), supervisor, on_ready=supervisor.stop)
    assert notes[:3] == ["enter a", "a is ready", "enter b"]


class Endless(Part):
    """A component whose start takes for ever."""

    async def __aenter__(self) -> Self:
        self._notes.append("starting")
        await asyncio.Event().wait()
        return self


async def test_a_stop_while_starting_is_not_kept_waiting() -> None:
    """Ctrl-C during a long start ends what has started, and nobody is told that it is ready."""
    notes: list[str] = []
    supervisor = Supervisor()

    async def parts() -> AsyncIterator[Part]:
        yield Part("a", notes)
        os.kill(os.getpid(), signal.SIGINT)
        yield Endless("b", notes)

    async with asyncio.timeout(60):
        code = await serve(parts(), supervisor, on_ready=lambda: notes.append("ready"))
    assert (code, notes) == (0, ["enter a", "starting", "exit a"])


class Impatient(Part):
    """A component that is asked to end a second time while it drains for ever."""

    drain_seconds = 60.0

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._notes.append(f"drain {self.name}")
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.Event().wait()


class Endlessly(SlowExit):
    """A component that would take a minute to drain nothing."""

    drain_seconds = 60.0


async def test_a_second_signal_cuts_the_draining_short() -> None:
    """Of every part that is left, and the code tells; the test's own task goes on."""
    notes: list[str] = []
    async with asyncio.timeout(Impatient.drain_seconds / 2):
        code = await serve(
            each(Part("a", notes), Endlessly("b", notes), Impatient("c", notes)),
            Supervisor(),
            on_ready=lambda: os.kill(os.getpid(), signal.SIGINT),
        )
    assert code == 1
    assert notes == ["enter a", "enter b", "enter c", "drain c", "exit a"]


async def test_an_error_when_ready_still_drains() -> None:
    """What was started ends, and the error reaches the caller."""
    notes: list[str] = []

    def refuse() -> None:
        raise StartupError("nobody listens")

    with pytest.raises(StartupError, match="nobody listens"):
        await serve(each(Part("a", notes)), Supervisor(), on_ready=refuse)
    assert notes == ["enter a", "exit a"]


class OwnTimeout(Part):
    """A component whose exit fails with a time-out of its own."""

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        raise TimeoutError("database")


async def test_a_time_out_within_an_exit_is_not_taken_for_the_drain_s() -> None:
    """The error told is the one that was raised."""
    supervisor = Supervisor()
    await serve(each(OwnTimeout("a", [])), supervisor, on_ready=supervisor.stop)
    assert str(supervisor.failure) == "database"


async def test_an_error_in_a_guarded_callback_ends_the_process() -> None:
    """The event loop would log it and go on."""
    supervisor = Supervisor()

    def broken() -> None:
        raise ValueError("bad turn")

    asyncio.get_running_loop().call_soon(supervisor.guarded(broken, name="reader"))
    await supervisor.stopped()
    assert str(supervisor.failure) == "bad turn"


async def test_once_started_the_collector_leaves_hot_paths_alone() -> None:
    """What is there by then is frozen, and the youngest are collected less often."""
    supervisor = Supervisor()
    before, frozen = gc.get_threshold(), gc.get_freeze_count()

    def look() -> None:
        assert gc.get_threshold()[0] == COLLECT_AFTER
        assert gc.get_freeze_count() > frozen
        supervisor.stop()

    try:
        assert await serve(each(), supervisor, on_ready=look) == 0
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
