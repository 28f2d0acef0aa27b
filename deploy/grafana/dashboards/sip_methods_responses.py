"""SIP_Methods_Responses: the messages themselves, by method and class."""

from dashboards.board import Board, Row
from dashboards.panels import PER_SECOND, graph
from dashboards.queries import Query
from dashboards.variables import metrics, targets
from dashboards.views import RATE


def _rate(metric: str, condition: str, by: str) -> str:
    return f"sum by ({by}) (rate({metric}{{{condition}}}[{RATE}])) > 0"


def board() -> Board:
    """Return the dashboard."""
    requests, responses = "hepscope_sip_requests_total", "hepscope_sip_responses_total"
    sent, answered = "hepscope_target_sip_requests_total", "hepscope_target_sip_responses_total"
    some = 'target=~"$target"'
    return Board(
        uid="hepscope-methods-responses",
        title="SIP_Methods_Responses",
        description="SIP messages a second, every copy counted: retransmissions and each capture"
        " point. What attempts make of them stands in SIP_KPI.",
        variables=[metrics(), targets()],
        rows=[
            Row(
                "All messages",
                [
                    graph("Requests by method", "OPTIONS and REGISTER usually lead. INVITEs far"
                          " above call attempts are retransmissions or several capture points.",
                          PER_SECOND, Query(_rate(requests, "", "method"), "{{method}}"),
                          is_stacked=True),
                    graph("Responses by class", "1xx without 2xx after them: calls ring and are"
                          " not answered.", PER_SECOND,
                          Query(_rate(responses, "", "class"), "{{class}}"), is_stacked=True),
                    graph("Responses to INVITE", "By class.", PER_SECOND,
                          Query(_rate(responses, 'method="INVITE"', "class"), "{{class}}")),
                    graph("Responses to REGISTER", "By class; as many 4xx as 2xx is what challenges"
                          " make.", PER_SECOND,
                          Query(_rate(responses, 'method="REGISTER"', "class"), "{{class}}")),
                    graph("Other requests", "Without INVITE, REGISTER and what belongs to a call.",
                          PER_SECOND,
                          Query(_rate(requests, 'method!~"INVITE|REGISTER|ACK|BYE|CANCEL|PRACK"',
                                      "method"), "{{method}}")),
                    graph("Responses to other requests", "By method and class.", PER_SECOND,
                          Query(_rate(responses, 'method!~"INVITE|REGISTER"', "method, class"),
                                "{{method}} {{class}}")),
                ],
            ),
            Row(
                "By named address",
                [
                    graph("Requests", "src: it sent them, dst: it got them.", PER_SECOND,
                          Query(_rate(sent, some, "target, direction, method"),
                                "{{target}} {{direction}}: {{method}}"), height=10),
                    graph("Responses", "src: it sent them, dst: it got them.", PER_SECOND,
                          Query(_rate(answered, some, "target, direction, method, class"),
                                "{{target}} {{direction}}: {{method}} {{class}}"), height=10),
                ],
            ),
        ],
    )  # fmt: skip
