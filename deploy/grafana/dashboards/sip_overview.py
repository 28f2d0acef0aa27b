"""SIP_Overview: whether calls work, on one screen."""

from dashboards.board import Board, Row
from dashboards.kpis import BY_NAME
from dashboards.panels import (
    BAD_WHEN_HIGH,
    MOS_STEPS,
    PER_SECOND,
    PERCENT,
    PanelBuilder,
    graph,
    number,
)
from dashboards.queries import Query
from dashboards.variables import metrics, window
from dashboards.views import OVERALL, RATE, WINDOW

INVITE, REGISTER = 'method="INVITE"', 'method="REGISTER"'


def _now() -> list[PanelBuilder]:
    def kpi(name: str, label: str) -> PanelBuilder:
        one = BY_NAME[name]
        query = Query(OVERALL.ratio(name))
        return number(label, one.text, PERCENT, query, steps=one.steps, decimals=1)

    mos = (
        f"sum(rate(hepscope_media_mos_sum[{WINDOW}]))"
        f" / (sum(rate(hepscope_media_mos_count[{WINDOW}])) > 0)"
    )
    settled = "attempts_settled_total"
    failed = OVERALL.total(settled, INVITE, 'status=~"5.."', window=WINDOW)
    errors = f"{failed} / ({OVERALL.total(settled, INVITE, window=WINDOW)} > 0)"
    return [
        kpi("asr", "ASR"), kpi("ner", "NER"), kpi("ser", "SER"), kpi("seer", "SEER"),
        kpi("ira", "IRA"),
        number("5xx", "Share of call attempts that end in a 5xx; see SIP_Error_Rates.", PERCENT,
               Query(f"{errors} or vector(0)"), steps=BAD_WHEN_HIGH, decimals=1),
        number("Concurrent calls", "Calls answered and not hung up, from their dialogs.", "short",
               Query("sum(hepscope_sessions_concurrent)")),
        number("Call attempts", "New calls a second, each once however often it was seen.",
               PER_SECOND, Query(OVERALL.total("attempts_opened_total", INVITE))),
        number("Registrations", "New registrations a second, challenges inside.", PER_SECOND,
               Query(OVERALL.total("attempts_opened_total", REGISTER))),
        number("Mean MOS", "Of all media reports; below 3.6 users complain. See QOS_RTCP.", "none",
               Query(mos), steps=MOS_STEPS, decimals=2),
        number("Nodes that send", "Capture nodes of which packets came in the last 10 minutes.",
               "short", Query("count(sum by (node) (increase(hepscope_packets_total[10m])) > 0)")),
        number("Packets", "HEP packets a second, of every type.", PER_SECOND,
               Query(f"sum(rate(hepscope_packets_total[{RATE}]))")),
    ]  # fmt: skip


def board() -> Board:
    """Return the dashboard."""
    settled = "attempts_settled_total"
    return Board(
        uid="hepscope-overview",
        title="SIP_Overview",
        description="Whether calls work: start here, then follow the menu to the rest.",
        variables=[metrics(), window()],
        rows=[
            Row("Now", _now()),
            Row(
                "Over time",
                [
                    graph("ASR, NER and IRA", "The three ratios that tell most: people picked up,"
                          " the network did its part, registrations failed.", PERCENT,
                          Query(OVERALL.ratio("asr"), "ASR"), Query(OVERALL.ratio("ner"), "NER"),
                          Query(OVERALL.ratio("ira"), "IRA"), maximum=1),
                    graph("Concurrent calls", "Calls under way, and a week ago.", "short",
                          Query("sum(hepscope_sessions_concurrent)", "now"),
                          Query("sum(hepscope_sessions_concurrent offset 1w)", "a week ago")),
                    graph("Calls: attempts and answers", "New calls a second and those answered.",
                          PER_SECOND,
                          Query(OVERALL.total("attempts_opened_total", INVITE), "attempts"),
                          Query(OVERALL.total("sessions_started_total"), "answered")),
                    graph("Registrations: attempts and successes", "Challenges are inside.",
                          PER_SECOND,
                          Query(OVERALL.total("attempts_opened_total", REGISTER), "attempts"),
                          Query(OVERALL.total(settled, REGISTER, 'outcome="success"'),
                                "successful")),
                    graph("How calls end", "Call attempts a second by outcome; failed and timeout"
                          " are the ones to worry about.", PER_SECOND,
                          Query(OVERALL.total(settled, INVITE, by="outcome"), "{{outcome}}"),
                          is_stacked=True),
                    graph("Failures by status", "Call attempts a second that were not answered, by"
                          " final status; none: no final at all. The ten most frequent.",
                          PER_SECOND,
                          Query("topk(10, " + OVERALL.total(
                              settled, INVITE, 'outcome!="success"', by="status") + ")",
                              "{{status}}")),
                ],
            ),
        ],
    )  # fmt: skip
