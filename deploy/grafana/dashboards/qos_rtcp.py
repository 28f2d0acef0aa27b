"""QOS_RTCP: how calls sound, from RTCP and every other report on media."""

from dashboards.board import Board, Row
from dashboards.panels import (
    MOS_STEPS,
    PER_SECOND,
    PERCENT,
    SECONDS,
    PanelBuilder,
    Steps,
    distribution,
    graph,
    number,
)
from dashboards.queries import Query
from dashboards.variables import metrics, nodes, of_label, window
from dashboards.views import RATE, WINDOW

SOME = '{node=~"$node", codec=~"$codec"}'
LOSS_STEPS: Steps = ((None, "green"), (0.01, "yellow"), (0.03, "red"))
JITTER_STEPS: Steps = ((None, "green"), (0.02, "yellow"), (0.05, "red"))
ROUND_TRIP_STEPS: Steps = ((None, "green"), (0.2, "yellow"), (0.4, "red"))


def _mean(metric: str, by: str = "") -> str:
    """Return the mean of what reports said."""
    grouped = f"sum by ({by}) " if by else "sum"
    return (
        f"{grouped}(rate({metric}_sum{SOME}[{WINDOW}]))"
        f" / ({grouped}(rate({metric}_count{SOME}[{WINDOW}])) > 0)"
    )


def _percentile(metric: str, share: float, by: str = "") -> str:
    labels = f"{by}, le" if by else "le"
    return f"histogram_quantile({share}, sum by ({labels}) (rate({metric}_bucket{SOME}[{WINDOW}])))"


def _buckets(metric: str) -> Query:
    return Query(
        f"sum by (le) (increase({metric}_bucket{SOME}[{RATE}]))", "{{le}}", is_heatmap=True
    )


def _poor() -> str:
    some = 'node=~"$node", codec=~"$codec", le="3.1"'
    bad = f"sum(rate(hepscope_media_mos_bucket{{{some}}}[{WINDOW}]))"
    return f"{bad} / (sum(rate(hepscope_media_mos_count{SOME}[{WINDOW}])) > 0)"


def _now() -> list[PanelBuilder]:
    mos, loss = "hepscope_media_mos", "hepscope_media_loss_ratio"
    jitter, trip = "hepscope_media_jitter_seconds", "hepscope_media_round_trip_seconds"
    return [
        number("Mean MOS", "Of all reports; 4.4 is the best that G.711 can, 3.6 is where users"
               " begin to complain.", "none", Query(_mean(mos)), steps=MOS_STEPS, decimals=2),
        number("Poor reports", "Share of reports with a MOS of at most 3.1. Look at this beside the"
               " mean: a good mean hides a bad site.", PERCENT, Query(_poor()),
               steps=((None, "green"), (0.05, "yellow"), (0.2, "red")), decimals=1),
        number("Mean loss", "Share of packets lost. From 1 % on it is heard, from 3 % it hurts.",
               PERCENT, Query(_mean(loss)), steps=LOSS_STEPS, decimals=2),
        number("Jitter, 95 of 100", "A jitter buffer takes some 40 ms; beyond it packets are as"
               " good as lost.", SECONDS, Query(_percentile(jitter, 0.95)), steps=JITTER_STEPS),
        number("Round trip, 95 of 100", "Above 400 ms people talk into each other (G.114: 200 ms"
               " one way).", SECONDS, Query(_percentile(trip, 0.95)), steps=ROUND_TRIP_STEPS),
        number("Reports", "Reports on streams a second.", PER_SECOND,
               Query(f'sum(rate(hepscope_media_reports_total{{node=~"$node"}}[{RATE}]))')),
    ]  # fmt: skip


def board() -> Board:
    """Return the dashboard."""
    mos, loss = "hepscope_media_mos", "hepscope_media_loss_ratio"
    jitter, trip = "hepscope_media_jitter_seconds", "hepscope_media_round_trip_seconds"
    return Board(
        uid="hepscope-qos-rtcp",
        title="QOS_RTCP",
        description="How calls sound: MOS, loss, jitter and round trip as RTCP, RTCP XR, vq-rtcpxr"
        " and agents report them. Each report counts once; the codec comes from the call's SDP.",
        variables=[metrics(), window(), nodes(),
                   of_label("codec", "codec", f"{mos}_count", "codecs of the streams")],
        rows=[
            Row("Now", _now()),
            Row(
                "MOS",
                [
                    graph("Mean MOS by node", "A node that falls alone has a bad line.", "none",
                          Query(_mean(mos, "node"), "{{node}}"), steps=MOS_STEPS, minimum=1,
                          maximum=5),
                    distribution("Distribution of MOS", "How many reports fall between two bounds."
                                 " Two bands mean two kinds of users.", "none", _buckets(mos)),
                    graph("Mean MOS by codec", "G.729 and narrow codecs cannot reach what G.711"
                          " can: compare a codec with itself.", "none",
                          Query(_mean(mos, "codec"), "{{codec}}"), minimum=1, maximum=5),
                    graph("Said and estimated", "said: as the report has it; estimated: by the"
                          " E-model from loss, jitter and delay.", "none",
                          Query(_mean(mos, "origin"), "{{origin}}"), minimum=1, maximum=5),
                    graph("R factor", "By scale: narrowband goes to 100, wideband to 129, fullband"
                          " to 148; never compare across scales.", "none",
                          Query(_mean("hepscope_media_r_factor", "scale"), "{{scale}}")),
                    graph("MOS by direction", "sent and received are seen from who reports: one of"
                          " them bad is a line that is full in one direction.", "none",
                          Query(_mean(mos, "direction"), "{{direction}}"), minimum=1, maximum=5),
                ],
            ),
            Row(
                "Loss, jitter, round trip",
                [
                    graph("Loss by node", "Mean share of packets lost.", PERCENT,
                          Query(_mean(loss, "node"), "{{node}}"), steps=LOSS_STEPS),
                    distribution("Distribution of loss", "Share of packets lost, by report.",
                                 PERCENT, _buckets(loss)),
                    graph("Jitter by node, 95 of 100", "Interarrival jitter (RFC 3550) in seconds,"
                          " by the codec's clock.", SECONDS,
                          Query(_percentile(jitter, 0.95, "node"), "{{node}}"), steps=JITTER_STEPS),
                    distribution("Distribution of jitter", "By report.", SECONDS, _buckets(jitter)),
                    graph("Round trip by node, 95 of 100", "Of the network, without the phones.",
                          SECONDS, Query(_percentile(trip, 0.95, "node"), "{{node}}"),
                          steps=ROUND_TRIP_STEPS),
                    distribution("Distribution of round trip", "By report.", SECONDS,
                                 _buckets(trip)),
                ],
            ),
            Row(
                "Where it comes from",
                [
                    graph("Reports by kind", "None of a kind that you expect: the agent does not"
                          " send it.", PER_SECOND,
                          Query("sum by (source)"
                                f' (rate(hepscope_media_reports_total{{node=~"$node"}}[{RATE}]))',
                                "{{source}}"), is_stacked=True),
                    graph("Reports that could not be read", "By reason; the packets are stored all"
                          " the same.", PER_SECOND,
                          Query("sum by (reason)"
                                f" (rate(hepscope_media_errors_total[{RATE}]))",
                                "{{reason}}")),
                ],
            ),
        ],
    )  # fmt: skip
