"""Nodes and targets: the drill-down from "something is wrong" to where."""

from dashboards.board import Board, Row
from dashboards.kpis import BY_NAME, by
from dashboards.panels import PER_SECOND, PERCENT, SECONDS, graph, rows
from dashboards.queries import Query
from dashboards.variables import metrics, nodes, targets, window
from dashboards.views import NODES, RATE, TARGETS, WINDOW, View

INVITE = 'method="INVITE"'
SUCCESSFUL = 'result="successful"'


def _table(view: View) -> list[Query]:
    """Return the columns that both tables have: attempts a second, ASR, NER, SRD."""
    return [
        Query(view.total("attempts_opened_total", INVITE, window=WINDOW), is_instant=True),
        Query(view.ratio("asr"), is_instant=True),
        Query(view.ratio("ner"), is_instant=True),
        Query(view.percentile("srd_seconds", 0.5, SUCCESSFUL), is_instant=True),
    ]


_NAMES = {
    "Value #A": "Attempts/s",
    "Value #B": "ASR",
    "Value #C": "NER",
    "Value #D": "SRD, median",
}
_UNITS = {"Attempts/s": PER_SECOND, "ASR": PERCENT, "NER": PERCENT, "SRD, median": SECONDS}


def board() -> Board:
    """Return the dashboard."""
    node = '{node=~"$node"}'
    return Board(
        uid="hepscope-nodes-targets",
        title="hepscope: nodes and targets",
        description="Where it goes wrong: the capture nodes, and the named addresses (trunks, SBCs)"
        " in both directions. Choose one above to see it alone.",
        variables=[metrics(), window(), nodes(), targets()],
        rows=[
            Row(
                "Capture nodes: $node",
                [
                    rows("Nodes", "Each node as it saw attempts; nodes do not add up.",
                         *_table(NODES), names=_NAMES, units=_UNITS),
                    graph("Packets by node and type", "HEP packets a second. A type that stops:"
                          " that part of the agent.", PER_SECOND,
                          Query(f"sum by (node, type) (rate(hepscope_packets_total{node}[{RATE}]))",
                                "{{node}} {{type}}")),
                    graph("Bytes by node", "HEP3 bytes a second.", "Bps",
                          Query(f"sum by (node) (rate(hepscope_packets_bytes_total{node}[{RATE}]))",
                                "{{node}}")),
                    graph("Silent for", "Since the last packet of each node; of several ingests the"
                          " one that heard it last.", SECONDS,
                          Query("time() - max by (node)"
                                f" (hepscope_ingest_node_last_seen_seconds{node})", "{{node}}")),
                    graph("Clock of nodes", "Capture time minus arrival: ahead when positive."
                          " Some milliseconds behind are the way; seconds are a clock without NTP,"
                          " and its messages stand in the wrong place of a flow.", SECONDS,
                          Query("avg by (node)"
                                f" (hepscope_ingest_node_clock_skew_seconds{node})", "{{node}}"),
                          minimum=None),
                    graph("Refused, by node", "Packets a second that ingest did not take, by"
                          " reason.", PER_SECOND,
                          Query("sum by (node, reason) (rate("
                                f"hepscope_ingest_node_refused_packets{node}[{RATE}]))",
                                "{{node}} {{reason}}")),
                    graph("Deviations, by node", "Accepted packets a second that depart from the"
                          " HEP specification in a known way: harmless, and a hint to the version.",
                          PER_SECOND,
                          Query("sum by (node)"
                                f" (rate(hepscope_ingest_node_tolerated_packets{node}[{RATE}]))",
                                "{{node}}")),
                    by(NODES, BY_NAME["asr"]),
                    by(NODES, BY_NAME["ira"]),
                ],
            ),
            Row(
                "Named addresses: $target",
                [
                    rows("Targets", "src: calls from it, dst: calls to it.", *_table(TARGETS),
                         names=_NAMES, units=_UNITS),
                    by(TARGETS, BY_NAME["asr"]),
                    by(TARGETS, BY_NAME["ner"]),
                    graph("How its call attempts end", "By final status, attempts a second; none:"
                          " it did not respond.", PER_SECOND,
                          Query(TARGETS.total("attempts_settled_total", INVITE, by="status"),
                                "{{target}} {{direction}}: {{status}}")),
                    graph("SRD of successful calls, 95 of 100", "How long it takes to respond.",
                          SECONDS,
                          Query(TARGETS.percentile("srd_seconds", 0.95, SUCCESSFUL),
                                TARGETS.legend)),
                    graph("Mean duration of calls", "Of calls that ended. Far below the others:"
                          " calls over it drop, or have no audio.", SECONDS,
                          Query(TARGETS.mean("acd_seconds"), TARGETS.legend)),
                    graph("Requests", "src: it sent them, dst: it got them; every copy counted.",
                          PER_SECOND,
                          Query("sum by (target, direction) (rate("
                                f'hepscope_target_sip_requests_total{{target=~"$target"}}[{RATE}]))',
                                "{{target}} {{direction}}")),
                ],
            ),
        ],
    )  # fmt: skip
