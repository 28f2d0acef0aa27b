"""Writing RTCP as JSON (HEP type 5), with the keys that HOMER reads, and some more.

One object for each reporter of a compound, since an object has one `ssrc`: a second sender of a
bundle is a second object, and so is a second VoIP metrics block. Units are those of the wire;
packets_lost is signed. Behind HOMER's keys stand, where there is anything to say: the texts of
SDES, `bye`, `app`, `feedback`, `xr_blocks` (every XR block but VoIP metrics) and `unknown`; bytes
are hexadecimal.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from hep.media.rtcp_json_parts import (
    NO_SENDER,
    NO_XR,
    JsonObject,
    block_of,
    fields_of,
    metrics_of,
    readable,
    received,
    sent,
    voip_metrics_of,
)
from hep.rtcp.blocks import VoipMetrics, XrBlock
from hep.rtcp.feedback import meaning_of
from hep.rtcp.packets import (
    APP,
    BYE,
    RR,
    SDES,
    SR,
    XR,
    App,
    Bye,
    ExtendedReport,
    Feedback,
    Packet,
    ReceiverReport,
    ReportBlock,
    SdesChunk,
    SenderReport,
    SourceDescription,
)

MAX_BLOCKS = 62
"""Report blocks of one object: two packets full, as a bridge sends them."""
MAX_BYTES = 32 * 1024
"""Of one object, so that it fits a HEP packet."""

# What an object that would be too long goes without, the longest first.
_DISPENSABLE = ("xr_blocks", "unknown", "app", "feedback", "sdes_information", "bye")
_encode = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(slots=True)
class _Reporter:
    """What one SSRC says in a compound."""

    ssrc: int
    type: int
    sender: SenderReport | None = None
    blocks: list[ReportBlock] = field(default_factory=list)
    metrics: list[VoipMetrics] = field(default_factory=list)
    xr_blocks: list[XrBlock] = field(default_factory=list)
    chunks: list[SdesChunk] = field(default_factory=list)
    rest: JsonObject = field(default_factory=dict)


def write(packets: Iterable[Packet]) -> list[bytes]:
    """The objects of one compound as JSON text, each at most MAX_BYTES; [] for no packets."""
    return [to_text(entry) for entry in objects(packets)]


def write_encrypted(ssrc: int, packet_type: int) -> bytes:
    """What can be told of SRTCP: who sent it and of which type it is."""
    entry = _object(_Reporter(ssrc, packet_type), [], None)
    return to_text({**entry, "encrypted": True})


def objects(packets: Iterable[Packet]) -> Iterator[JsonObject]:
    """The objects of one compound, keys in HOMER's order."""
    for reporter in _reporters(packets):
        blocks, metrics = reporter.blocks, reporter.metrics
        yield _object(reporter, blocks[:MAX_BLOCKS], metrics[0] if metrics else None) | _more(
            reporter
        )
        follower = _Reporter(reporter.ssrc, RR)
        for start in range(MAX_BLOCKS, len(blocks), MAX_BLOCKS):
            yield _object(follower, blocks[start : start + MAX_BLOCKS], None)
        for block in metrics[1:]:
            yield _object(_Reporter(reporter.ssrc, XR), [], block)


def _reporters(packets: Iterable[Packet]) -> list[_Reporter]:
    found: dict[int, _Reporter] = {}
    others: list[Packet] = []
    for packet in packets:
        if isinstance(packet, SenderReport | ReceiverReport | ExtendedReport):
            kind = _type_of(packet)
            reporter = found.setdefault(packet.ssrc, _Reporter(packet.ssrc, kind))
            # Reports come first in a compound, so that a later SR or RR is one of another kind.
            reporter.type = min(reporter.type, kind)
            _take_report(reporter, packet)
        else:
            others.append(packet)
    for packet in others:
        ssrc = _sender_of(packet)
        if not found:
            found[ssrc] = _Reporter(ssrc, _type_of(packet))
        # What a stranger to the reports says stands with the first of them.
        _take_other(found.get(ssrc) or next(iter(found.values())), packet)
    return list(found.values())


