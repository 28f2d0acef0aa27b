"""Statistics that user agents put into a BYE or the answer to it, in SIP headers of their own.

X-RTP-Stat (AVM, AudioCodes, Poly and Obihai, baresip), P-RTP-Stat (Cisco gateways), RTP-RxStat
and RTP-TxStat (Cisco phones), X-Siemens-RTP-stats and its list form (Unify). All are `KEY=value`
with `;` or `,` between; a comma before a text without `=` belongs to the value (AVM writes
`PL=0,3` for received and sent). Each header tells of two streams, so it gives up to two reports.

Where products disagree: LA is the round trip for Cisco, the jitter buffer for Poly, and a latency
of no stated kind for the others, read as one way. JI is in ms, but for baresip, which multiplies
by the codec's rate and gives the rate behind the codec's name.
"""

from collections.abc import Mapping

from hep.media import values
from hep.media.report import Source, StreamReport, Way
from hep.sdp import STATIC_PAYLOAD_TYPES
from hep.sip import SipMessage

MAX_CHARACTERS = 4096

_SOURCES = {
    "x-rtp-stat": Source.X_RTP_STAT,
    "x-rtp-stats": Source.X_RTP_STAT,
    "x-rtp-statistics": Source.X_RTP_STAT,
    "p-rtp-stat": Source.P_RTP_STAT,
    "rtp-rxstat": Source.RTP_RX_STAT,
    "rtp-txstat": Source.RTP_TX_STAT,
    "x-siemens-rtp-stats": Source.X_SIEMENS_RTP_STATS,
    "x-siemens-rtp-stats-list": Source.X_SIEMENS_RTP_STATS,
}
# Unify's MT: 0 is audio; what its other numbers mean is not documented.
_AUDIO = "0"

Fields = Mapping[str, str]


def reports_of_message(message: SipMessage) -> list[StreamReport]:
    """The reports of every statistics header of a message, each with the message's Call-ID."""
    found: list[StreamReport] = []
    for line in message.other_lines:
        name, _, value = line.partition(":")
        source = _SOURCES.get(name.strip().lower())
        if source is not None:
            found.extend(reports_of_header(source, value))
    for report in found:
        report.call_id = message.call_id or None
    return found


def reports_of_header(source: Source, value: str) -> list[StreamReport]:
    """The reports of one header's value; none when it holds no number. Never raises."""
    fields = split(value[:MAX_CHARACTERS])
    if source is Source.RTP_RX_STAT:
        reports = [_cisco_received(fields)]
    elif source is Source.RTP_TX_STAT:
        reports = [_cisco_sent(fields)]
    elif source is Source.X_SIEMENS_RTP_STATS and fields.get("MT", _AUDIO) != _AUDIO:
        return []
    else:
        reports = [_received(source, fields), _sent(source, fields)]
    return [report for report in reports if _says_something(report)]


def split(value: str) -> dict[str, str]:
    """The fields of a header by upper-case key; the first of two counts."""
    fields: dict[str, str] = {}
    key = ""
    # Cisco quotes a list of the same form inside the list.
    flat = value.replace('VQMetrics="', "").replace('"', "")
    for group in flat.split(";"):
        for piece in group.split(","):
            name, equals, said = piece.partition("=")
            if equals:
                key = name.strip().upper()
                fields.setdefault(key, said.strip())
            elif key and piece.strip():
                fields[key] += "," + piece.strip()
        key = ""
    return fields


def _says_something(report: StreamReport) -> bool:
    return any(
        said is not None
        for said in (
            report.packets_sent,
            report.packets_received,
            report.packets_lost,
            report.jitter_ms,
            report.mos_lq,
        )
    )


def _part(fields: Fields, key: str, place: int) -> str | None:
    """The value of a key, or its part where it has several (0 received, 1 sent)."""
    parts = fields.get(key, "").split(",")
    return parts[place].strip() if place < len(parts) else None


def _received(source: Source, fields: Fields) -> StreamReport:
    report = _common(source, fields, Way.RECEIVED)
    report.packets_received = values.count(fields.get("PR"))
    report.octets_received = values.count(fields.get("OR"), values.MAX_COUNT)
    report.packets_expected = values.said_count(fields.get("ER"))
    report.packets_lost = values.cumulative_loss(_part(fields, "PL", 0))
    report.packets_discarded = values.count(_part(fields, "PD", 0))
    report.ssrc = values.ssrc(fields.get("SRCR"))
    report.reporter_ssrc = values.ssrc(fields.get("SRCS"))
    _fill_codec(report, fields.get("DE", ""))
    _fill_jitter(report, fields, 0)
    report.mos_lq = values.mos(fields.get("MOS"))
    _fill_latency(report, fields)
    return report


