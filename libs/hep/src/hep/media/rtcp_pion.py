"""RTCP in the JSON of the pion library (HEP type 58): an array of packets with Go's field names.

A packet has no type; its fields tell it: NTPTime is an SR's, Reports with SSRC an RR's, Reports
with SenderSSRC an XR's. Byte strings (ProfileExtensions) are base64 and not read.
"""

from collections.abc import Iterator

from hep.media import values, xr_metrics
from hep.media.errors import MediaError, Reason
from hep.media.json_text import JsonObject, objects
from hep.media.report import Source, StreamReport, Way

_KEYS = frozenset(
    {"NTPTime", "Reports", "SenderSSRC", "MediaSSRC", "Chunks", "Sources", "SSRC", "SubType"}
)


def is_packet(entry: JsonObject) -> bool:
    """Whether an object has the names of a pion packet."""
    return not _KEYS.isdisjoint(entry)


def reports_of_array(payload: bytes) -> list[StreamReport]:
    """The reports of a type 58 payload. Raises MediaError: those of JSON, and BAD_SHAPE."""
    entries = objects(payload)
    if not any(is_packet(entry) for entry in entries):
        raise MediaError(Reason.BAD_SHAPE, 0)
    return [report for entry in entries for report in reports_of_packet(entry)]


def reports_of_packet(entry: JsonObject) -> Iterator[StreamReport]:
    """One report for what an SR's sender sent, one for each block."""
    blocks = entry.get("Reports")
    blocks = blocks if isinstance(blocks, list) else []
    is_extended = "SenderSSRC" in entry
    reporter = values.ssrc(entry.get("SenderSSRC" if is_extended else "SSRC"))
    if "NTPTime" in entry:
        yield StreamReport(
            source=Source.RTCP_PION,
            way=Way.SENT,
            ssrc=reporter,
            reporter_ssrc=reporter,
            packets_sent=values.count(entry.get("PacketCount")),
            octets_sent=values.count(entry.get("OctetCount")),
            ntp=values.said_count(entry.get("NTPTime"), 2**64 - 1),
            rtp_timestamp=values.count(entry.get("RTPTime")),
        )
    for block in blocks:
        if not isinstance(block, dict):
            continue
        if not is_extended:
            yield _received(block, reporter)
        elif "LossRate" in block:
            report = xr_metrics.of_json(block, reporter)
            if report is not None:
                yield report
        elif "LostPackets" in block:
            yield _statistics(block, reporter)


def _received(block: JsonObject, reporter: int | None) -> StreamReport:
    get = block.get
    lsr = values.said_count(get("LastSenderReport"))
    return StreamReport(
        source=Source.RTCP_PION,
        way=Way.RECEIVED,
        ssrc=values.ssrc(get("SSRC")),
        reporter_ssrc=reporter,
        packets_lost=values.cumulative_loss(get("TotalLost")),
        fraction_lost=values.share_of_256(get("FractionLost")),
        jitter_units=values.amount(get("Jitter"), values.U32),
        highest_sequence=values.count(get("LastSequenceNumber")),
        lsr=lsr,
        dlsr=values.count(get("Delay")) if lsr else None,
    )


def _statistics(block: JsonObject, reporter: int | None) -> StreamReport:
    get = block.get
    begin, end = values.count(get("BeginSeq"), values.U16), values.count(get("EndSeq"), values.U16)
    expected = (end - begin) % 2**16 if begin is not None and end is not None else None
    has_jitter = get("JitterReports") is True
    return StreamReport(
        source=Source.RTCP_XR,
        way=Way.RECEIVED,
        ssrc=values.ssrc(get("SSRC")),
        reporter_ssrc=reporter,
        packets_expected=expected or None,
        packets_lost=values.count(get("LostPackets")) if get("LossReports") is True else None,
        packets_duplicated=(
            values.count(get("DupPackets")) if get("DuplicateReports") is True else None
        ),
        jitter_units=values.amount(get("MeanJitter"), values.U32) if has_jitter else None,
        jitter_max_units=values.amount(get("MaxJitter"), values.U32) if has_jitter else None,
    )
