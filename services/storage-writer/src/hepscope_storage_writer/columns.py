"""Columns of stored facts and how each one merges.

One table drives the temporary table, the COPY and the upsert. Every merge but ``SUM`` is
commutative, associative and idempotent, so any order and any batching of messages gives the
same row; sums are right because the bus position commits with them.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

from hepscope_common.calls.facts import MAX_NODES
from hepscope_common.store import copy

_Facts = TypeVar("_Facts")


class Merge(StrEnum):
    """What an update makes of the stored and the new value (``c`` and ``excluded``)."""

    KEY = "key"
    LEAST = "least(c.{0}, excluded.{0})"
    GREATEST = "greatest(c.{0}, excluded.{0})"
    ORIGIN = "case when {origin} then excluded.{0} else c.{0} end"
    OR = "c.{0} | excluded.{0}"
    SUM = "c.{0} + excluded.{0}"
    BINDING = (
        "case when (coalesce(excluded.registered_at, '-infinity'), coalesce(excluded.expires, -1))"
        " > (coalesce(c.registered_at, '-infinity'), coalesce(c.expires, -1))"
        " then excluded.{0} else c.{0} end"
    )
    FINALS = (
        # Ten times what real calls hold: a Call-ID with ever new methods must not grow for ever.
        "case when pg_column_size(c.{0}) > 32768 then c.{0}"
        " else hepscope.merge_finals(c.{0}, excluded.{0}) end"
    )
    UNION = (
        "case when c.{0} @> excluded.{0} then c.{0} else array(select v from (select distinct v"
        ' from unnest(c.{0} || excluded.{0}) as u (v)) as w order by v collate "C" limit '
        f"{MAX_NODES}) end"
    )


class Column(NamedTuple, Generic[_Facts]):
    """A column: its SQL type, its merge, and the encoded value of some facts."""

    name: str
    type: str
    merge: Merge
    piece: Callable[[_Facts], bytes]


class FactTable(Generic[_Facts]):
    """The statements that merge facts into the leaves of one root.

    The primary key is the Call-ID and ``time_key``, by which leaves are cut. ``ties`` are the
    columns that decide between two origins of one key, in the order in which facts do.
    """

    def __init__(
        self,
        root: str,
        columns: Sequence[Column[_Facts]],
        *,
        time_key: str,
        ties: Sequence[str] = (),
    ) -> None:
        self.root = root
        self.columns = tuple(columns)
        self.time_key = time_key
        self.staging = f"new_{root}"
        self._origin = self._origin_condition(ties)
        self._head = copy.row(len(self.columns))
        self._pieces = tuple(column.piece for column in self.columns)

    @property
    def names(self) -> list[str]:
        """The columns in order of COPY."""
        return [column.name for column in self.columns]

    @property
    def create_staging(self) -> str:
        """Make the session's temporary table, which each commit empties."""
        fields = ", ".join(f"{column.name} {column.type}" for column in self.columns)
        return f"create temp table if not exists {self.staging} ({fields}) on commit delete rows"

    def row(self, facts: _Facts) -> bytes:
        """Return the COPY row of some facts."""
        return self._head + b"".join([piece(facts) for piece in self._pieces])

    def upsert(self, leaf: str) -> str:
        """Merge the staged rows of one leaf: keys from $1 to $2, both included, in us of 2000."""
        names = ", ".join(self.names)
        sets = ",\n  ".join(
            f"{column.name} = {column.merge.format(column.name, origin=self._origin)}"
            for column in self.columns
            if column.merge is not Merge.KEY
        )
        return (
            f'insert into hepscope."{leaf}" as c ({names})\n'
            f"select {names} from pg_temp.{self.staging}\n"
            f"where {self.time_key} >= {_time('$1')} and {self.time_key} <= {_time('$2')}\n"
            f"order by call_id, {self.time_key}\n"
            f"on conflict (call_id, {self.time_key}) do update set\n  {sets}"
        )

    def _origin_condition(self, ties: Sequence[str]) -> str:
        types = {column.name: column.type for column in self.columns}
        sides = [
            ", ".join([f"{side}.origin_key", *(_tie(side, name, types[name]) for name in ties)])
            for side in ("excluded", "c")
        ]
        return f"({sides[0]}) < ({sides[1]})"


def _tie(side: str, name: str, type_name: str) -> str:
    """Return a value that sorts as the one in the facts does: missing first, text by its bytes."""
    if type_name == "text":
        return f"coalesce({side}.{name}, '') collate \"C\""
    if type_name == "inet":
        return f"coalesce({side}.{name}, '0.0.0.0')"
    return f"{side}.{name}"


def _time(parameter: str) -> str:
    return f"timestamptz '2000-01-01 00:00:00+00' + {parameter}::bigint * interval '1 microsecond'"
