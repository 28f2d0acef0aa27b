"""QOS_XRTP: what phones say of a call in the headers of its BYE.

Their quality is in the metrics of all media; by named address it is in those under heplify-server's
names, which HOMER's dashboard of this name reads.
"""

from dashboards.board import Board, Row
from dashboards.panels import MOS_STEPS, PER_SECOND, SECONDS, graph
from dashboards.queries import Query
from dashboards.variables import metrics, of_label
from dashboards.views import RATE

HEADERS = "x_rtp_stat|p_rtp_stat|rtp_rx_stat|x_siemens_rtp_stats"


def _mean(metric: str) -> Query:
    return Query(
        f'avg by (target_name) ({metric}{{target_name=~"$target_name"}})', "{{target_name}}"
    )


def board() -> Board:
    """Return the dashboard."""
    return Board(
        uid="hepscope-qos-xrtp",
        title="QOS_XRTP",
        description="Quality as phones and gateways state it in X-RTP-Stat and its kin, at the end"
        " of a call, by the named address that said it.",
        variables=[
            metrics(),
            of_label("target_name", "target_name", "heplify_xrtp_mos",
                     "named addresses; an empty name where none is named"),
        ],
        rows=[
            Row(
                "Quality",
                [
                    graph("MOS", "As heplify-server makes it of the header: loss, jitter and delay"
                          " by an old formula. Compare it with itself only.", "none",
                          _mean("heplify_xrtp_mos"), steps=MOS_STEPS, minimum=1, maximum=5),
                    graph("Delay", "DL, milliseconds.", "ms", _mean("heplify_xrtp_dle")),
                    graph("Packets lost, received", "PL, first number: what the phone did not get."
                          " Its line downwards.", "short", _mean("heplify_xrtp_plr")),
                    graph("Packets lost, sent", "PL, second number: what the other end did not get."
                          " Its line upwards, usually the narrow one.", "short",
                          _mean("heplify_xrtp_pls")),
                    graph("Jitter, received", "JI, first number, as sent, usually milliseconds.",
                          "ms", _mean("heplify_xrtp_jir")),
                    graph("Jitter, sent", "JI, second number.", "ms", _mean("heplify_xrtp_jis")),
                    graph("Call set-up time", "CS: from dialling to ringing, as the phone measured"
                          " it.", SECONDS, _mean("heplify_xrtp_cs")),
                    graph("Reports by header", "How many such headers come, by kind.", PER_SECOND,
                          Query("sum by (source) (rate(hepscope_media_reports_total"
                                f'{{source=~"{HEADERS}"}}[{RATE}]))', "{{source}}")),
                ],
            ),
        ],
        since="now-24h",
    )  # fmt: skip
