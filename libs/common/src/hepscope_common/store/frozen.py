"""Writers that froze amid a COPY, and so hold the positions of their partitions.

The server ends a session that idles in a transaction, and a statement that takes too long, but
looks at neither time-out while it waits for the rest of a COPY. A writer that is stopped there
(a machine that swaps, a debugger, SIGSTOP) would keep its successor waiting for as long.
"""

from typing import Final

import asyncpg

from hepscope_common.store.connection import WRITER_NAME
from hepscope_common.store.transaction import transaction

FROZEN_SECONDS: Final = 15.0
"""A COPY that waits for its writer takes milliseconds; one that has waited so long is given up,
as soon as a transaction that idles is."""

_END: Final = """
select count(*) filter (where pg_terminate_backend(pid)) from pg_stat_activity
where datname = current_database() and usename = session_user and pid <> pg_backend_pid()
  and starts_with(application_name, $1) and starts_with(query, 'COPY')
  and state = 'active' and wait_event = 'ClientRead'
  and query_start < clock_timestamp() - $2::float8 * interval '1 second'
"""


async def end_frozen(
    connection: asyncpg.Connection, *, frozen_seconds: float = FROZEN_SECONDS
) -> int:
    """End the sessions of writers that left a COPY unfinished for so long; return how many.

    Only those of our own user, who may. A writer that thaws finds its batch rolled back and its
    epoch gone.
    """
    async with transaction(connection):
        # The group role may not end what belongs to the user who took it.
        await connection.execute("set local role none")
        return int(await connection.fetchval(_END, WRITER_NAME, frozen_seconds))
