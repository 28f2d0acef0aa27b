"""The metrics of media quality: one observation for each figure that a report gives."""

from typing import Final

from hep.media.errors import Reason
from hepscope_common.metrics import CounterFamily, Family, HistogramFamily

LOSS_BOUNDS: Final = (0.0, 0.001, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5)
JITTER_SECONDS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5)
ROUND_TRIP_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 1, 2)
MOS_BOUNDS: Final = (1.5, 2.0, 2.58, 3.1, 3.6, 4.02, 4.34, 5.0)
"""The MOS that belong to R of 50, 60, 70, 80 and 90, where G.109 changes the category."""

R_BOUNDS: Final = (20, 40, 50, 60, 70, 80, 90, 100, 110, 120, 129, 148)

STREAM: Final = ("node", "direction", "codec")


class MediaFamilies:
    """Histograms by node, direction (seen from the packet's source) and codec."""

    def __init__(self, *, max_streams: int) -> None:
        self.reports = CounterFamily(
            "hepscope_media_reports_total",
            "Reports on RTP streams by node and kind of report.",
            ("node", "source"),
            max_series=max_streams * 2,
        )
        self.errors = CounterFamily(
            "hepscope_media_errors_total",
            "Media reports that could not be read, by reason.",
            ("reason",),
            known=[(reason.value,) for reason in Reason],
        )
        self.loss = HistogramFamily(
            "hepscope_media_loss_ratio",
            "Share of packets lost, 0 to 1, as reported.",
            LOSS_BOUNDS,
            STREAM,
            max_series=max_streams,
            clause="RFC 3550 6.4.1",
        )
        self.jitter = HistogramFamily(
            "hepscope_media_jitter_seconds",
            "Interarrival jitter, by the codec's clock.",
            JITTER_SECONDS,
            STREAM,
            max_series=max_streams,
            clause="RFC 3550 6.4.1",
        )
        self.round_trip = HistogramFamily(
            "hepscope_media_round_trip_seconds",
            "Round trip of the network.",
            ROUND_TRIP_SECONDS,
            STREAM,
            max_series=max_streams,
            clause="RFC 3611 4.7.3",
        )
        self.mos = HistogramFamily(
            "hepscope_media_mos",
            "MOS: as the report says (origin said), else by the E-model (estimated).",
            MOS_BOUNDS,
            (*STREAM, "origin"),
            max_series=max_streams,
            clause="ITU-T P.800.1, G.107",
        )
        self.r = HistogramFamily(
            "hepscope_media_r_factor",
            "Rating R on the scale nb (to 100), wb (to 129) or fb (to 148), said or estimated.",
            R_BOUNDS,
            (*STREAM, "origin", "scale"),
            max_series=max_streams,
            clause="ITU-T G.107, G.107.1, G.107.2",
        )

    @property
    def families(self) -> list[Family]:
        """Everything that is exposed."""
        return [
            self.reports, self.errors, self.loss, self.jitter, self.round_trip, self.mos, self.r,
        ]  # fmt: skip
