"""hepscope: logs: what Loki has: lines that came by HEP, and those of hepscope's own containers.

Lines by HEP have the labels ``type`` and ``node`` and, beside the line, ``call_id``, ``src`` and
``dst`` (the writer's sink); lines of containers ``service`` and ``level`` (Alloy).
"""

from typing import Final

from dashboards.board import Board, Row
from dashboards.panels import BAD_ABOVE_ZERO, BYTES, PER_SECOND, SECONDS, graph, lines
from dashboards.queries import LogQuery, Query
from dashboards.variables import logs, metrics, of_stream, text
from dashboards.views import RATE

TRAFFIC: Final = '{type=~"$type", node=~"$node"}'
CONTAINERS: Final = '{job="containers", service=~"$service"}'
ERRORS: Final = '{job="containers", service=~"$service", level=~"error|critical|fatal"}'
TROUBLE: Final = (
    '{job="containers", service=~"$service", level=~"warn|warning|error|critical|fatal"}'
)
OF_CALL: Final = "| call_id=~`${call_id:regex}.*`"
"""In front of it nothing, so that all that is typed is the beginning of the Call-ID."""
WITH_TEXT: Final = "|~ `(?i)${search:regex}`"


def _rate(selector: str, by: str) -> str:
    return f"sum by ({by}) (rate({selector} [$__auto]))"


def board() -> Board:
    """Return the dashboard."""
    return Board(
        uid="hepscope-logs",
        title="hepscope: logs",
        description="Lines in Loki: SIP, reports and logs that came by HEP, with a link from"
        " each to its call, and what hepscope's own containers say.",
        variables=[
            logs(),
            metrics(),
            text("call_id", "Call-ID", "its beginning, or the whole; lines of that call only"),
            text("search", "text", "in the line, whatever the case"),
            of_stream("type", '{type=~".+"}', "HEP protocol type: sip, rtcp, log ..."),
            of_stream("node", '{type=~".+"}', "capture nodes"),
            of_stream("service", '{job="containers"}', "containers of this project"),
        ],
        rows=[
            Row(
                "Lines that came by HEP",
                [
                    graph("Lines by type", "What the writer pushed, by HEP type.", PER_SECOND,
                          LogQuery(_rate(TRAFFIC, "type"), "{{type}}"), is_stacked=True),
                    graph("Lines by node", "The same by capture node.", PER_SECOND,
                          LogQuery(_rate(TRAFFIC, "node"), "{{node}}"), is_stacked=True),
                    lines("Lines", "Newest first. Open a line for its Call-ID and addresses; the"
                          " Call-ID links to the call on the page.",
                          LogQuery(f"{TRAFFIC} {WITH_TEXT} {OF_CALL}"), height=18),
                ],
            ),
            Row(
                "hepscope's own containers",
                [
                    graph("Lines by service", "A service that suddenly says much has something to"
                          " say.", PER_SECOND,
                          LogQuery(_rate(CONTAINERS, "service"), "{{service}}"), is_stacked=True),
                    graph("Errors by service", "Levels error and above.", PER_SECOND,
                          LogQuery(_rate(ERRORS, "service"), "{{service}}"),
                          steps=BAD_ABOVE_ZERO, is_stacked=True),
                    lines("Warnings and errors", "Newest first; a traceback is part of the line.",
                          LogQuery(f"{TROUBLE} {WITH_TEXT}"), is_wrapped=True),
                ],
            ),
            Row(
                "The way to Loki",
                [
                    graph("Lines by outcome", "Acknowledged by Loki, and refused for good, by its"
                          " reason.", PER_SECOND,
                          Query(f"sum(rate(hepscope_writer_loki_lines_total[{RATE}]))",
                                "acknowledged"),
                          Query("sum by (reason)"
                                f" (rate(hepscope_writer_loki_refused_total[{RATE}])) > 0",
                                "{{reason}}")),
                    graph("Behind", "Since the arrival of the oldest packet that Loki has not"
                          " acknowledged. What waits is on the bus, for 72 h if not set otherwise.",
                          SECONDS,
                          Query("max(hepscope_writer_loki_lag_seconds)", "sink")),
                    graph("Disk", "Loki's data and its budget; over it the retention is shortened.",
                          BYTES, Query("max(loki_disk_used_bytes)", "in use"),
                          Query("max(loki_disk_budget_bytes)", "budget")),
                    graph("Retention", "In force, and as set. Lower: the disk budget is too small"
                          " for that time.", SECONDS,
                          Query("max(loki_retention_seconds)", "in force"),
                          Query("max(loki_retention_wanted_seconds)", "as set")),
                ],
            ),
        ],
        since="now-1h",
    )  # fmt: skip
