"""Every metric of the query API.

HTTP metrics (``hepscope_api_http_*``) come from prometheus-fastapi-instrumentator; their
``handler`` label is the route's template, never a path that was sent.
"""

from collections.abc import Callable
from enum import StrEnum

from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from prometheus_fastapi_instrumentator import Instrumentator

from hepscope_common.metrics import CounterFamily, GaugeFamily, HistogramFamily, PlainCollector
from hepscope_query_api.logs.outcome import LokiOutcome
from hepscope_query_api.problems import Kind
from hepscope_query_api.web.forwarded import Ignored


class Failure(StrEnum):
    """Why the database gave no rows. Closed: each is a metric label."""

    TIMEOUT = "timeout"
    BUSY = "busy"
    LOCKED = "locked"
    AWAY = "away"
    NO_SCHEMA = "no_schema"


class LiveLoss(StrEnum):
    """Why a reader of live events was told of lost messages. Closed: each is a metric label."""

    SLOW = "slow"
    GAP = "gap"


LIVE_PATH = "/api/v1/live"
LOOK_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


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
        self.forwarded_ignored = CounterFamily(
            "hepscope_api_forwarded_ignored_total",
            "Requests whose Forwarded or X-Forwarded headers did not count, by reason.",
            ["reason"],
            known=[(reason,) for reason in Ignored],
        )
        self.loki_queries = CounterFamily(
            "hepscope_api_loki_queries_total",
            "Questions to Loki for the logs of a call, by what became of them.",
            ["outcome"],
            known=[(outcome,) for outcome in LokiOutcome],
        )
        self.live_readers: Callable[[], int] = lambda: 0
        live_readers = GaugeFamily(
            "hepscope_api_live_readers",
            "Readers of live events.",
            lambda: [((), self.live_readers())],
        )
        self.live_messages = CounterFamily(
            "hepscope_api_live_messages_total",
            "Messages found for live events, once for all readers with the same filters; skipped "
            "are those of a flood that were not chosen.",
            ["part"],
            known=[("shown",), ("skipped",)],
        )
        self.live_lost = CounterFamily(
            "hepscope_api_live_lost_total",
            "Times that a reader of live events was told of lost messages, by reason.",
            ["reason"],
            known=[(loss,) for loss in LiveLoss],
        )
        self.live_cut = CounterFamily(
            "hepscope_api_live_cut_total", "Readers of live events cut off as they took nothing."
        )
        self.live_failures = CounterFamily(
            "hepscope_api_live_failures_total",
            "Faults that ended streams of live events; the log says which.",
        )
        self.live_looks = HistogramFamily(
            "hepscope_api_live_look_seconds",
            "Time of a look at the database for all readers of live events.",
            LOOK_BOUNDS,
        )
        self.collector = PlainCollector(
            registry,
            [
                self.problems,
                self.database_failures,
                self.exported_bytes,
                self.forwarded_ignored,
                self.loki_queries,
                live_readers,
                self.live_messages,
                self.live_lost,
                self.live_cut,
                self.live_failures,
                self.live_looks,
            ],
        )

    def instrument(self, app: FastAPI) -> None:
        """Measure the requests of an application."""
        # A live stream lasts as long as somebody watches, which is no latency.
        excluded = [f"^{LIVE_PATH}$"]
        Instrumentator(registry=self.registry, excluded_handlers=excluded).instrument(
            app, metric_namespace="hepscope", metric_subsystem="api"
        )
