"""The parts of an object of `hep.media.rtcp_json_writer`: reports, blocks and texts as JSON."""

from typing import Any, TypeAlias

from hep.rtcp.blocks import (
    DLRR,
    RECEIPT_TIMES,
    REFERENCE_TIME,
    STATISTICS,
    UNAVAILABLE,
    VOIP_METRICS,
    Dlrr,
    ReceiptTimes,
    ReferenceTime,
    Statistics,
    VoipMetrics,
    XrBlock,
)
from hep.rtcp.packets import Packet, ReportBlock, SenderReport

JsonObject: TypeAlias = dict[str, Any]

NO_SENDER = dict.fromkeys(
    ("ntp_timestamp_sec", "ntp_timestamp_usec", "rtp_timestamp", "packets", "octets"), 0
)
_XR_KEYS = {
    "id": "ssrc",
    "fraction_lost": "loss_rate",
    "fraction_discard": "discard_rate",
    "burst_density": "burst_density",
    "gap_density": "gap_density",
    "burst_duration": "burst_duration",
    "gap_duration": "gap_duration",
    "round_trip_delay": "round_trip_delay",
    "end_system_delay": "end_system_delay",
}
# captagent's names: those of heplify 2 have the two MOS the wrong way round.
_MORE_XR_KEYS = {
    "signal_level": "signal_level",
    "noise_level": "noise_level",
    "RERL": "rerl",
    "Gmin": "gmin",
    "R_fact": "r_factor",
    "ext_R_fact": "external_r_factor",
    "MOS_LQ": "mos_lq",
    "MOS_CQ": "mos_cq",
    "rx_config": "rx_config",
    "JB_nom": "jb_nominal",
    "JB_max": "jb_maximum",
    "JB_abs_max": "jb_abs_max",
}
# heplify 2 leaves out the last four where they are 0.
_PLAIN = (
    *("ssrc", "loss_rate", "discard_rate", "burst_density", "gap_density", "burst_duration"),
    *("gap_duration", "round_trip_delay", "end_system_delay", "signal_level", "noise_level"),
    *("rerl", "gmin", "r_factor"),
)
_OPTIONAL = ("rx_config", "jb_nominal", "jb_maximum", "jb_abs_max")
NO_XR = dict.fromkeys(("type", *_XR_KEYS), 0)
_BLOCK_TYPES = {
    ReceiptTimes: RECEIPT_TIMES,
    Dlrr: DLRR,
    Statistics: STATISTICS,
}


def sent(report: SenderReport) -> JsonObject:
    """sender_information of a sender report."""
    return {
        **_ntp(report.ntp),
        "rtp_timestamp": report.rtp_timestamp,
        "packets": report.packets,
        "octets": report.octets,
    }


def _ntp(ntp: int) -> JsonObject:
    """Seconds since 1900 and their fraction in 1/2**32, whatever the second key's name says."""
    return {"ntp_timestamp_sec": ntp >> 32, "ntp_timestamp_usec": ntp & 0xFFFFFFFF}


def received(block: ReportBlock) -> JsonObject:
    """An entry of report_blocks."""
    return {
        "source_ssrc": block.ssrc,
        "fraction_lost": block.fraction_lost,
        "packets_lost": block.packets_lost,
        "highest_seq_no": block.highest_sequence,
        "ia_jitter": block.jitter,
        "lsr": block.lsr,
        "dlsr": block.dlsr,
    }


def metrics_of(block: VoipMetrics) -> JsonObject:
    """report_blocks_xr: HOMER's keys, then the rest of the block."""
    said = {key: getattr(block, name) for key, name in _XR_KEYS.items()}
    more = {key: getattr(block, name) for key, name in _MORE_XR_KEYS.items()}
    return {"type": VOIP_METRICS, **said, **more}


def voip_metrics_of(block: VoipMetrics) -> JsonObject:
    """The same block under the names of heplify 2, in its order; what is unknown is left out."""
    said: JsonObject = {name: getattr(block, name) for name in _PLAIN}
    said["ext_r_factor"] = block.external_r_factor
    for name in ("mos_cq", "mos_lq"):
        tenths = getattr(block, name)
        if tenths != UNAVAILABLE:
            said[name] = tenths / 10
    said |= {name: value for name in _OPTIONAL if (value := getattr(block, name))}
    return said


def block_of(block: XrBlock) -> JsonObject:
    """An entry of xr_blocks: its type (RFC 3611) and fields."""
    if isinstance(block, ReferenceTime):
        # In two words, because readers in JavaScript have 53 bits.
        return {"type": REFERENCE_TIME, **_ntp(block.ntp)}
    kind = _BLOCK_TYPES.get(type(block))
    return fields_of(block) if kind is None else {"type": kind, **fields_of(block)}


def fields_of(value: Packet | XrBlock) -> JsonObject:
    """The fields of a packet or block under their own names."""
    fields: JsonObject = value._asdict()
    return {name: _plain(field) for name, field in fields.items()}


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple):
        return [entry._asdict() if hasattr(entry, "_asdict") else entry for entry in value]
    return value


def readable(text: bytes) -> str:
    """A text of the wire; NUL is left out, since databases refuse it."""
    return text.decode("utf-8", "replace").replace("\0", "")
