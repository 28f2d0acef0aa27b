"""Looking once, when everything else has started; nothing that is found stops a start."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Final, Self, TypeAlias

from prometheus_client import CollectorRegistry

from hepscope_common.logs import get_logger
from hepscope_common.tuning.finding import Check, Finding
from hepscope_common.tuning.metrics import TuningMetrics

LOOK_SECONDS: Final = 10.0
"""Longer is not waited for an answer."""

Look: TypeAlias = Callable[[], Awaitable[list[Finding]]]

_log = get_logger("tuning")


class Tuning:
    """Looks at machine and database when it is entered, and logs a line for each finding."""

    name = "tuning"
    drain_seconds = 1.0

    def __init__(self, registry: CollectorRegistry, looks: Sequence[Look]) -> None:
        self._looks = looks
        self.findings: list[Finding] = []
        TuningMetrics(registry, self.findings)

    async def __aenter__(self) -> Self:
        """Look."""
        for look in self._looks:
            self.findings += await looked(look)
        for finding in self.findings:
            (_log.info if finding.is_hint else _log.warning)("%s", finding)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave everything as it is."""


async def looked(look: Look) -> list[Finding]:
    """Return what a look finds; one that fails is a finding too."""
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            return await look()
    # Of whatever class: advice is no reason not to start.
    except Exception as error:  # noqa: BLE001
        detail = f"could not look: {type(error).__name__}: {error}"
        return [Finding(Check.NOT_LOOKED_AT, detail, "hepscope doctor", is_hint=True)]
