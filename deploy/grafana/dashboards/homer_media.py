"""HOMER: media: the gauges of media quality under heplify-server's names and in its units."""

from dashboards.board import Board, Row
from dashboards.panels import PanelBuilder, graph
from dashboards.queries import Query
from dashboards.variables import metrics, of_label

TAGS = ("hepscope", "homer")
SOME = '{target_name=~"$tn"}'


def _stream(title: str, text: str, unit: str, metric: str) -> PanelBuilder:
    expr = f"avg by (target_name, direction) ({metric}{SOME})"
    return graph(
        title, text, unit, Query(expr, "{{target_name}} {{direction}}"), span=6, minimum=None
    )


def _node(title: str, text: str, unit: str, metric: str) -> PanelBuilder:
    return graph(title, text, unit, Query(f"avg by (node_id) ({metric})", "{{node_id}}"), span=6)


def _leg(title: str, text: str, unit: str, metric: str) -> PanelBuilder:
    expr = f"avg by (sbc_name, direction, inc_realm, out_realm) ({metric})"
    legend = "{{sbc_name}} {{direction}}: {{inc_realm}} to {{out_realm}}"
    return graph(title, text, unit, Query(expr, legend), span=6)


def board() -> Board:
    """Return the dashboard."""
    return Board(
        uid="hepscope-homer-media",
        title="HOMER: media",
        description="What HOMER's QOS dashboards show, on heplify-server's metric names and in its"
        " units. Each value is the mean of the last reports and disappears when none come;"
        " QOS_RTCP has distributions over all of them.",
        variables=[
            metrics(),
            of_label("tn", "target_name", "heplify_rtcp_jitter", "target names"),
        ],
        rows=[
            Row(
                "RTCP",
                [
                    _stream("Jitter", "Timestamp units, 8 are a millisecond of G.711.", "short",
                            "heplify_rtcp_jitter"),
                    _stream("Fraction lost", "In 1/256.", "short", "heplify_rtcp_fraction_lost"),
                    _stream("Packets lost", "Since the stream began; negative with doubles.",
                            "short", "heplify_rtcp_packets_lost"),
                    _stream("DLSR", "Delay since the last sender report, 1/65536 s.", "short",
                            "heplify_rtcp_dlsr"),
                ],
            ),
            Row(
                "RTCP XR",
                [
                    _stream("Round trip", "Milliseconds.", "ms",
                            "heplify_rtcpxr_round_trip_delay"),
                    _stream("End system delay", "Milliseconds.", "ms",
                            "heplify_rtcpxr_end_system_delay"),
                    _stream("Fraction lost", "In 1/256.", "short", "heplify_rtcpxr_fraction_lost"),
                    _stream("Fraction discarded", "In 1/256: came too late for the buffer.",
                            "short", "heplify_rtcpxr_fraction_discard"),
                    _stream("Burst density", "In 1/256.", "short", "heplify_rtcpxr_burst_density"),
                    _stream("Burst duration", "Milliseconds.", "ms",
                            "heplify_rtcpxr_burst_duration"),
                    _stream("Gap density", "In 1/256.", "short", "heplify_rtcpxr_gap_density"),
                    _stream("Gap duration", "Milliseconds.", "ms", "heplify_rtcpxr_gap_duration"),
                ],
            ),
            Row(
                "vq-rtcpxr",
                [
                    _node("Loss", "NLR, percent.", "percent", "heplify_vqrtcpxr_nlr"),
                    _node("Discarded", "JDR, percent.", "percent", "heplify_vqrtcpxr_jdr"),
                    _node("Jitter", "IAJ, milliseconds.", "ms", "heplify_vqrtcpxr_iaj"),
                    _node("MOS, listening", "MOSLQ.", "none", "heplify_vqrtcpxr_moslq"),
                    _node("MOS, conversation", "MOSCQ.", "none", "heplify_vqrtcpxr_moscq"),
                ],
            ),
            Row(
                "X-RTP-Stat and RTP agents",
                [
                    _stream("MOS", "Of X-RTP-Stat.", "none", "heplify_xrtp_mos"),
                    _stream("Delay", "Of X-RTP-Stat, milliseconds.", "ms", "heplify_xrtp_dle"),
                    _node("MOS", "Of RTP agents.", "none", "heplify_rtpagent_mos"),
                    _node("Jitter", "Of RTP agents, milliseconds.", "ms",
                          "heplify_rtpagent_jitter"),
                    _node("Packets lost", "Of RTP agents.", "short",
                          "heplify_rtpagent_packets_lost"),
                    _node("Spacing", "Of RTP agents, milliseconds.", "ms",
                          "heplify_rtpagent_delta"),
                ],
            ),
            Row(
                "Oracle SBC (Horaclifix)",
                [
                    _leg("MOS", "By leg and realms.", "none", "horaclifix_rtp_mos"),
                    _leg("R", "By leg and realms.", "none", "horaclifix_rtp_rval"),
                    _leg("Jitter", "Mean, milliseconds.", "ms", "horaclifix_rtp_avg_jitter"),
                    _leg("Packets lost", "RTP.", "short", "horaclifix_rtp_lost_packets"),
                    _leg("Latency", "By RTCP, mean, milliseconds.", "ms",
                         "horaclifix_rtcp_avg_lat"),
                ],
            ),
        ],
        tags=TAGS,
        since="now-12h",
    )  # fmt: skip
