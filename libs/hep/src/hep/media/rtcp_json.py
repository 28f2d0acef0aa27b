"""RTCP as JSON (HEP type 5), in the dialects of the agents.

heplify 1, rtpengine, rtpproxy, Kamailio's captagent, Asterisk and the FreeSWITCH bridges share the
names sender_information and report_blocks, as does `hep.media.rtcp_json_writer`; heplify 2 has
names of its own, pion those of its library. report_count and type are not trusted: the bridges
count events in the first, and the second is that of the last packet of a compound. Numbers may be
text, sender_information null, the XR block all zeros, which means that there was none.
"""

from collections.abc import Iterator

from hep.media import rtcp_pion, values, xr_metrics
from hep.media.errors import MediaError, Reason
from hep.media.json_text import JsonObject, objects
from hep.media.report import Source, StreamReport, Way
from hep.rtcp.blocks import STATISTICS

_RECEIVER_REPORT = (201, "201")
_KEYS = frozenset(
    {
        "ssrc",
        "type",
        "sender_information",
        "report_count",
        "report_blocks",
        "report_blocks_xr",
        "voip_metrics",
        "xr_blocks",
        "sdes_ssrc",
        "sdes_information",
        "sdes_report_count",
        "Extended_report_information",
        "extended_report_information",
    }
)
_HEPLIFY_2_KEYS = frozenset({"sender_report", "receiver_report"})
_XR_KEYS = ("Extended_report_information", "extended_report_information")


def reports_of_json(payload: bytes) -> list[StreamReport]:
    """The reports of a type 5 payload. Raises MediaError: those of JSON, and BAD_SHAPE."""
    found: list[StreamReport] = []
    known = False
    for entry in objects(payload):
        if rtcp_pion.is_packet(entry):
            found.extend(rtcp_pion.reports_of_packet(entry))
        elif not _HEPLIFY_2_KEYS.isdisjoint(entry):
            found.extend(_of_heplify_2(entry))
        elif not _KEYS.isdisjoint(entry):
            found.extend(_of_packet(entry))
        else:
            continue
        known = True
    if not known:
        raise MediaError(Reason.BAD_SHAPE, 0)
    return found


def _of_packet(entry: JsonObject) -> Iterator[StreamReport]:
    reporter = values.ssrc(entry.get("ssrc"))
    sender = entry.get("sender_information")
    # heplify writes an empty one into receiver reports.
    if isinstance(sender, dict) and entry.get("type") not in _RECEIVER_REPORT:
        sent = _sent(sender, reporter)
        if sent is not None:
            yield sent
    for block in _entries(entry.get("report_blocks")):
        # heplify writes a block of zeros where a report has none.
        if any(block.values()):
            yield _received(block, reporter)
    yield from _metrics(entry, reporter)
    for block in _entries(entry.get("xr_blocks")):
        if block.get("type") == STATISTICS:
            yield xr_metrics.of_json_statistics(block, reporter)


def _metrics(entry: JsonObject, reporter: int | None) -> Iterator[StreamReport]:
    blocks = _entries(entry.get("report_blocks_xr"))
    # Both objects are about one block. heplify's first has less than its second, whose two MOS
    # are the wrong way round; the first of hep.media.rtcp_json_writer has all of it.
    if "voip_metrics" in entry and not any("MOS_LQ" in block for block in blocks):
        blocks = []
        yield from _voip_metrics(entry, reporter)
    for key in _XR_KEYS:
        blocks.extend(_entries(entry.get(key)))
    for block in blocks:
        report = xr_metrics.of_json(block, reporter)
        if report is not None:
            yield report


def _entries(value: object) -> list[JsonObject]:
    """The objects of a list, of a lone object, or none of null."""
    if isinstance(value, list):
        return [entry for entry in value if isinstance(entry, dict)]
    return [value] if isinstance(value, dict) else []


def _sent(sender: JsonObject, reporter: int | None) -> StreamReport | None:
    get = sender.get
    packets, octets = values.count(get("packets")), values.count(get("octets"))
    ntp = values.ntp(get("ntp_timestamp_sec"), get("ntp_timestamp_usec"))
    if not (packets or octets or ntp):
        return None
    return StreamReport(
        source=Source.RTCP_JSON,
        way=Way.SENT,
        ssrc=reporter,
        reporter_ssrc=reporter,
        packets_sent=packets,
        octets_sent=octets,
        ntp=ntp,
        rtp_timestamp=values.count(get("rtp_timestamp")),
    )


def _received(block: JsonObject, reporter: int | None) -> StreamReport:
    get = block.get
    lsr = values.said_count(get("lsr"))
    return StreamReport(
        source=Source.RTCP_JSON,
        way=Way.RECEIVED,
        ssrc=values.ssrc(get("source_ssrc")),
        reporter_ssrc=reporter,
        packets_lost=values.cumulative_loss(get("packets_lost")),
        fraction_lost=values.share_of_256(get("fraction_lost")),
        jitter_units=values.amount(get("ia_jitter"), values.U32),
        highest_sequence=values.count(get("highest_seq_no")),
        lsr=lsr,
        dlsr=values.count(get("dlsr")) if lsr else None,
    )


def _of_heplify_2(entry: JsonObject) -> Iterator[StreamReport]:
    """Dialect of heplify 2; its mos per block is a step of the loss, measured by nobody."""
    reporter = values.ssrc(entry.get("ssrc"))
    for sender in _entries(entry.get("sender_report")):
        yield StreamReport(
            source=Source.RTCP_JSON,
            way=Way.SENT,
            ssrc=reporter,
            reporter_ssrc=reporter,
            packets_sent=values.count(sender.get("packet_count")),
            octets_sent=values.count(sender.get("octet_count")),
            ntp=values.ntp(sender.get("ntp_time_sec"), sender.get("ntp_time_frac")),
            rtp_timestamp=values.count(sender.get("rtp_time")),
        )
    for block in _entries(entry.get("receiver_report")):
        lsr = values.said_count(block.get("last_sr"))
        yield StreamReport(
            source=Source.RTCP_JSON,
            way=Way.RECEIVED,
            ssrc=values.ssrc(block.get("ssrc")),
            reporter_ssrc=reporter,
            packets_lost=values.cumulative_loss(block.get("packets_lost")),
            fraction_lost=values.share_of_256(block.get("fraction_lost")),
            jitter_units=values.amount(block.get("jitter"), values.U32),
            highest_sequence=values.count(block.get("highest_seq")),
            lsr=lsr,
            dlsr=values.count(block.get("delay_since_last_sr")) if lsr else None,
        )
    yield from _voip_metrics(entry, reporter)


def _voip_metrics(entry: JsonObject, reporter: int | None) -> Iterator[StreamReport]:
    for block in _entries(entry.get("voip_metrics")):
        report = xr_metrics.of_json(block, reporter)
        if report is not None:
            yield report
