"""Media reports as gauges under heplify-server's names, in its units.

What a report does not say leaves the gauge alone: heplify-server sets it to 0. Every block counts,
not only the first; vq-rtcpxr counts in PUBLISH and NOTIFY, too.
"""

from collections.abc import Iterable
from typing import Final

from hep.media.heplify_server import rate_x_rtp_stat
from hep.media.report import Source, StreamReport, Way
from hep.sip import SipMessage
from hepscope_common.metrics import OTHER, RecentFamily
from hepscope_metrics_exporter.heplify_families import HeplifyFamilies
from hepscope_metrics_exporter.heplify_targets import Targets

MAX_TEXTS: Final = 500
"""Names of SBCs and realms told apart; they are free text."""

_VQ: Final = frozenset({Source.VQ_SESSION, Source.VQ_INTERVAL, Source.VQ_ALERT})
_RTCP: Final = frozenset({Source.RTCP, Source.RTCP_JSON, Source.RTCP_PION})


class HeplifyMedia:
    """Sets the gauges."""

    def __init__(self, families: HeplifyFamilies) -> None:
        self._families = families
        self._texts: set[str] = set()

    def report(self, reports: Iterable[StreamReport], node: str, targets: Targets) -> None:
        """Take in the reports of one packet; ``targets`` are the names of its ends."""
        for report in reports:
            if report.source in _RTCP:
                self._streams(self._families.rtcp, _rtcp(report), node, targets)
            elif report.source is Source.RTCP_XR:
                self._streams(self._families.rtcp_xr, _rtcp_xr(report), node, targets)
            elif report.source in _VQ:
                # What the other end told the reporter, the other end reports itself.
                if report.way is Way.SENT:
                    continue
                _set(self._families.vq, (node,), _vq(report))
            elif report.source is Source.RTP_AGENT:
                _set(self._families.agent, (node,), _agent(report))
            elif report.source is Source.HORACLIFIX:
                _set(self._families.horaclifix, self._leg(report), _horaclifix(report))

    def x_rtp_stat(self, message: SipMessage, source: str) -> None:
        """Take in the header X-RTP-Stat of a message, under the name of its source."""
        for line in message.other_lines:
            name, _, value = line.partition(":")
            if name.strip().lower() == "x-rtp-stat":
                said = rate_x_rtp_stat(value.strip())
                _set(
                    self._families.xrtp,
                    (source,),
                    {
                        "cs": said.call_setup_s,
                        "jir": said.jitter_received,
                        "jis": said.jitter_sent,
                        "plr": said.lost_received,
                        "pls": said.lost_sent,
                        "dle": said.delay,
                        "mos": said.mos,
                    },
                )

    def _streams(
        self,
        gauges: dict[str, RecentFamily],
        said: dict[str, float | None],
        node: str,
        targets: Targets,
    ) -> None:
        for name, direction in targets:
            _set(gauges, (name, direction, node), said)

    def _leg(self, report: StreamReport) -> tuple[str, ...]:
        realms = (report.incoming_realm, report.outgoing_realm)
        return (self._text(report.reporter), report.leg or "", *map(self._text, realms))

    def _text(self, text: str | None) -> str:
        """Return a text of a packet as a label value, ``other`` once there are too many."""
        if not text or text in self._texts:
            return text or ""
        if len(self._texts) >= MAX_TEXTS:
            return OTHER
        self._texts.add(text)
        return text


def _set(
    gauges: dict[str, RecentFamily], labels: tuple[str, ...], said: dict[str, float | None]
) -> None:
    for name, value in said.items():
        if value is not None:
            gauges[name].report(labels, value)


def _of_256(share: float | None) -> float | None:
    return None if share is None else share * 256


def _percent(share: float | None) -> float | None:
    return None if share is None else share * 100


def _rtcp(report: StreamReport) -> dict[str, float | None]:
    return {
        "fraction_lost": _of_256(report.fraction_lost),
        "packets_lost": report.packets_lost,
        "jitter": report.jitter_units,
        "dlsr": report.dlsr,
    }


def _rtcp_xr(report: StreamReport) -> dict[str, float | None]:
    return {
        "fraction_lost": _of_256(report.fraction_lost),
        "fraction_discard": _of_256(report.fraction_discarded),
        "burst_density": _of_256(report.burst_density),
        "burst_duration": report.burst_ms,
        "gap_density": _of_256(report.gap_density),
        "gap_duration": report.gap_ms,
        "round_trip_delay": report.round_trip_ms,
        "end_system_delay": report.end_system_delay_ms,
    }


def _vq(report: StreamReport) -> dict[str, float | None]:
    return {
        "nlr": _percent(report.fraction_lost),
        "jdr": _percent(report.fraction_discarded),
        "iaj": report.jitter_ms,
        "moslq": report.mos_lq,
        "moscq": report.mos_cq,
    }


def _agent(report: StreamReport) -> dict[str, float | None]:
    return {
        "delta": report.delta_ms,
        "jitter": report.jitter_ms,
        "mos": report.mos_lq,
        "packets_lost": report.packets_lost,
    }


def _horaclifix(report: StreamReport) -> dict[str, float | None]:
    if report.way is Way.SENT:
        return {
            "rtcp_packets": report.rtcp_packets,
            "rtcp_lost_packets": report.packets_lost,
            "rtcp_avg_jitter": report.jitter_ms,
            "rtcp_max_jitter": report.jitter_max_ms,
            "rtcp_avg_lat": report.round_trip_ms,
            "rtcp_max_lat": report.round_trip_max_ms,
        }
    return {
        "rtp_mos": report.mos_lq,
        "rtp_rval": report.r_lq,
        "rtp_packets": report.packets_received,
        "rtp_lost_packets": report.packets_lost,
        "rtp_avg_jitter": report.jitter_ms,
        "rtp_max_jitter": report.jitter_max_ms,
    }
