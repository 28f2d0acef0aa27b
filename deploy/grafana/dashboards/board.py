"""A dashboard: its name for good, what it is for, and rows of panels."""

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import dashboard as boards
from grafana_foundation_sdk.models.dashboard import (
    Dashboard,
    DashboardCursorSync,
    DashboardLinkType,
    Panel,
    RowPanel,
)

from dashboards.panels import PanelBuilder
from dashboards.variables import Variable

TAG = "hepscope"


@dataclass(frozen=True, slots=True)
class Row:
    """A titled row of panels."""

    title: str
    panels: Sequence[PanelBuilder]


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard to be; ``uid`` is what addresses and links hold, so it never changes."""

    uid: str
    title: str
    description: str
    variables: Sequence[Variable]
    rows: Sequence[Row]
    tags: Sequence[str] = (TAG,)
    since: str = "now-6h"
    refresh: str = "30s"

    def build(self) -> Dashboard:
        """Return the dashboard, with panels numbered in their order."""
        built = boards.Dashboard(self.title).uid(self.uid).description(self.description)
        built.tags(list(self.tags)).time(self.since, "now").refresh(self.refresh).editable()
        built.timezone("browser").tooltip(DashboardCursorSync.CROSSHAIR)
        built.variables(list(self.variables)).link(_others())
        for row in self.rows:
            built.with_row(boards.Row(row.title))
            for panel in row.panels:
                built.with_panel(panel)
        dashboard = built.build()
        for number, one in enumerate(dashboard.panels or [], 1):
            assert isinstance(one, Panel | RowPanel)
            one.id_val = number
        return dashboard


def _others() -> boards.DashboardLink:
    """Return the menu of all dashboards of hepscope, which keeps the time and the choices."""
    link = boards.DashboardLink("hepscope").type(DashboardLinkType.DASHBOARDS).tags([TAG])
    return (
        link.as_dropdown(as_dropdown=True).keep_time(keep_time=True).include_vars(include_vars=True)
    )
