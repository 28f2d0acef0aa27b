"""SIP_Error_Rates: what fails, with which status, and whose fault it is."""

from dashboards.board import Board, Row
from dashboards.panels import BAD_WHEN_HIGH, PER_SECOND, PERCENT, PanelBuilder, graph
from dashboards.queries import Query
from dashboards.variables import metrics, targets, window
from dashboards.views import OVERALL, RATE, TARGETS, WINDOW, View

INVITE, REGISTER = 'method="INVITE"', 'method="REGISTER"'
SETTLED = "attempts_settled_total"


def _share(view: View, method: str, status: str, *, by: str = "") -> str:
    """Return which share of attempts ends so; ``by`` the status or the outcome."""
    part = view.total(SETTLED, method, status, window=WINDOW, by=by)
    whole = f"({view.total(SETTLED, method, window=WINDOW)} > 0)"
    # With a label more on the left than on the right, or with none on the right at all.
    match view.labels, by:
        case "", "":
            return f"{part} / {whole}"
        case "", _:
            return f"{part} / on () group_left () {whole}"
        case labels, _:
            return f"{part} / on ({labels}) group_left () {whole}"


def _calls() -> list[PanelBuilder]:
    def failing(title: str, status: str, text: str) -> PanelBuilder:
        shown = Query(_share(TARGETS, INVITE, f'status=~"{status}"', by="status"),
                      "{{target}} {{direction}}: {{status}}")  # fmt: skip
        every = Query(
            _share(OVERALL, INVITE, f'status=~"{status}"', by="status"), "all: {{status}}"
        )
        return graph(title, text, PERCENT, every, shown, steps=BAD_WHEN_HIGH)

    return [
        graph("Failures by status", "Share of call attempts by final status, 2xx apart; none: no"
              " final at all.", PERCENT,
              Query(_share(OVERALL, INVITE, 'outcome!="success"', by="status"), "{{status}}"),
              is_stacked=True),
        graph("How call attempts end", "Share by outcome. Cancelled is a caller who hung up while"
              " it rang: normal up to some twenty percent.", PERCENT,
              Query(_share(OVERALL, INVITE, "", by="outcome"), "{{outcome}}"), is_stacked=True),
        failing("Server errors", "5..", "5xx: a server could not. 503 is overload, 500 a fault in"
                " a script or database, 502 and 504 something behind."),
        failing("Not found, wrong number", "404|484|604", "404, 484: numbers that do not exist. A"
                " rise from one source is a dialler that tries them all, or a route that is gone."),
        failing("Forbidden", "403|603|607|608", "403: the account or number is barred, or the"
                " peer does not know your address any more."),
        failing("Timeouts", "408|none", "408, or no final at all: packets do not arrive, or nobody"
                " is there."),
        failing("Loops", "482|483", "482, 483: the routes of two servers point at each other."),
        failing("Not acceptable", "415|488|606", "415, 488, 606: no common codec or no SRTP."),
    ]  # fmt: skip


def board() -> Board:
    """Return the dashboard."""
    return Board(
        uid="hepscope-error-rates",
        title="SIP_Error_Rates",
        description="What fails, with which status and at which named address, as shares of"
        " attempts: a retransmission or a second capture point does not count twice.",
        variables=[metrics(), window(), targets()],
        rows=[
            Row("Calls", _calls()),
            Row(
                "Registrations",
                [
                    graph("Failures by status", "Share of registrations by final status, 2xx"
                          " apart.", PERCENT,
                          Query(_share(OVERALL, REGISTER, 'outcome!="success"', by="status"),
                                "{{status}}"), is_stacked=True),
                    graph("Failures by named address", "Share of registrations that failed; dst is"
                          " the registrar.", PERCENT,
                          Query(_share(TARGETS, REGISTER, 'outcome="failed"'), TARGETS.legend)),
                ],
            ),
            Row(
                "Below the attempts: messages",
                [
                    graph("Causes of release", "Q.850 causes in Reason headers (RFC 3326), messages"
                          " a second. 16 is normal, 17 busy, 34 no circuit, 38 network out of"
                          " order, 41 temporary failure, 127 interworking.", PER_SECOND,
                          Query("topk(10, sum by (cause)"
                                f" (rate(hepscope_sip_release_causes_total[{RATE}])))",
                                "{{cause}}")),
                    graph("Malformed and odd messages", "SIP without a readable start line, and"
                          " departures from the standard by kind. A rise after an upgrade of some"
                          " device is its fault.", PER_SECOND,
                          Query(f"sum(rate(hepscope_sip_malformed_total[{RATE}]))", "malformed"),
                          Query(f"sum by (fault) (rate(hepscope_sip_faults_total[{RATE}])) > 0",
                                "{{fault}}")),
                    graph("Scanners", "Requests of programs that probe servers, by their name.",
                          PER_SECOND,
                          Query("sum by (scanner)"
                                f" (rate(hepscope_sip_scanner_messages_total[{RATE}]))",
                                "{{scanner}}")),
                    graph("Log lines by level", "Of agents that send logs by HEP.", PER_SECOND,
                          Query(f"sum by (level) (rate(hepscope_log_lines_total[{RATE}])) > 0",
                                "{{level}}")),
                ],
            ),
        ],
    )  # fmt: skip
