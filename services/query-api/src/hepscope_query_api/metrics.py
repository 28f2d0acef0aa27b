"""Every metric of the query API.

HTTP metrics (``hepscope_api_http_*``) come from prometheus-fastapi-instrumentator; their
``handler`` label is the route's template, never a path that was sent.
"""

from enum import StrEnum

from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from prometheus_fastapi_instrumentator import Instrumentator

from hepscope_common.metrics import CounterFamily, PlainCollector
from hepscope_query_api.problems import Kind


class Failure(StrEnum):
    """Why the database gave no rows. Closed: each is a metric label."""

    TIMEOUT = "timeout"
    BUSY = "busy"
    AWAY = "away"
    NO_SCHEMA = "no_schema"


class ApiMetrics:
    """The counters of one API, on the registry that it is given."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.problems = CounterFamily(
            "hepscope_api_problems_total",
            "Requests answered with a problem, by its kind.",
            ["kind"],
            known=[(kind,) for kind in Kind],
        )
        self.database_failures = CounterFamily(
            "hepscope_api_database_failures_total",
            "Statements that gave no rows, by reason.",
            ["reason"],
            known=[(failure,) for failure in Failure],
        )
        self.exported_bytes = CounterFamily(
            "hepscope_api_exported_bytes_total", "Bytes of exports sent.", ["format"]
        )
        self.collector = PlainCollector(
            registry, [self.problems, self.database_failures, self.exported_bytes]
        )

    def instrument(self, app: FastAPI) -> None:
        """Measure the requests of an application."""
        Instrumentator(registry=self.registry).instrument(
            app, metric_namespace="hepscope", metric_subsystem="api"
        )
