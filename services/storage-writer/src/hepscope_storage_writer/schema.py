"""The schema, brought up to date before anything is stored.

Every replica tries; an advisory lock lets one of them work. A database that is away is waited for,
since a service may well start before it; what the database refuses ends the process.
"""

import asyncio
from types import TracebackType
from typing import Final, Self

from hepscope_common.logs import Throttle, get_logger
from hepscope_common.runtime import StartupError
from hepscope_common.store.verdicts import Verdict, verdict_of
from hepscope_migrations import MigrationError, upgrade

RETRY_SECONDS: Final = 1.0

_log = get_logger("writer.schema")


class Schema:
    """A component that is ready once the database has the schema of this release."""

    name = "schema"
    drain_seconds = 1.0

    def __init__(self, dsn: str, *, retry_seconds: float = RETRY_SECONDS) -> None:
        self._dsn = dsn
        self._retry_seconds = retry_seconds
        self._throttle = Throttle(_log)
        self._trouble = "not looked at yet"

    def ready(self) -> tuple[bool, str]:
        """Tell whether the schema is that of this release, and what it waits for."""
        return not self._trouble, self._trouble or "up to date"

    async def __aenter__(self) -> Self:
        """Migrate, waiting for the database as long as it needs. Raises StartupError."""
        while True:
            try:
                await upgrade(self._dsn)
            # Every error has a verdict; what waiting cannot mend is raised again by it.
            except Exception as error:  # noqa: BLE001
                self._judge(error)
            else:
                self._trouble = ""
                return self
            await asyncio.sleep(self._retry_seconds)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the schema as it is."""

    def _judge(self, error: Exception) -> None:
        """Note what is to be waited for; raises what waiting cannot mend."""
        # A migration error explains what the server said, which is its cause's cause.
        cause: BaseException | None = error
        while cause is not None and verdict_of(cause) is not Verdict.BUSY:
            cause = cause.__cause__
        if cause is None:
            if isinstance(error, MigrationError):
                raise StartupError(str(error)) from error
            raise error
        self._trouble = f"database: {type(cause).__name__}: {cause}"
        self._throttle.warning("schema", "%s; trying again", self._trouble)
