"""How attempts are chosen and grouped: by capture node, by target, by user agent.

With a node they are taken as that node saw them; else as all nodes together did, but for grouping
by node, where each attempt counts once under every node that saw it.
"""

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from hepscope_common.names import Names
from hepscope_query_api.query.bind import Bind, all_of
from hepscope_query_api.query.database import Session
from hepscope_query_api.query.period import Period
from hepscope_query_api.schemas import packed

MAX_TARGETS: Final = 50_000
"""Different destinations whose names are looked up; those beyond keep their addresses."""

TURN_TARGETS: Final = 500
"""Looked up before other tasks get their turn; some milliseconds."""


class By(StrEnum):
    """What KPIs are told apart by."""

    NODE = "node"
    TARGET = "target"
    USER_AGENT = "user_agent"


class NamedTarget(NamedTuple):
    """A destination that has a name."""

    address: str
    port: int
    name: str


_ENDPOINT: Final = (
    "case when a.destination is null then '' when family(a.destination) = 6"
    " then '[' || host(a.destination) || ']:' || coalesce(a.destination_port, 0)"
    " else host(a.destination) || ':' || coalesce(a.destination_port, 0) end"
)


class Grouping:
    """The attempts of a range of times, as SQL; every use binds its values anew."""

    def __init__(
        self,
        period: Period,
        *,
        node: str | None = None,
        by: By | None = None,
        targets: Sequence[NamedTarget] = (),
    ) -> None:
        self._period = period
        self._node = node
        self._by = by
        self._targets = targets

    @property
    def key(self) -> str:
        """The SQL of what they are grouped by."""
        if self._by is By.NODE:
            return 'seen.node collate "C"'
        if self._by is By.TARGET:
            return f'coalesce(named.name, {_ENDPOINT}) collate "C"'
        return "coalesce(a.user_agent, '') collate \"C\""

    def source(self, bind: Bind, *more: str) -> str:
        """Return ``from ... where ...`` over attempts that are settled, as ``a``."""
        tables = ["hepscope.attempt a"]
        where = [
            f"a.started_at >= {bind(self._period.start)}",
            f"a.started_at < {bind(self._period.end)}",
            "a.is_settled",
            *more,
        ]
        if self._by is By.NODE:
            tables.append("cross join lateral unnest(a.nodes) as seen (node)")
            if self._node is not None:
                where.append(f"seen.node = {bind(self._node)}")
        elif self._node is not None:
            where.append(f"{bind(self._node)} = any(a.nodes)")
        else:
            where.append("a.is_overall")
        if self._by is By.TARGET:
            tables.append(self._named(bind))
        return f"from {' '.join(tables)} where {all_of(where)}"

    def _named(self, bind: Bind) -> str:
        addresses = bind([target.address for target in self._targets])
        ports = bind([target.port for target in self._targets])
        names = bind([target.name for target in self._targets])
        return (
            f"left join unnest({addresses}::text[], {ports}::int[], {names}::text[])"
            " as named (address, port, name) on named.address::inet = a.destination"
            " and named.port = coalesce(a.destination_port, 0)"
        )


async def named_targets(
    session: Session, period: Period, node: str | None, names: Names
) -> list[NamedTarget]:
    """Return the destinations of attempts that have names."""
    if not names.entries:
        return []
    bind = Bind()
    source = Grouping(period, node=node).source(bind, "a.destination is not null")
    rows = await session.rows(
        "select a.destination as address, coalesce(a.destination_port, 0) as port "
        f"{source} group by 1, 2 limit {MAX_TARGETS}",
        bind.values,
    )
    found: list[NamedTarget] = []
    for number, (address, port) in enumerate(rows, 1):
        if number % TURN_TARGETS == 0:
            await asyncio.sleep(0)
        name = names.lookup(packed(address), port, node or "")
        if name is not None:
            found.append(NamedTarget(str(getattr(address, "ip", address)), port, name))
    return found
