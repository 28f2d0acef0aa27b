"""Whether this process can answer searches: the database is there and its schema is ours.

It is asked by a connection that searches do not use: while they use all of theirs, this process
is at its best, and whoever took it for dead would make it worse.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from hepscope_common.ops import Readiness
from hepscope_query_api.problems import Kind, ProblemError
from hepscope_query_api.query.database import Database

PART = "database"

LOOK_TIMEOUT_SECONDS = 2.0
"""The answer takes a millisecond; a database that needs so long is none to search in."""


@dataclass(slots=True)
class DatabaseReadiness:
    """The last thing that was learned about the database.

    ``needed`` is the schema revision that this release reads. A younger schema is accepted: it
    is made by an upgrade under way, and migrations remove nothing that the release before reads.
    """

    database: Database
    needed: str
    is_ready: bool = False
    detail: str = "not looked at yet"
    _looks: int = 0
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def look(self) -> bool:
        """Ask the database; returns and remembers the answer.

        Who asks while somebody else does takes that answer: there is one connection.
        """
        before = self._looks
        async with self._looking:
            if self._looks == before:
                self.is_ready, self.detail = await self._look()
                self._looks += 1
        return self.is_ready

    def last(self) -> tuple[bool, str]:
        """Return the last answer, without asking (a Readiness)."""
        return self.is_ready, self.detail

    async def _look(self) -> tuple[bool, str]:
        try:
            row = await self.database.session().row(
                "select max(version_num) as revision from hepscope.alembic_version"
            )
        except ProblemError as problem:
            if problem.kind is Kind.QUERY_TIMEOUT:
                return False, f"The database does not answer within {LOOK_TIMEOUT_SECONDS:g} s."
            return False, problem.detail
        revision = None if row is None else row["revision"]
        if revision is None or revision < self.needed:
            return False, f"schema {revision}, but {self.needed} is needed: hepscope migrate"
        return True, f"schema {revision}"


def results(
    database: DatabaseReadiness, checks: Mapping[str, Readiness]
) -> dict[str, tuple[bool, str]]:
    """Return what every part says, the database included."""
    return {PART: database.last(), **{name: check() for name, check in checks.items()}}
