"""RTCP of a call as its media server sees it: reports of both sides, every five seconds or so.

Some devices' reports are told as JSON with HOMER's keys, some as the bytes that they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from hep.media.rtcp_json_writer import write
from hep.protocols import RTCP_JSON
from hep.rtcp.clock import us_to_ntp
from hep.rtcp.encoder import encode
from hep.rtcp.packets import (
    Packet,
    ReportBlock,
    SdesChunk,
    SdesItem,
    SenderReport,
    SourceDescription,
)
from hepscope_standalone.demo.dialog import Dialog
from hepscope_standalone.demo.media import Media, Side
from hepscope_standalone.demo.network import RELAY_NODE
from hepscope_standalone.demo.quality import Line
from hepscope_standalone.demo.scene import Scene

# RFC 3550 6.3.1: five seconds, spread from half to one and a half; longer in long calls, which
# are as well told by fewer reports.
INTERVAL_SECONDS = (2.5, 7.5)
REPORTS = 15
PACKETS_PER_SECOND = 50
PAYLOAD_BYTES = 160
CNAME = 1
SHARE_IN_BYTES = 0.25


@dataclass(slots=True)
class _Reporter:
    """One side: what it has sent, what it has heard, and the last report of the other."""

    side: Side
    line: Line
    delay_us: int
    first_sequence: int
    lost: int = 0
    heard: int = 0
    last_sr: tuple[int, int] | None = None
    """Time and NTP timestamp of the other's last sender report, when it arrived here."""


def report(
    scene: Scene, dialog: Dialog, media: Media, seconds: float, lines: tuple[Line, Line]
) -> None:
    """Record the reports of ``seconds`` of talk; ``lines`` are what caller and callee hear."""
    if media.is_seen:
        _Talk(scene, dialog, media, seconds).report(lines)


class _Talk:
    """A stretch of a call in which both sides send and report."""

    def __init__(self, scene: Scene, dialog: Dialog, media: Media, seconds: float) -> None:
        self._scene = scene
        self._random = scene.random
        self._call_id = dialog.call_id
        self._media = media
        self._length_us = round(seconds * 1_000_000)
        self._is_bytes = scene.random.random() < SHARE_IN_BYTES

    def report(self, lines: tuple[Line, Line]) -> None:
        """Record all reports, in order of time."""
        sides = (self._media.caller, self._media.callee)
        first, second = (self._reporter(*both) for both in zip(sides, lines, strict=True))
        for at_us, number in _moments(self._random, self._length_us):
            reporter, other = (first, second) if number == 0 else (second, first)
            packet = self._sender_report(reporter, other, at_us)
            seen_us = self._scene.now_us + at_us + reporter.delay_us
            other.last_sr = (seen_us + other.delay_us, packet.ntp)
            self._record(reporter, packet, seen_us)

    def _reporter(self, side: Side, line: Line) -> _Reporter:
        delay_us = round(side.host.delay_ms * self._random.uniform(900, 1300))
        return _Reporter(_rtcp_of(side), line, delay_us, self._random.getrandbits(15))

    def _record(self, reporter: _Reporter, packet: SenderReport, seen_us: int) -> None:
        side = reporter.side
        name = f"{side.ssrc:08x}@{side.written}".encode()
        described = SourceDescription((SdesChunk(packet.ssrc, (SdesItem(CNAME, name),)),))
        packets: tuple[Packet, ...] = (packet, described)
        for payload in [encode(*packets)] if self._is_bytes else write(packets):
            self._scene.see(
                RELAY_NODE,
                (side.host, side.relay),
                self._call_id,
                payload,
                protocol=RTCP_JSON,
                time_us=seen_us,
            )

    def _sender_report(self, reporter: _Reporter, other: _Reporter, at_us: int) -> SenderReport:
        sent = at_us * PACKETS_PER_SECOND // 1_000_000
        time_us = self._scene.now_us + at_us
        block = self._block(reporter, other, sent, time_us)
        return SenderReport(
            reporter.side.ssrc,
            us_to_ntp(time_us),
            at_us * self._media.codec.clock_hz // 1_000_000 & 0xFFFFFFFF,
            sent,
            sent * PAYLOAD_BYTES,
            () if reporter.line.is_dead else (block,),
        )

    def _block(self, reporter: _Reporter, other: _Reporter, sent: int, time_us: int) -> ReportBlock:
        """Return what the reporter has heard of the other since its last report."""
        part = (time_us - self._scene.now_us) / self._length_us
        share, jitter_ms = reporter.line.at(part, self._random)
        expected = sent - reporter.heard
        lost = min(expected, int(expected * share + self._random.random()) if share else 0)
        reporter.heard = sent
        reporter.lost += lost
        arrived_us, ntp = reporter.last_sr or (time_us, 0)
        return ReportBlock(
            ssrc=other.side.ssrc,
            fraction_lost=min(255, 256 * lost // max(expected, 1)),
            packets_lost=reporter.lost,
            highest_sequence=other.first_sequence + sent,
            jitter=round(jitter_ms * self._media.codec.clock_hz / 1000),
            lsr=ntp >> 16 & 0xFFFFFFFF,
            dlsr=max(0, time_us - arrived_us) * 65_536 // 1_000_000 if ntp else 0,
        )


def _rtcp_of(side: Side) -> Side:
    """Return a side with the ports of its RTCP: the next of those of RTP."""
    host, relay = side.host, side.relay
    return replace(
        side,
        host=replace(host, port=host.port + 1),
        relay=replace(relay, port=relay.port + 1),
    )


def _moments(random: Random, length_us: int) -> Iterator[tuple[int, int]]:
    """Return when each side reports, in order of time: microseconds and 0 or 1."""
    least, most = INTERVAL_SECONDS
    mean_us = (least + most) * 500_000
    scale = max(1_000_000.0, 1_000_000 * length_us / (mean_us * REPORTS))

    def interval_us() -> int:
        return round(random.uniform(least, most) * scale)

    due = [interval_us() for _ in range(2)]
    while min(due) < length_us:
        number = due.index(min(due))
        yield due[number], number
        due[number] += interval_us()
