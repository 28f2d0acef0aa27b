"""The shape of a call's logs."""

from enum import StrEnum

from hepscope_query_api.logs.line import Line, Source
from hepscope_query_api.schemas import Page, Shape, Time, text_or_none
from hepscope_query_api.timestamps import format_time, from_us


class SourceState(StrEnum):
    """What became of asking a source."""

    OK = "ok"
    FAILED = "failed"
    OFF = "off"


class LogLine(Shape):
    """A line of a log."""

    time: Time
    """When it was captured; when received, if the agent's clock was implausible."""
    source: Source
    """database: it came as HEP; loki: Loki has it."""
    node: str | None
    """Who sent it: the HEP node; of Loki's lines, the label that says so."""
    protocol_type: int | None
    """HEP type; null where Loki's labels do not tell."""
    correlation_id: str | None
    """By what it belongs to the call, where that is not its Call-ID: HEP chunk 17."""
    text: str
    """The line, without its end. Bytes that are not valid UTF-8 are written as `\\xff`."""
    labels: dict[str, str] | None
    """Of Loki's lines: labels and structured metadata."""


class LogSource(Shape):
    """A place where logs were looked for."""

    name: Source
    state: SourceState
    """ok; failed: lines of it may be missing here; off: it is not set up."""
    detail: str
    """What went wrong, or was left out, and what to do; else empty."""


class CallLogs(Page[LogLine]):
    """A page of the logs of a call."""

    sources: list[LogSource]
    """Every place, whatever became of it: a list without lines of Loki may be its failure."""
    explore_url: str | None
    """The same logs in Grafana; null unless `api.grafana_url` is set."""


def log_line(line: Line) -> LogLine:
    """Return the item of a line."""
    return LogLine(
        time=format_time(from_us(line.key.time_us)),
        source=line.source,
        node=text_or_none(line.node),
        protocol_type=line.protocol_type,
        correlation_id=text_or_none(line.correlation_id),
        text=line.text,
        labels=dict(line.labels) if line.source is Source.LOKI else None,
    )
