"""Variables of dashboards: data sources, nodes, named addresses, windows and texts to search."""

from collections.abc import Sequence

from grafana_foundation_sdk.builders import dashboard as boards
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import (
    VariableModel,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from dashboards.queries import LOGS, METRICS

Variable = Builder[VariableModel]


def metrics() -> Variable:
    """Return the choice of the Prometheus or VictoriaMetrics to ask.

    Grafana's default data source if it is one, else the first by name.
    """
    built = boards.DatasourceVariable("metrics").label("metrics").type("prometheus")
    return built.current(VariableOption(selected=True, text="default", value="default"))


def database() -> Variable:
    """Return the choice of the PostgreSQL to ask."""
    built = boards.DatasourceVariable("database").label("database")
    return built.type("grafana-postgresql-datasource")


def logs() -> Variable:
    """Return the choice of the Loki to ask."""
    return boards.DatasourceVariable("logs").label("logs").type("loki")


def of_stream(label: str, selector: str, description: str) -> Variable:
    """Return the choice of values of a label of Loki's streams, all by default.

    All is ``.+``: Loki answers no query whose every matcher takes streams without the label, too.
    """
    built = boards.QueryVariable(label).label(label).description(description).datasource(LOGS)
    built.query(f"label_values({selector}, {label})")
    built.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
    built.sort(VariableSort.ALPHABETICAL_ASC).multi(multi=True)
    built.include_all(include_all=True).all_value(".+")
    return built.current(VariableOption(selected=True, text=["All"], value=["$__all"]))


def of_label(name: str, label: str, metric: str, description: str) -> Variable:
    """Return the choice of values of a metric's label, all by default."""
    built = boards.QueryVariable(name).label(label).description(description).datasource(METRICS)
    built.query(f"label_values({metric}, {label})").refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
    built.sort(VariableSort.ALPHABETICAL_ASC).multi(multi=True)
    built.include_all(include_all=True).all_value(".*")
    return built.current(VariableOption(selected=True, text=["All"], value=["$__all"]))


def nodes() -> Variable:
    """Return the choice of capture nodes."""
    return of_label("node", "node", "hepscope_packets_total", "capture nodes")


def targets() -> Variable:
    """Return the choice of named addresses (trunks, SBCs)."""
    return of_label(
        "target", "target", "hepscope_target_attempts_opened_total", "named addresses (trunks)"
    )


def window() -> Variable:
    """Return the choice of the time over which ratios are taken."""
    return choice("window", "ratios over", ("5m", "30m", "1h"), "30m")


def choice(name: str, label: str, values: Sequence[str], chosen: str) -> Variable:
    """Return a choice of fixed values."""
    built = boards.CustomVariable(name).label(label).values(",".join(values))
    built.options([_option(value, value == chosen) for value in values])
    return built.current(_option(chosen, is_chosen=True))


def text(name: str, label: str, description: str, default: str = "") -> Variable:
    """Return a field to type in."""
    built = boards.TextBoxVariable(name).label(label).description(description)
    return built.default_value(default).current(_option(default, is_chosen=True))


def _option(value: str, is_chosen: bool) -> VariableOption:
    return VariableOption(selected=is_chosen, text=value, value=value)
