"""From a HEP packet's type and payload to the reports in it: the one entry for both consumers.

SIP has two kinds of report: bodies of vq-rtcpxr (PUBLISH, NOTIFY) and statistics headers (BYE and
its answer). Types without a row in PARSERS say nothing of a stream: RTP itself (4) needs state,
type 20 has no sender.
"""

from collections.abc import Callable

from hep.media import (
    agent_json,
    horaclifix,
    rtcp_binary,
    rtcp_json,
    rtcp_pion,
    stat_headers,
    values,
    vq_rtcpxr,
)
from hep.media.errors import MediaError, Reason
from hep.media.report import Source, StreamReport
from hep.protocols import (
    HORACLIFIX_QOS,
    MOS_REPORT,
    QOS_JSON,
    QUALITY_REPORT,
    RTCP_JSON,
    RTCP_PION,
    RTP_REPORT,
)
from hep.rtp import is_rtcp
from hep.sip import SipMessage, parts

_MOS_CHUNK, _R_CHUNK = 32, 33
# As many as a compound of hep.rtcp can hold in earnest.
MAX_REPORTS = 256


def _rtcp(payload: bytes) -> list[StreamReport]:
    # Some senders put RTCP as it is under the type of its JSON.
    if is_rtcp(payload):
        return rtcp_binary.reports_of_bytes(payload)
    return rtcp_json.reports_of_json(payload)


def _text_or_json(source: Source) -> Callable[[bytes], list[StreamReport]]:
    def parse(payload: bytes) -> list[StreamReport]:
        if vq_rtcpxr.looks_like_vq(payload):
            return vq_rtcpxr.reports_of_body(payload)
        return agent_json.reports_of_json(payload, source)

    return parse


def _agent(source: Source) -> Callable[[bytes], list[StreamReport]]:
    return lambda payload: agent_json.reports_of_json(payload, source)


PARSERS: dict[int, Callable[[bytes], list[StreamReport]]] = {
    RTCP_JSON: _rtcp,
    QOS_JSON: _agent(Source.QOS_JSON),
    RTP_REPORT: _agent(Source.RTP_AGENT),
    MOS_REPORT: _text_or_json(Source.MOS_REPORT),
    HORACLIFIX_QOS: horaclifix.reports_of_json,
    RTCP_PION: rtcp_pion.reports_of_array,
    QUALITY_REPORT: _text_or_json(Source.QUALITY_REPORT),
}
"""Parser of the payload by HEP protocol type."""

# What these agents put into chunks 32 and 33 is the report's own MOS and R. heplify puts a step
# of the loss there under type 5, which nobody measured.
_CHUNK_TYPES = frozenset({QOS_JSON, RTP_REPORT, MOS_REPORT, QUALITY_REPORT})


def reports(
    protocol_type: int, payload: bytes, extra: tuple[tuple[int, int, bytes], ...] = ()
) -> list[StreamReport]:
    """The reports of a HEP packet that is not SIP; extra is HepPacket.extra.

    An empty payload gives none, but for a MOS in chunk 32. Raises MediaError.
    """
    parse = PARSERS.get(protocol_type)
    if parse is None:
        return []
    found = parse(payload) if payload.strip(b" \t\r\n\0") else []
    if len(found) > MAX_REPORTS:
        raise MediaError(Reason.TOO_MANY, 0)
    if protocol_type in _CHUNK_TYPES and extra:
        found = _with_chunks(found, extra)
    return found


def _with_chunks(
    found: list[StreamReport], extra: tuple[tuple[int, int, bytes], ...]
) -> list[StreamReport]:
    said = {kind: int.from_bytes(value, "big") for vendor, kind, value in extra if not vendor}
    mos, rating = values.mos(said.get(_MOS_CHUNK)), values.rating(said.get(_R_CHUNK))
    if mos is None and rating is None:
        return found
    if not found:
        return [StreamReport(source=Source.MOS_REPORT, mos_lq=mos, r_lq=rating)]
    if len(found) == 1 and found[0].mos_lq is None and found[0].mos_cq is None:
        found[0].mos_lq = mos
        if found[0].r_lq is None:
            found[0].r_lq = rating
    return found


def sip_reports(message: SipMessage) -> list[StreamReport]:
    """The reports that a SIP message carries: vq-rtcpxr bodies and statistics headers.

    Raises MediaError for a body that calls itself vq-rtcpxr and is none.
    """
    found = stat_headers.reports_of_message(message)
    if message.content_type == vq_rtcpxr.MEDIA_TYPE:
        found.extend(vq_rtcpxr.reports_of_body(message.body))
    elif message.content_type.startswith("multipart/"):
        for part in parts(message):
            if part.content_type == vq_rtcpxr.MEDIA_TYPE:
                found.extend(vq_rtcpxr.reports_of_body(part.body))
    return found
