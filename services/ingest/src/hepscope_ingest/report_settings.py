"""Settings of the reports on nodes: section ``[ingest.reports]``."""

from pydantic import Field

from hepscope_common.settings import Section


class ReportSettings(Section):
    """What ingest tells behind the bus of the nodes it hears: `/api/v1/nodes` shows it."""

    every_seconds: float = Field(default=10.0, ge=0, le=3600)
    """Between two reports; a node that is new, or refused for the first time, is told within a
    second. 0 turns them off."""

    instance: str = Field(default="", max_length=200)
    """Name of this ingest, the same after each start and of no other one. Empty: host and first
    port."""
