"""Metrics of what is put together: TCP streams, SCTP, RTCP and the calls that it belongs to."""

from collections.abc import Callable, Mapping
from dataclasses import fields

from hep.media.errors import Reason
from hepscope_capture.frame_counts import FrameCounts
from hepscope_capture.live.tallied import Samples, TalliedFamily
from hepscope_capture.media.counts import CorrelationGauges
from hepscope_capture.media.evidence import Evidence
from hepscope_common.metrics import Family, GaugeFamily

_EVENT = ("event",)

Waiting = Callable[[], Mapping[str, int]]
"""Returns how many bytes are held back, by table."""


def table_families(
    counts: FrameCounts, gauges: CorrelationGauges | None, waiting: Waiting = dict
) -> list[Family]:
    """Return the families; without gauges those of what is held now have no samples."""
    return [
        TalliedFamily(
            "hepscope_capture_tcp_total",
            "What became of TCP: segments, messages, gaps seen by the capture, streams.",
            lambda: events(counts.streams, is_bytes=False),
            _EVENT,
        ),
        TalliedFamily(
            "hepscope_capture_tcp_bytes_total",
            "Bytes of TCP that came twice, were missing, or belonged to no message.",
            lambda: events(counts.streams, is_bytes=True),
            _EVENT,
        ),
        TalliedFamily(
            "hepscope_capture_sctp_total",
            "What became of SCTP: packets, chunks, messages.",
            lambda: events(counts.sctp, is_bytes=False),
            _EVENT,
        ),
        TalliedFamily(
            "hepscope_capture_rtcp_total",
            "What became of datagrams of RTCP, and of what was to tell their calls.",
            lambda: events(counts.media, is_bytes=False),
            _EVENT,
        ),
        TalliedFamily(
            "hepscope_capture_rtcp_matched_total",
            "RTCP whose call is known, by what told it.",
            lambda: [((one.label,), counts.media.matched[one]) for one in Evidence],
            ("evidence",),
        ),
        TalliedFamily(
            "hepscope_capture_rtcp_malformed_total",
            "Datagrams of RTCP with a fault, by reason; what stands before it is sent.",
            lambda: [((one.value,), counts.media.malformed[one]) for one in Reason],
            ("reason",),
        ),
        TalliedFamily(
            "hepscope_capture_rtcp_calls_total",
            "Calls whose media were learned, and why they were forgotten.",
            lambda: events(counts.media.calls, is_bytes=False),
            _EVENT,
        ),
        GaugeFamily(
            "hepscope_capture_rtcp_held",
            "What is known of media now, and how much RTCP waits for its call.",
            lambda: _held(gauges),
            ("what",),
        ),
        GaugeFamily(
            "hepscope_capture_waiting_bytes",
            "Bytes that are held back until what belongs to them comes, by table; all are bounded.",
            lambda: [((table,), size) for table, size in waiting().items()],
            ("table",),
        ),
    ]


def _held(gauges: CorrelationGauges | None) -> Samples:
    if gauges is None:
        return []
    return [((one.name,), getattr(gauges, one.name)()) for one in fields(gauges)]


def events(counts: object, *, is_bytes: bool) -> Samples:
    """Return the whole numbers of a table's counts by name, those of bytes apart."""
    return [
        ((one.name,), getattr(counts, one.name))
        for one in fields(counts)  # type: ignore[arg-type]
        if isinstance(getattr(counts, one.name), int) and one.name.endswith("bytes") is is_bytes
    ]
