"""HOMER: SIP: the panels that a user of HOMER knows, on the names that its dashboards read.

Written anew over ``heplify_method_response``: ratios are made of message counts, as there, so they
see retransmissions and challenges. SIP_KPI has the true ones.
"""

from typing import Final

from dashboards.board import Board, Row
from dashboards.panels import PER_SECOND, PERCENT, PanelBuilder, graph
from dashboards.queries import Query
from dashboards.variables import choice, metrics, of_label
from dashboards.views import RATE, WINDOW

METRIC: Final = "heplify_method_response"
TAGS: Final = ("hepscope", "homer")
SOME: Final = 'target_name=~"$tn"'


def _count(method: str, response: str, window: str = WINDOW) -> str:
    return f'sum(increase({METRIC}{{{SOME}, method="{method}", response=~"{response}"}}[{window}]))'


def _share(method: str, part: str, without: str = "") -> str:
    """Return the share of requests that got such a response, challenged ones perhaps apart."""
    whole = _count(method, method)
    if without:
        whole = f"{whole} - ({_count(method, without)} or vector(0))"
    return f"clamp_max(({_count(method, part)} or vector(0)) / ({whole} > 0), 1)"


def _rate(conditions: str, by: str = "target_name, method, response") -> str:
    return f"sum by ({by}) (rate({METRIC}{{{SOME}, {conditions}}}[{RATE}])) > 0"


def _ratios() -> list[PanelBuilder]:
    challenges = "3..|401|407"
    return [
        graph("SER", "Answers of INVITEs, challenged and redirected ones apart.", PERCENT,
              Query(_share("INVITE", "200", challenges), "SER")),
        graph("SEER", "As SER, busy, not available and declined counted as success.", PERCENT,
              Query(_share("INVITE", "200|480|486|600|603", challenges), "SEER")),
        graph("SCR", "Answered BYEs of INVITEs.", PERCENT,
              Query(f"clamp_max({_count('BYE', '200')} / ({_count('INVITE', 'INVITE')} > 0), 1)",
                    "SCR")),
        graph("ISA", "408, 500, 503, 504 of INVITEs.", PERCENT,
              Query(_share("INVITE", "408|500|503|504"), "ISA")),
        graph("IRA", "Registrations that fail; 401, 402, 407 are no failure.", PERCENT,
              Query(_share("REGISTER", "4(0[03-689]|[1-9].)|5..|6.."), "IRA")),
    ]  # fmt: skip


def board() -> Board:
    """Return the dashboard."""
    both = 'method=~"INVITE|REGISTER"'
    return Board(
        uid="hepscope-homer-sip",
        title="HOMER: SIP",
        description="What HOMER's SIP dashboards show, on heplify-server's metric names. Ratios of"
        " message counts, as there; SIP_KPI has those of attempts.",
        variables=[
            metrics(),
            choice("window", "ratios over", ("5m", "30m", "1h"), "30m"),
            of_label("tn", "target_name", METRIC, "target names, as in PromTargetName"),
        ],
        rows=[
            Row("KPIs", _ratios()),
            Row(
                "Calls and registrations",
                [
                    graph("Calls and attempts", "INVITEs and their 200 a second.", PER_SECOND,
                          Query(f'sum(rate({METRIC}{{{SOME}, method="INVITE", response="INVITE"}}'
                                f"[{RATE}]))", "attempts"),
                          Query(f'sum(rate({METRIC}{{{SOME}, method="INVITE", response="200"}}'
                                f"[{RATE}]))", "answered")),
                    graph("Registrations and attempts", "REGISTERs and their 200 a second.",
                          PER_SECOND,
                          Query(f'sum(rate({METRIC}{{{SOME}, method="REGISTER",'
                                f' response="REGISTER"}}[{RATE}]))', "attempts"),
                          Query(f'sum(rate({METRIC}{{{SOME}, method="REGISTER", response="200"}}'
                                f"[{RATE}]))", "successful")),
                    graph("SRD", "Mean of the last calls by target, answered ones.", "ns",
                          Query(f"avg by (target_name) (heplify_kpi_srd{{{SOME}}})",
                                "{{target_name}}")),
                    graph("RRD", "Mean of the last registrations by target.", "ns",
                          Query(f"avg by (target_name) (heplify_kpi_rrd{{{SOME}}})",
                                "{{target_name}}")),
                ],
            ),
            Row(
                "Methods and responses",
                [
                    graph("INVITE", "By target and response.", PER_SECOND,
                          Query(_rate('method="INVITE"'), "{{target_name}}: {{response}}")),
                    graph("REGISTER", "By target and response.", PER_SECOND,
                          Query(_rate('method="REGISTER"'), "{{target_name}}: {{response}}")),
                    graph("Others", "By target, method and response.", PER_SECOND,
                          Query(_rate('method!~"INVITE|REGISTER"'),
                                "{{target_name}}: {{method}} {{response}}")),
                    graph("Client errors", "403, 404, 408, 480, 482, 486, 487.", PER_SECOND,
                          Query(_rate(f'{both}, response=~"403|404|408|480|482|486|487"'),
                                "{{target_name}}: {{method}} {{response}}")),
                    graph("Server errors", "50x.", PER_SECOND,
                          Query(_rate(f'{both}, response=~"50."'),
                                "{{target_name}}: {{method}} {{response}}")),
                    graph("Causes (Q.850)", "Of Reason headers, by target.", PER_SECOND,
                          Query("sum by (target_name, cause) (rate(heplify_reason_isup_total"
                                f"{{{SOME}}}[{RATE}]))", "{{target_name}}: {{cause}}")),
                ],
            ),
            Row(
                "HEP",
                [
                    graph("Packets by node and type", "HEP packets a second.", PER_SECOND,
                          Query(f"sum by (node_id, type) (rate(heplify_packets_total[{RATE}]))",
                                "{{node_id}} {{type}}")),
                    graph("Size of packets", "Mean of the last, bytes of payload.", "bytes",
                          Query("avg by (node_id, type) (heplify_packets_size)",
                                "{{node_id}} {{type}}")),
                    graph("Log lines", "By node and level.", PER_SECOND,
                          Query("sum by (node_id, level)"
                                f" (rate(heplify_log_alert_total[{RATE}]))",
                                "{{node_id}} {{level}}")),
                ],
            ),
        ],
        tags=TAGS,
        since="now-12h",
    )  # fmt: skip