def _take_report(
    reporter: _Reporter, packet: SenderReport | ReceiverReport | ExtendedReport
) -> None:
    if isinstance(packet, ExtendedReport):
        for block in packet.blocks:
            if isinstance(block, VoipMetrics):
                reporter.metrics.append(block)
            else:
                reporter.xr_blocks.append(block)
        return
    if isinstance(packet, SenderReport):
        reporter.sender = reporter.sender or packet
    reporter.blocks.extend(packet.blocks)


def _take_other(reporter: _Reporter, packet: Packet) -> None:
    rest = reporter.rest
    match packet:
        case SourceDescription():
            reporter.chunks.extend(packet.chunks)
        case Bye():
            said = {"ssrc": list(packet.ssrcs), "reason": readable(packet.reason)}
            rest.setdefault("bye", []).append(said)
        case App():
            said = packet._asdict() | {
                "name": readable(packet.name),
                "data": packet.data.hex(),
            }
            rest.setdefault("app", []).append(said)
        case Feedback():
            rest.setdefault("feedback", []).append(meaning_of(packet))
        case _:
            rest.setdefault("unknown", []).append(fields_of(packet))


def _type_of(packet: Packet) -> int:
    match packet:
        case SenderReport():
            return SR
        case ReceiverReport():
            return RR
        case SourceDescription():
            return SDES
        case Bye():
            return BYE
        case App():
            return APP
        case ExtendedReport():
            return XR
        case _:
            return packet.type


def _sender_of(packet: Packet) -> int:
    match packet:
        case SourceDescription():
            return packet.chunks[0].ssrc if packet.chunks else 0
        case Bye():
            return packet.ssrcs[0] if packet.ssrcs else 0
        case App():
            return packet.ssrc
        case Feedback():
            return packet.sender_ssrc
        case _:
            return 0


def _object(
    reporter: _Reporter, blocks: list[ReportBlock], metrics: VoipMetrics | None
) -> JsonObject:
    """HOMER's keys; the objects of sender and XR are there also where nothing was said."""
    entry: JsonObject = {
        "sender_information": sent(reporter.sender) if reporter.sender else NO_SENDER,
        "ssrc": reporter.ssrc,
        "type": reporter.type,
        "report_count": len(blocks),
        "report_blocks": [received(block) for block in blocks] or None,
        "report_blocks_xr": metrics_of(metrics) if metrics else NO_XR,
    }
    if metrics is not None:
        entry["voip_metrics"] = voip_metrics_of(metrics)
    chunks = reporter.chunks
    own = next((chunk.ssrc for chunk in chunks if chunk.ssrc == reporter.ssrc), 0)
    entry["sdes_ssrc"] = own or (chunks[0].ssrc if chunks else 0)
    return entry


def _more(reporter: _Reporter) -> JsonObject:
    more: JsonObject = {}
    if reporter.chunks:
        more["sdes_report_count"] = len(reporter.chunks)
        more["sdes_information"] = [
            {"ssrc": chunk.ssrc, "type": item.type, "text": readable(item.text)}
            for chunk in reporter.chunks
            for item in chunk.items
        ]
    more |= reporter.rest
    if reporter.xr_blocks:
        more["xr_blocks"] = [block_of(block) for block in reporter.xr_blocks]
    return more


def to_text(entry: JsonObject) -> bytes:
    """An object as JSON text of at most MAX_BYTES; ours of its keys may be taken out for that."""
    text = _encode(entry).encode()
    if len(text) <= MAX_BYTES:
        return text
    left_out = []
    for key in _DISPENSABLE:
        if entry.pop(key, None) is not None:
            left_out.append(key)
            text = _encode({**entry, "left_out": left_out}).encode()
            if len(text) <= MAX_BYTES:
                break
    return text
