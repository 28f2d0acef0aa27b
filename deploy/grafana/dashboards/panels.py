"""Panels in the one look that all dashboards have; each tells what its value means."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from grafana_foundation_sdk.builders import common as shapes
from grafana_foundation_sdk.builders import dashboard as boards
from grafana_foundation_sdk.builders import heatmap, stat, table, timeseries
from grafana_foundation_sdk.builders import logs as log_panels
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models.dashboard import (
    DashboardLink,
    DataSourceRef,
    DataTransformerConfig,
    DynamicConfigValue,
    Panel,
    Threshold,
    ThresholdsMode,
)
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode

from dashboards.queries import DATABASE, LOGS, METRICS, LogQuery, Query, Sql

GREEN, YELLOW, RED, BLUE = "green", "yellow", "red", "blue"
PERCENT, SECONDS, PER_SECOND, BYTES = "percentunit", "s", "cps", "bytes"
"""Units as Grafana names them; ratios are 0 to 1."""

Steps = Sequence[tuple[float | None, str]]
"""From which value on which colour; the first has no value."""

GOOD_WHEN_HIGH: Steps = ((None, RED), (0.4, YELLOW), (0.6, GREEN))
BAD_WHEN_HIGH: Steps = ((None, GREEN), (0.01, YELLOW), (0.05, RED))
BAD_ABOVE_ZERO: Steps = ((None, GREEN), (1e-9, RED))
MOS_STEPS: Steps = ((None, RED), (3.1, YELLOW), (3.6, GREEN))
"""Where ITU-T G.109 changes the category: R of 60 and of 70."""


class _Target(Protocol):
    def builder(self, ref_id: str) -> Builder[Dataquery]:
        """Return the query as the library wants it."""
        ...


def graph(
    title: str,
    description: str,
    unit: str,
    *queries: Query | Sql | LogQuery,
    span: int = 12,
    height: int = 8,
    is_stacked: bool = False,
    steps: Steps = (),
    minimum: float | None = 0,
    maximum: float | None = None,
) -> timeseries.Panel:
    """Return series over time; ``steps`` are drawn as lines."""
    panel = timeseries.Panel().title(title).description(description).unit(unit)
    panel.span(span).height(height).datasource(_source(queries)).targets(_targets(queries))
    panel.show_points(common.VisibilityMode.NEVER).line_width(1).fill_opacity(8)
    legend = shapes.VizLegendOptions().show_legend(show_legend=True)
    legend.display_mode(common.LegendDisplayMode.TABLE).placement(common.LegendPlacement.BOTTOM)
    panel.legend(legend.calcs(["lastNotNull", "max"]))
    panel.tooltip(shapes.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI))
    if minimum is not None:
        panel.min(minimum)
    if maximum is not None:
        panel.max(maximum)
    if is_stacked:
        panel.stacking(shapes.StackingConfig().mode(common.StackingMode.NORMAL)).fill_opacity(40)
    if steps:
        panel.thresholds(_thresholds(steps)).thresholds_style(
            shapes.GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.DASHED)
        )
    return panel


def number(
    title: str,
    description: str,
    unit: str,
    query: Query | Sql,
    *,
    span: int = 4,
    steps: Steps = ((None, BLUE),),
    decimals: int | None = None,
) -> stat.Panel:
    """Return one number, coloured by ``steps``, with its course behind."""
    panel = stat.Panel().title(title).description(description).unit(unit)
    panel.span(span).height(4).datasource(_source([query])).targets(_targets([query]))
    panel.thresholds(_thresholds(steps)).color_mode(common.BigValueColorMode.VALUE)
    panel.graph_mode(common.BigValueGraphMode.AREA).no_value("no data")
    panel.reduce_options(shapes.ReduceDataOptions().calcs(["lastNotNull"]))
    if decimals is not None:
        panel.decimals(decimals)
    return panel


def rows(
    title: str,
    description: str,
    *queries: Query | Sql,
    span: int = 24,
    height: int = 9,
    names: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    links: Mapping[str, tuple[str, str]] | None = None,
    hidden: Sequence[str] = ("Time", "__name__", "instance", "job"),
) -> table.Panel:
    """Return a table: several queries joined by their labels.

    ``names`` renames columns (the value of query A is "Value #A", or "Value" alone); ``units`` and
    ``links`` (title, address) are by the new names.
    """
    panel = table.Panel().title(title).description(description)
    panel.span(span).height(height).datasource(_source(queries)).targets(_targets(queries))
    panel.filterable(filterable=True)
    if isinstance(queries[0], Query):
        if len(queries) > 1:
            panel.with_transformation(DataTransformerConfig(id_val="merge", options={}))
        options = {"excludeByName": dict.fromkeys(hidden, True), "renameByName": dict(names or {})}
        panel.with_transformation(DataTransformerConfig(id_val="organize", options=options))
    for name, unit in (units or {}).items():
        panel.override_by_name(name, [DynamicConfigValue("unit", unit)])
    for name, (text, url) in (links or {}).items():
        link = DashboardLink(title=text, url=url, target_blank=True).to_json()
        shown = {key: link[key] for key in ("title", "url", "targetBlank")}
        panel.override_by_name(name, [DynamicConfigValue("links", [shown])])
    return panel


def lines(
    title: str, description: str, query: LogQuery, *, height: int = 14, is_wrapped: bool = False
) -> log_panels.Panel:
    """Return log lines, newest first, with what lies beside each when it is opened."""
    panel = log_panels.Panel().title(title).description(description)
    panel.span(24).height(height).datasource(LOGS).targets(_targets([query]))
    panel.show_time(show_time=True).show_labels(show_labels=False)
    panel.wrap_log_message(wrap_log_message=is_wrapped).enable_log_details(enable_log_details=True)
    panel.prettify_log_message(prettify_log_message=False)
    panel.show_common_labels(show_common_labels=False)
    panel.dedup_strategy(common.LogsDedupStrategy.NONE)
    return panel.sort_order(common.LogsSortOrder.DESCENDING)


def distribution(
    title: str, description: str, unit: str, query: Query, *, span: int = 12
) -> heatmap.Panel:
    """Return a heat map of a classic histogram's buckets over time."""
    panel = heatmap.Panel().title(title).description(description).calculate(calculate=False)
    panel.span(span).height(8).datasource(METRICS).targets(_targets([query]))
    colours = heatmap.HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme("Oranges")
    panel.color(colours.fill("dark-orange").exponent(0.5).steps(64).reverse(reverse=False))
    panel.y_axis(heatmap.YAxisConfig().unit(unit).axis_placement(common.AxisPlacement.LEFT))
    panel.cell_gap(1).show_value(common.VisibilityMode.NEVER)
    panel.filter_values(heatmap.FilterValueRange().le(1e-9)).show_legend()
    return panel.mode(common.TooltipDisplayMode.SINGLE)


def _targets(queries: Sequence[_Target]) -> list[Builder[Dataquery]]:
    return [query.builder(chr(ord("A") + index)) for index, query in enumerate(queries)]


def _source(queries: Sequence[Query | Sql | LogQuery]) -> DataSourceRef:
    first = queries[0]
    if isinstance(first, LogQuery):
        return LOGS
    return DATABASE if isinstance(first, Sql) else METRICS


def _thresholds(steps: Steps) -> boards.ThresholdsConfig:
    return (
        boards.ThresholdsConfig()
        .mode(ThresholdsMode.ABSOLUTE)
        .steps([Threshold(value, color) for value, color in steps])
    )


PanelBuilder = Builder[Panel]
