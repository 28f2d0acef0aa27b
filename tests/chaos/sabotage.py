"""Damage done to the stored packets on purpose, so that a run shows that its proof can fail."""

from enum import StrEnum

import asyncpg

from chaos.numbers import CALL_ID_PATTERN

ACKNOWLEDGED_PATTERN = "chaos-hep-%@chaos.test"
"""Packets that were acknowledged to their sender, every one of them at the end of a run."""


class Harm(StrEnum):
    """What is done."""

    LOSE = "lose"
    """A row of an acknowledged packet is deleted."""
    DOUBLE = "double"
    """A row is stored once more."""


_PICK = "select call_id from hepscope.sip where call_id like $1 order by call_id limit 1"
_LOSE = "delete from hepscope.sip where call_id = $1"
# Of the last one, since the first may be the one that was deleted.
_PICK_OTHER = "select call_id from hepscope.sip where call_id like $1 order by call_id desc limit 1"
_DOUBLE = "insert into hepscope.sip select * from hepscope.sip where call_id = $1"


async def do_harm(dsn: str, harm: Harm) -> str:
    """Do it; return what was done. Raises ValueError when nothing is stored."""
    pick, pattern, statement = (
        (_PICK, ACKNOWLEDGED_PATTERN, _LOSE)
        if harm is Harm.LOSE
        else (_PICK_OTHER, CALL_ID_PATTERN, _DOUBLE)
    )
    connection = await asyncpg.connect(dsn)
    try:
        call_id: str | None = await connection.fetchval(pick, pattern)
        if call_id is None:
            raise ValueError("nothing is stored that could be damaged")
        done: str = await connection.execute(statement, call_id)
    finally:
        await connection.close()
    return f"{harm} {call_id}: {done}"
