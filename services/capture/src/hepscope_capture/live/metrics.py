"""Metrics of a live capture: what came in, what went out, and each way to be lost in between."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields

from prometheus_client import CollectorRegistry

from hepscope_capture.decode.errors import Reason
from hepscope_capture.files.live_source import LiveSource, SourceCounts
from hepscope_capture.frame_counts import FrameCounts
from hepscope_capture.live.delivery_metrics import Destination, delivery_families
from hepscope_capture.live.interface import Interface
from hepscope_capture.live.mirror_metrics import mirror_families
from hepscope_capture.live.table_metrics import Waiting, table_families
from hepscope_capture.live.tallied import Samples, TalliedFamily
from hepscope_capture.media.counts import CorrelationGauges
from hepscope_capture.mirror.streams import RtpStreams
from hepscope_common.metrics import CounterFamily, Family, GaugeFamily, PlainCollector

_INTERFACE = ("interface",)


class CaptureMetrics:
    """Puts the counts of a capture on a registry."""

    def __init__(
        self,
        registry: CollectorRegistry,
        *,
        interfaces: Sequence[Interface] = (),
        sources: Sequence[LiveSource] = (),
        counts: FrameCounts | None = None,
        input_counts: FrameCounts | None = None,
        rules: Callable[[], Mapping[str, int]] = dict,
        masked: Callable[[], int] = int,
        destinations: Sequence[Destination] = (),
        inputs: Callable[[], Samples] = tuple,
        gauges: CorrelationGauges | None = None,
        waiting: Waiting = dict,
        rtp: RtpStreams | None = None,
        limit_bytes: int = 0,
    ) -> None:
        self._interfaces = interfaces
        self._sources = sources
        self._counts = counts or FrameCounts()
        self._input_counts = input_counts or FrameCounts()
        self._rules = rules
        self._masked = masked
        self._inputs = inputs
        self.collector = PlainCollector(
            registry,
            [
                *self._of_interfaces(),
                *self._of_sources(),
                *self._of_messages(),
                *table_families(self._counts, gauges, waiting),
                *mirror_families(self._counts, rtp, [one.name for one in interfaces]),
                *delivery_families(destinations, limit_bytes),
            ],
        )

    def _of_interfaces(self) -> list[Family]:
        def each(read: Callable[[Interface], float]) -> Samples:
            return [((one.name,), read(one)) for one in self._interfaces]

        return [
            TalliedFamily(
                "hepscope_capture_frames_total",
                "Frames that the kernel's filter let through and the capture read.",
                lambda: each(lambda one: one.counts.frames),
                _INTERFACE,
            ),
            TalliedFamily(
                "hepscope_capture_kernel_drops_total",
                "Frames that the filter let through and the full ring had no room for: lost.",
                lambda: each(lambda one: one.drops),
                _INTERFACE,
            ),
            TalliedFamily(
                "hepscope_capture_cut_frames_total",
                "Frames longer than the snap length.",
                lambda: each(lambda one: one.counts.cut),
                _INTERFACE,
            ),
            TalliedFamily(
                "hepscope_capture_reopened_total",
                "Times that an interface was gone and is captured again.",
                lambda: each(lambda one: one.reopened),
                _INTERFACE,
            ),
            GaugeFamily(
                "hepscope_capture_interface_up",
                "1 = is captured, and is up with a carrier.",
                lambda: each(lambda one: one.is_up),
                _INTERFACE,
            ),
            GaugeFamily(
                "hepscope_capture_card_drops",
                "What the card or its driver says it lost, of all traffic, by its own counters.",
                self._card_drops,
                ("interface", "counter"),
            ),
        ]

    def _card_drops(self) -> Samples:
        return [
            ((one.name, counter), count)
            for one in self._interfaces
            for counter, count in one.card_counts().items()
        ]

    def _of_sources(self) -> list[Family]:
        def samples() -> Samples:
            return [
                ((source.name, one.name), getattr(source.counts, one.name))
                for source in self._sources
                for one in fields(SourceCounts)
            ]

        return [
            TalliedFamily(
                "hepscope_capture_files_total",
                "What came of directories that are watched, and of standard input.",
                samples,
                ("source", "event"),
            )
        ]

    def _of_messages(self) -> list[Family]:
        counts = self._counts
        return [
            CounterFamily(
                "hepscope_capture_messages_total",
                "SIP messages found, and sent on.",
                read=lambda: counts.messages,
            ),
            CounterFamily(
                "hepscope_capture_reports_total",
                "RTCP compounds, and sent on.",
                read=lambda: counts.reports,
            ),
            CounterFamily(
                "hepscope_capture_log_lines_total",
                "Log lines found, and sent on.",
                read=lambda: counts.log_lines + self._input_counts.log_lines,
            ),
            CounterFamily(
                "hepscope_capture_cut_messages_total",
                "SIP messages whose end the capture lacks; sent as they are.",
                read=lambda: counts.cut_messages,
            ),
            CounterFamily(
                "hepscope_capture_joined_total",
                "Datagrams put together from fragments.",
                read=lambda: counts.fragments.joined,
            ),
            TalliedFamily(
                "hepscope_capture_not_sent_total",
                "Frames, segments and datagrams that became no message, by reason.",
                self._not_sent,
                ("reason",),
            ),
            TalliedFamily(
                "hepscope_capture_refused_total",
                "Messages that a rule refused, by rule.",
                lambda: [((rule,), count) for rule, count in self._rules().items()],
                ("rule",),
            ),
            CounterFamily(
                "hepscope_capture_masked_total",
                "Messages that a mask has changed.",
                read=self._masked,
            ),
            TalliedFamily(
                "hepscope_capture_inputs_total",
                "What came of HEP of other agents, and of log lines.",
                self._inputs,
                ("input", "event"),
            ),
        ]

    def _not_sent(self) -> Samples:
        counts, fragments = self._counts, self._counts.fragments
        found = {
            "not_sip": counts.not_sip,
            "other_ports": counts.other_ports,
            "too_large_for_hep": counts.unencodable,
            "fragments_missing": fragments.incomplete,
            "fragments_evicted": fragments.evicted,
            **{reason.value: counts.refused[reason] for reason in Reason},
        }
        return [((reason,), count) for reason, count in found.items()]
