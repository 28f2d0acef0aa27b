"""What everything in one process needs of its machine and database."""

from hepscope_common.store import tuning
from hepscope_common.tuning import Finding, Look, machine
from hepscope_ingest.component import Ingest
from hepscope_ingest.tuning import look as look_at_ingest
from hepscope_standalone.database import Database
from hepscope_standalone.settings import StandaloneSettings


def looks(settings: StandaloneSettings, database: Database, ingest: Ingest) -> list[Look]:
    """Return what is to be looked at once everything runs."""
    is_ours = database.kind == "embedded"

    async def look_at_machine() -> list[Finding]:
        return await look_at_ingest(settings.ingest, ingest)

    async def look_at_disk() -> list[Finding]:
        return machine.disk_space("data", database.data_dir) if is_ours else []

    async def look_at_database() -> list[Finding]:
        # The bus is in memory: what the server loses is lost.
        commit = settings.writer.synchronous_commit
        return await tuning.look(database.dsn, is_ours=is_ours, bus_keeps=False, commit=commit)

    return [look_at_machine, look_at_disk, look_at_database]
