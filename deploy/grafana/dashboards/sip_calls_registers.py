"""SIP_Calls_Registers: how many calls and registrations there are."""

from dashboards.board import Board, Row
from dashboards.panels import PER_SECOND, SECONDS, graph
from dashboards.queries import Query
from dashboards.variables import metrics, nodes, targets, window
from dashboards.views import NODES, OVERALL, TARGETS

INVITE, REGISTER = 'method="INVITE"', 'method="REGISTER"'
SUCCESS = 'outcome="success"'


def board() -> Board:
    """Return the dashboard."""
    opened, settled = "attempts_opened_total", "attempts_settled_total"
    return Board(
        uid="hepscope-calls-registers",
        title="SIP_Calls_Registers",
        description="How many calls and registrations there are, true and not estimated: concurrent"
        " calls come from dialogs.",
        variables=[metrics(), window(), nodes(), targets()],
        rows=[
            Row(
                "Calls",
                [
                    graph("Concurrent calls", "Calls answered and not hung up. Compare with the"
                          " channels that trunks have.", "short",
                          Query("sum(hepscope_sessions_concurrent)", "now"),
                          Query("sum(hepscope_sessions_concurrent offset 1w)", "a week ago")),
                    graph("Concurrent calls by node", "As each node saw them; a call that passes"
                          " two nodes is in both.", "short",
                          Query('sum by (node) (hepscope_node_sessions_concurrent{node=~"$node"})',
                                "{{node}}")),
                    graph("Calls a second", "Attempts, answers and ends. Ends that stay below"
                          " answers: calls accumulate, or BYEs pass where nobody looks.",
                          PER_SECOND,
                          Query(OVERALL.total(opened, INVITE), "attempts"),
                          Query(OVERALL.total("sessions_started_total"), "answered"),
                          Query(OVERALL.total("sessions_ended_total", by="outcome"),
                                "ended, {{outcome}}")),
                    graph("Duration of calls", "Of calls that ended. Many of some seconds only"
                          " point to one-way audio or to robocalls.", SECONDS,
                          Query(OVERALL.mean("acd_seconds"), "mean"),
                          Query(OVERALL.percentile("acd_seconds", 0.5), "median"),
                          Query(OVERALL.percentile("acd_seconds", 0.95), "95 of 100")),
                    graph("Call attempts by node", "As each node saw them.", PER_SECOND,
                          Query(NODES.total(opened, INVITE), NODES.legend)),
                    graph("Call attempts by named address", "src: it calls, dst: it is called.",
                          PER_SECOND, Query(TARGETS.total(opened, INVITE), TARGETS.legend)),
                ],
            ),
            Row(
                "Registrations",
                [
                    graph("Registrations a second", "Attempts and successes, and attempts a week"
                          " ago. A sudden peak: devices come back after a cut.", PER_SECOND,
                          Query(OVERALL.total(opened, REGISTER), "attempts"),
                          Query(OVERALL.total(settled, REGISTER, SUCCESS), "successful"),
                          Query(f"sum(rate(hepscope_{opened}{{{REGISTER}}}[$__rate_interval]"
                                " offset 1w))", "attempts, a week ago")),
                    graph("How registrations end", "By final status; 401: the device gave up, or"
                          " has a wrong password.", PER_SECOND,
                          Query(OVERALL.total(settled, REGISTER, by="status"), "{{status}}"),
                          is_stacked=True),
                    graph("Registrations by node", "As each node saw them.", PER_SECOND,
                          Query(NODES.total(opened, REGISTER), NODES.legend)),
                    graph("Registrations by named address", "dst: the registrar, or the proxy"
                          " before it.", PER_SECOND,
                          Query(TARGETS.total(opened, REGISTER), TARGETS.legend)),
                ],
            ),
        ],
    )  # fmt: skip