def _sent(source: Source, fields: Fields) -> StreamReport:
    report = _common(source, fields, Way.SENT)
    report.packets_sent = values.count(fields.get("PS"))
    report.octets_sent = values.count(fields.get("OS"), values.MAX_COUNT)
    report.packets_expected = values.said_count(fields.get("ES"))
    report.packets_lost = values.cumulative_loss(_part(fields, "PL", 1))
    report.packets_discarded = values.count(_part(fields, "PD", 1))
    report.ssrc = values.ssrc(fields.get("SRCS"))
    report.reporter_ssrc = values.ssrc(fields.get("SRCR"))
    _fill_codec(report, fields.get("EN", ""))
    _fill_jitter(report, fields, 1)
    return report


def _common(source: Source, fields: Fields, way: Way) -> StreamReport:
    report = StreamReport(source=source, way=way, is_final=True)
    report.reporter = values.text(fields.get("EX"))
    if "IPL" in fields or "IPR" in fields:
        report.local_address = values.address(fields.get("IPL"))
        report.local_port = values.port(fields.get("PTL"))
        report.remote_address = values.address(fields.get("IPR"))
        report.remote_port = values.port(fields.get("PTR"))
        report.start_us = values.unix_time(fields.get("TB"))
        report.stop_us = values.unix_time(fields.get("TE"))
    else:
        local, remote = _part(fields, "IP", 0) or "", _part(fields, "IP", 1) or ""
        report.local_address, report.local_port = values.endpoint(local)
        report.remote_address, report.remote_port = values.endpoint(remote)
    return report


def _fill_codec(report: StreamReport, said: str) -> None:
    """Codec and rate of `PCMA`, `opus/48000` or, from Unify, a payload type."""
    name, _, rate = said.partition("/")
    report.clock_hz = values.said_count(rate, 1_000_000)
    static = STATIC_PAYLOAD_TYPES.get(values.count(name, 127) or 0) if name.isdigit() else None
    if name.isdigit():
        report.payload_type = values.count(name, 127)
        report.codec = static.name if static else None
    else:
        report.codec = values.text(name, 32)


def _fill_jitter(report: StreamReport, fields: Fields, place: int) -> None:
    jitter = _part(fields, "JI", place)
    if fields.get("EX", "").lower() == "baresip" and report.clock_hz:
        units = values.amount(jitter, values.U32)
        report.jitter_ms = None if units is None else units * 1000 / report.clock_hz
        return
    report.jitter_ms = values.milliseconds(jitter)
    if place == 0 and report.jitter_ms is None:
        report.jitter_ms = values.milliseconds(fields.get("JITTER"))


def _fill_latency(report: StreamReport, fields: Fields) -> None:
    latency = values.delay(fields.get("LA"))
    if report.source is Source.P_RTP_STAT:
        report.round_trip_ms = latency
    elif "DU" in fields:
        report.jitter_buffer_ms = latency
    else:
        # AVM's DL has three numbers, the first of which is the present delay.
        report.one_way_delay_ms = latency or values.delay(_part(fields, "DL", 0))


def _cisco_received(fields: Fields) -> StreamReport:
    return StreamReport(
        source=Source.RTP_RX_STAT,
        way=Way.RECEIVED,
        is_final=True,
        packets_received=values.count(fields.get("PKT")),
        octets_received=values.count(fields.get("OCT"), values.MAX_COUNT),
        packets_lost=values.cumulative_loss(fields.get("LOSTPKT")),
        packets_discarded=values.count(fields.get("LATEPKT")),
        jitter_ms=values.milliseconds(fields.get("AVGJIT")),
        mos_lq=values.mos(fields.get("MLQK")),
        mos_min=values.mos(fields.get("MLQKMN")),
    )


def _cisco_sent(fields: Fields) -> StreamReport:
    return StreamReport(
        source=Source.RTP_TX_STAT,
        way=Way.SENT,
        is_final=True,
        packets_sent=values.count(fields.get("PKT")),
        octets_sent=values.count(fields.get("OCT"), values.MAX_COUNT),
    )
