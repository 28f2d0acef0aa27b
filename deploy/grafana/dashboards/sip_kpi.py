"""SIP_KPI: the ratios and delays of RFC 6076, of everything, by node and by trunk."""

from dashboards.board import Board, Row
from dashboards.kpis import KPIS, against_last_week, by
from dashboards.panels import SECONDS, PanelBuilder, graph
from dashboards.queries import Query
from dashboards.variables import metrics, nodes, targets, window
from dashboards.views import NODES, OVERALL, TARGETS

SUCCESSFUL, FAILED = 'result="successful"', 'result="failed"'


def _delays() -> list[PanelBuilder]:
    def pair(metric: str, *more: str) -> list[Query]:
        return [
            Query(OVERALL.percentile(f"{metric}_seconds", 0.5, *more), "median"),
            Query(OVERALL.percentile(f"{metric}_seconds", 0.95, *more), "95 of 100"),
        ]

    return [
        graph("SRD: session request delay, successful",
              "INVITE to the first response but 100, of calls that were answered (RFC 6076 4.3.1)."
              " Above some seconds callers give up; the trunk that is slow stands below.",
              SECONDS, *pair("srd", SUCCESSFUL)),
        graph("SRD: session request delay, failed",
              "INVITE to the first response but 100, of calls that failed (RFC 6076 4.3.2). Never"
              " mixed with the successful: quick refusals would hide slow answers. Time-outs are"
              " not in it.", SECONDS, *pair("srd", FAILED)),
        graph("PDD: post-dial delay",
              "INVITE to ringing (180, 183 with SDP, or the answer): the silence that a caller"
              " hears.", SECONDS, *pair("pdd")),
        graph("RRD: registration request delay",
              "REGISTER to its 200, the challenge inside (RFC 6076 4.1). Hundreds of milliseconds"
              " on a local network mean a registrar whose database is slow.",
              SECONDS, *pair("rrd")),
        graph("SDD: session disconnect delay, successful",
              "BYE to its 200 (RFC 6076 4.4). Grows with lost packets: retransmissions come after"
              " 0.5, 1, 2 ... s.", SECONDS, *pair("sdd", SUCCESSFUL)),
        graph("ACD and duration of sessions",
              "Mean and median duration of calls whose BYE was seen. A mean that falls to seconds"
              " by day: calls drop, or people cannot hear each other.", SECONDS,
              Query(OVERALL.mean("acd_seconds"), "mean (ACD)"),
              Query(OVERALL.percentile("sdt_seconds", 0.5, SUCCESSFUL), "median")),
    ]  # fmt: skip


def board() -> Board:
    """Return the dashboard."""
    return Board(
        uid="hepscope-kpi",
        title="SIP_KPI",
        description="Is the network healthy: ratios and delays of RFC 6076 from real attempts, each"
        " counted once, with last week behind.",
        variables=[metrics(), window(), nodes(), targets()],
        rows=[
            Row("All nodes as one capture", [against_last_week(kpi) for kpi in KPIS]),
            Row("Delays", _delays()),
            Row("By node, as each saw it", [by(NODES, kpi) for kpi in KPIS]),
            Row(
                "By named address: calls from it (src) and to it (dst)",
                [
                    *(by(TARGETS, kpi) for kpi in KPIS),
                    graph(
                        "SRD, median of successful calls",
                        "How soon each trunk responds.",
                        SECONDS,
                        Query(TARGETS.percentile("srd_seconds", 0.5, SUCCESSFUL), TARGETS.legend),
                    ),
                ],
            ),
        ],
        since="now-24h",
    )
