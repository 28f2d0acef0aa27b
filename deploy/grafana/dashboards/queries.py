"""Queries of panels: PromQL, LogQL, and SQL for PostgreSQL, which the library has no type for."""

from dataclasses import dataclass
from typing import Self

from grafana_foundation_sdk.builders import loki, prometheus
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.dashboard import DataSourceRef
from grafana_foundation_sdk.models.loki import LokiQueryType
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

METRICS = DataSourceRef(type_val="prometheus", uid="${metrics}")
DATABASE = DataSourceRef(type_val="grafana-postgresql-datasource", uid="${database}")
LOGS = DataSourceRef(type_val="loki", uid="${logs}")
"""Data sources are variables, so that a dashboard works wherever it is imported."""


@dataclass(frozen=True, slots=True)
class Query:
    """An expression and what its series are called, with labels in double braces."""

    expr: str
    legend: str = ""
    is_instant: bool = False
    """One value for each series, as of the end of the time range: for tables."""
    is_heatmap: bool = False

    def builder(self, ref_id: str) -> Builder[Dataquery]:
        """Return it as the library wants it."""
        built = prometheus.Dataquery().expr(self.expr).ref_id(ref_id).datasource(METRICS)
        if self.legend:
            built.legend_format(self.legend)
        if self.is_heatmap:
            built.format(PromQueryFormat.HEATMAP)
        if self.is_instant:
            return built.instant().format(PromQueryFormat.TABLE)
        return built.range()


@dataclass(frozen=True, slots=True)
class LogQuery:
    """A LogQL expression: of lines, or of numbers over time and what their series are called."""

    expr: str
    legend: str = ""

    def builder(self, ref_id: str) -> Builder[Dataquery]:
        """Return it as the library wants it."""
        built = loki.Dataquery().expr(self.expr).ref_id(ref_id).datasource(LOGS)
        if self.legend:
            built.legend_format(self.legend)
        return built.query_type(LokiQueryType.RANGE.value)


class _SqlModel(Dataquery):
    """What Grafana's PostgreSQL data source keeps of a query."""

    def __init__(self, sql: str, format_name: str, ref_id: str) -> None:
        self._sql, self._format, self._ref_id = sql, format_name, ref_id

    def to_json(self) -> dict[str, object]:
        """Return the members of the JSON object."""
        return {
            "datasource": DATABASE,
            "editorMode": "code",
            "format": self._format,
            "rawQuery": True,
            "rawSql": self._sql,
            "refId": self._ref_id,
        }


class _SqlBuilder(Builder[Dataquery]):
    def __init__(self, model: _SqlModel) -> None:
        self._model = model

    def build(self) -> Dataquery:
        return self._model


@dataclass(frozen=True, slots=True)
class Sql:
    """A statement with Grafana's macros; text that a user types stands in ``:sqlstring`` form."""

    text: str
    is_series: bool = False
    """Its rows are points of series (column ``time``), not a table."""

    def builder(self, ref_id: str) -> Builder[Dataquery]:
        """Return it as the library wants it."""
        form = "time_series" if self.is_series else "table"
        return _SqlBuilder(_SqlModel(self.text, form, ref_id))

    def over_time(self) -> Self:
        """Return it as one whose rows are points of series."""
        return type(self)(self.text, is_series=True)
