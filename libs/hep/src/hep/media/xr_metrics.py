"""XR VoIP metrics and statistics (RFC 3611 sections 4.6 and 4.7) as reports, from bytes and JSON.

Every program has names of its own for the same fields; NAMES tells the field of each. Shares are
0 to 255 of 256 everywhere, MOS is in tenths but for heplify, which divides.
"""

from collections.abc import Mapping

from hep.media import values
from hep.media.report import Plc, Source, StreamReport, Way
from hep.rtcp import Statistics, VoipMetrics

_PLAIN = (
    "loss_rate",
    "discard_rate",
    "burst_density",
    "gap_density",
    "burst_duration",
    "gap_duration",
    "round_trip_delay",
    "end_system_delay",
    "signal_level",
    "noise_level",
    "rx_config",
    "jb_nominal",
    "jb_maximum",
    "jb_abs_max",
)
NAMES = {
    **{name: name for name in _PLAIN},
    "ssrc": "ssrc",
    "id": "ssrc",
    # heplify's report_blocks_xr.
    "fraction_lost": "loss_rate",
    "fraction_discard": "discard_rate",
    # captagent.
    "identifier": "ssrc",
    "burst_rate": "burst_density",
    "gap_rate": "gap_density",
    "end_sys_delay": "end_system_delay",
    "signal_lev": "signal_level",
    "noise_lev": "noise_level",
    "RERL": "rerl",
    "Gmin": "gmin",
    "R_fact": "r_factor",
    "ext_R_fact": "external_r_factor",
    "MOS_LQ": "mos_lq",
    "MOS_CQ": "mos_cq",
    "JB_nom": "jb_nominal",
    "JB_max": "jb_maximum",
    "JB_abs_max": "jb_abs_max",
    # heplify's voip_metrics, which reads the two MOS in the wrong order.
    "rerl": "rerl",
    "gmin": "gmin",
    "r_factor": "r_factor",
    "ext_r_factor": "external_r_factor",
    "mos_cq": "mos_lq",
    "mos_lq": "mos_cq",
    # pion.
    "SSRC": "ssrc",
    "LossRate": "loss_rate",
    "DiscardRate": "discard_rate",
    "BurstDensity": "burst_density",
    "GapDensity": "gap_density",
    "BurstDuration": "burst_duration",
    "GapDuration": "gap_duration",
    "RoundTripDelay": "round_trip_delay",
    "EndSystemDelay": "end_system_delay",
    "SignalLevel": "signal_level",
    "NoiseLevel": "noise_level",
    "RFactor": "r_factor",
    "ExtRFactor": "external_r_factor",
    "MOSLQ": "mos_lq",
    "MOSCQ": "mos_cq",
    "RXConfig": "rx_config",
    "JBNominal": "jb_nominal",
    "JBMaximum": "jb_maximum",
    "JBAbsMax": "jb_abs_max",
}
"""Field of VoipMetrics by the name that a program gives it in JSON."""

_ADAPTS = {2: False, 3: True}
_PLC = {1: Plc.DISABLED, 2: Plc.ENHANCED, 3: Plc.STANDARD}


def of_json(block: Mapping[str, object], reporter_ssrc: int | None) -> StreamReport | None:
    """The report of a JSON block; None when all of its numbers are zero: there was no block."""
    said = {NAMES[name]: value for name, value in block.items() if name in NAMES}
    if not any(values.number(value) for name, value in said.items() if name != "ssrc"):
        return None
    config = block.get("RX_conf")
    if isinstance(config, list) and config and isinstance(config[0], dict):
        said["rx_config"] = _packed_config(config[0])
    return _of_fields(said, reporter_ssrc)


def _packed_config(config: Mapping[str, object]) -> int:
    return (values.count(config.get("PLC"), 3) or 0) << 6 | (
        values.count(config.get("JB_adapt"), 3) or 0
    ) << 4


def of_block(block: VoipMetrics, reporter_ssrc: int | None) -> StreamReport:
    """The report of a VoIP metrics block."""
    return _of_fields(block._asdict(), reporter_ssrc)


def _of_fields(said: Mapping[str, object], reporter_ssrc: int | None) -> StreamReport:
    get = said.get
    config = values.count(get("rx_config"), 255) or 0
    return StreamReport(
        source=Source.RTCP_XR,
        way=Way.RECEIVED,
        ssrc=values.ssrc(get("ssrc")) or None,
        reporter_ssrc=reporter_ssrc,
        fraction_lost=values.share_of_256(get("loss_rate")),
        fraction_discarded=values.share_of_256(get("discard_rate")),
        burst_density=values.share_of_256(get("burst_density")),
        burst_ms=values.milliseconds(get("burst_duration")),
        gap_density=values.share_of_256(get("gap_density")),
        gap_ms=values.milliseconds(get("gap_duration")),
        gmin=values.said_count(get("gmin"), 255),
        round_trip_ms=values.delay(get("round_trip_delay")),
        end_system_delay_ms=values.delay(get("end_system_delay")),
        jitter_buffer_ms=values.delay(get("jb_nominal")),
        jitter_buffer_max_ms=values.delay(get("jb_maximum")),
        jitter_buffer_limit_ms=values.delay(get("jb_abs_max")),
        jitter_buffer_adapts=_ADAPTS.get(config >> 4 & 3),
        mos_lq=values.mos(get("mos_lq")),
        mos_cq=values.mos(get("mos_cq")),
        r_cq=values.rating(get("r_factor")),
        r_external_in=values.rating(get("external_r_factor")),
        signal_dbm0=values.level(get("signal_level")),
        noise_dbm0=values.level(get("noise_level")),
        echo_return_loss_db=values.level(get("rerl")),
        plc=_PLC.get(config >> 6),
    )


def of_statistics(block: Statistics, reporter_ssrc: int | None) -> StreamReport:
    """The report of a statistics summary: counts within its own range of sequence numbers."""
    losses, duplicates, jitter = block.flags & 0x80, block.flags & 0x40, block.flags & 0x20
    return StreamReport(
        source=Source.RTCP_XR,
        way=Way.RECEIVED,
        ssrc=block.ssrc,
        reporter_ssrc=reporter_ssrc,
        packets_expected=(block.end - block.begin) % 2**16 or None,
        packets_lost=block.lost if losses else None,
        packets_duplicated=block.duplicates if duplicates else None,
        jitter_units=float(block.mean_jitter) if jitter else None,
        jitter_max_units=float(block.max_jitter) if jitter else None,
    )


_STATISTICS_NAMES = ("flags", "begin", "end", "lost", "duplicates", "mean_jitter", "max_jitter")


def of_json_statistics(block: Mapping[str, object], reporter_ssrc: int | None) -> StreamReport:
    """The same of an object whose names are those of Statistics; what is no number is 0."""
    said = {name: values.count(block.get(name)) or 0 for name in _STATISTICS_NAMES}
    return of_statistics(
        Statistics(ssrc=values.ssrc(block.get("ssrc")) or 0, **said), reporter_ssrc
    )
