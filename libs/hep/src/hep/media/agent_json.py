"""Reports of probes as JSON: HEP types 32, 34, 35 and 99 share one set of names.

rtpagent and its imitators (hepgen, the FreeSWITCH bridges hepipe.js and paStash, paStash for
AudioCodes, horaclifix in its second form, heplify 2's short reports) name a stream by SRC_IP and
DST_IP, from the one to the other, which is also how the packet around it is addressed. Times are
in ms, counts since the stream began; MOS and RFACTOR are sometimes hundredfold. PARTY and DIR
mean something else in each of them and are not read.
"""

from hep.media import values
from hep.media.errors import MediaError, Reason
from hep.media.json_text import JsonObject, objects
from hep.media.report import Source, StreamReport, Way

_KEYS = frozenset(
    {
        "MOS",
        "JITTER",
        "PACKET_LOSS",
        "CUM_PACKET_LOSS",
        "TOTAL_PK",
        "PACKET_COUNT",
        "RFACTOR",
        "MEAN_MOS",
        "RTP_SIP_CALL_ID",
        "CORRELATION_ID",
    }
)
_LAST = frozenset({"HANGUP", "FINAL"})


def reports_of_json(payload: bytes, source: Source) -> list[StreamReport]:
    """One report for each object. Raises MediaError: those of JSON, and BAD_SHAPE."""
    entries = [_upper(entry) for entry in objects(payload)]
    found = [_report(entry, source) for entry in entries if not _KEYS.isdisjoint(entry)]
    if not found:
        raise MediaError(Reason.BAD_SHAPE, 0)
    return found


def _upper(entry: JsonObject) -> JsonObject:
    return {name.upper(): value for name, value in entry.items()}


def _report(entry: JsonObject, source: Source) -> StreamReport:
    get = entry.get
    report = StreamReport(
        source=source,
        is_final=str(get("TYPE")).upper() in _LAST,
        ssrc=values.ssrc(get("SSRC")),
        local_address=values.address(get("SRC_IP")),
        local_port=values.port(get("SRC_PORT")),
        remote_address=values.address(get("DST_IP")),
        remote_port=values.port(get("DST_PORT")),
        call_id=values.identifier(get("RTP_SIP_CALL_ID")),
        correlation_id=values.identifier(get("CORRELATION_ID")),
        reporter=values.text(get("REPORT_NAME")),
        stop_us=values.unix_time(get("REPORT_TS")),
        packets_received=values.count(_first(entry, "TOTAL_PK", "PACKET_COUNT")),
        octets_received=values.count(_first(entry, "TL_BYTE", "OCTET_COUNT"), values.MAX_COUNT),
        packets_expected=values.said_count(get("EXPECTED_PK")),
        packets_lost=values.cumulative_loss(_first(entry, "PACKET_LOSS", "CUM_PACKET_LOSS")),
        packets_disordered=values.count(get("OUT_ORDER")),
        jitter_ms=values.milliseconds(_first(entry, "JITTER", "MEAN_JITTER")),
        jitter_min_ms=values.milliseconds(get("MIN_JITTER")),
        jitter_max_ms=values.milliseconds(get("MAX_JITTER")),
        delta_ms=values.milliseconds(get("DELTA")),
        delta_max_ms=values.milliseconds(get("MAX_DELTA")),
        skew_ms=_signed(get("SKEW")),
        mos_lq=values.mos(_first(entry, "MOS", "MEAN_MOS")),
        mos_min=values.mos(get("MIN_MOS")),
        r_lq=values.rating(_first(entry, "RFACTOR", "MEAN_RFACTOR")),
        r_min=values.rating(get("MIN_RFACTOR")),
        payload_type=values.count(get("CODEC_PT"), 127),
        clock_hz=values.said_count(get("CLOCK"), 1_000_000),
        ptime_ms=values.delay(get("PTIME")),
        rtp_timestamp=values.count(get("RTP_TS")),
        highest_sequence=values.said_count(get("SEQ")),
    )
    if report.local_address or report.remote_address:
        report.way = Way.SENT
    name = values.text(get("CODEC_NAME"))
    if name is not None:
        report.codec = name.partition("/")[0]
    return report


def _first(entry: JsonObject, *names: str) -> object:
    return next((entry[name] for name in names if entry.get(name) is not None), None)


def _signed(value: object) -> float | None:
    read = values.number(value)
    within = read is not None and abs(read) <= values.MAX_MILLISECONDS
    return float(read) if read is not None and within else None
