"""Call quality of an Oracle SBC, as horaclifix sends it (HEP type 38): one JSON object per call.

For each of two legs, INC_ and OUT_, it holds what the SBC received (RTP_*) and what came back as
RTCP about the stream that it sent (RTCP_*), so a call gives up to four reports. MOS and RVAL are
hundredfold. The unit of the latencies is not documented: ms, and taken as the round trip.
"""

from collections.abc import Iterator

from hep.media import values
from hep.media.errors import MediaError, Reason
from hep.media.json_text import JsonObject, objects
from hep.media.report import Source, StreamReport, Way

_LEGS = (("INC", "OUT", "CALLER"), ("OUT", "INC", "CALLEE"))


def reports_of_json(payload: bytes) -> list[StreamReport]:
    """The reports of a type 38 payload. Raises MediaError: those of JSON, and BAD_SHAPE."""
    entries = [entry for entry in objects(payload) if any(_is_leg_key(key) for key in entry)]
    if not entries:
        raise MediaError(Reason.BAD_SHAPE, 0)
    return [report for entry in entries for report in _reports(entry)]


def _is_leg_key(key: str) -> bool:
    return key.startswith(("INC_", "OUT_"))


def _reports(entry: JsonObject) -> Iterator[StreamReport]:
    for leg, other, party in _LEGS:
        received = _common(entry, leg, other, party, Way.RECEIVED)
        received.packets_received = values.count(entry.get(f"{leg}_RTP_PK"))
        received.octets_received = values.count(entry.get(f"{leg}_RTP_BYTE"), values.MAX_COUNT)
        received.packets_lost = values.cumulative_loss(entry.get(f"{leg}_RTP_PK_LOSS"))
        received.jitter_ms = values.milliseconds(entry.get(f"{leg}_RTP_AVG_JITTER"))
        received.jitter_max_ms = values.milliseconds(entry.get(f"{leg}_RTP_MAX_JITTER"))
        received.mos_lq = _hundredth(entry.get(f"{leg}_MOS"), 1, 5)
        received.r_lq = _hundredth(entry.get(f"{leg}_RVAL"), 0.01, 150)
        sent = _common(entry, leg, other, party, Way.SENT)
        sent.rtcp_packets = values.count(entry.get(f"{leg}_RTCP_PK"))
        sent.packets_lost = values.cumulative_loss(entry.get(f"{leg}_RTCP_PK_LOSS"))
        sent.jitter_ms = values.milliseconds(entry.get(f"{leg}_RTCP_AVG_JITTER"))
        sent.jitter_max_ms = values.milliseconds(entry.get(f"{leg}_RTCP_MAX_JITTER"))
        sent.round_trip_ms = values.delay(entry.get(f"{leg}_RTCP_AVG_LAT"))
        sent.round_trip_max_ms = values.delay(entry.get(f"{leg}_RTCP_MAX_LAT"))
        for kind, report in (("RTP", received), ("RTCP", sent)):
            if any(key.startswith(f"{leg}_{kind}_") for key in entry):
                yield report


def _common(entry: JsonObject, leg: str, other: str, party: str, way: Way) -> StreamReport:
    get = entry.get
    return StreamReport(
        source=Source.HORACLIFIX,
        way=way,
        is_final=True,
        remote_address=values.address(get(f"{party}_SRC_IP")),
        remote_port=values.port(get(f"{party}_SRC_PORT")),
        call_id=values.identifier(get(f"{leg}_ID")),
        correlation_id=values.identifier(get(f"{other}_ID")),
        reporter=values.text(get("NAME")),
        leg=leg.lower(),
        incoming_realm=values.text(get("INC_REALM")),
        outgoing_realm=values.text(get("OUT_REALM")),
        payload_type=values.count(get("MEDIA_TYPE"), 127),
    )


def _hundredth(value: object, least: float, most: float) -> float | None:
    read = values.number(value)
    return read / 100 if read is not None and least <= read / 100 <= most else None
