"""Calls with media for tests: SIP with descriptions, RTCP, and what is stored of both."""

import asyncio
import ipaddress
import json
from collections.abc import Iterable
from typing import Any

from hep.media import codecs
from hep.media.quality import estimate
from hep.media.report import Source, StreamReport
from hep.rtcp import us_to_ntp
from hepscope_common.runtime import Supervisor
from hepscope_common.store import media_minutes
from hepscope_storage_writer.media_joiner import MediaJoiner
from hepscope_storage_writer.settings import WriterSettings
from integration.storage_writer import rig
from support.builders import BASE_US, make_packet, make_request

SECOND = 1_000_000
ALICE = ("192.0.2.10", 30000)
BOB = ("198.51.100.20", 40000)
WRITER = WriterSettings(measure_interval_seconds=0.02)

Address = tuple[str, int]


def rtp_port(address: Address, codec: str = "8", more: str = "") -> str:
    """Return a description of one audio stream."""
    host, port = address
    family = "IP6" if ":" in host else "IP4"
    return (
        f"v=0\r\no=- 1 1 IN {family} {host}\r\ns=-\r\nc=IN {family} {host}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP {codec}\r\n{more}"
    )


def with_body(message: bytes, body: str, kind: str = "application/sdp") -> bytes:
    """Return a message with another body."""
    head = message.partition(b"\r\n\r\n")[0].rpartition(b"\r\nContent-Length")[0]
    lines = f"\r\nContent-Type: {kind}\r\nContent-Length: {len(body.encode())}\r\n\r\n{body}"
    return head + lines.encode()


def answer(call_id: str, status: str = "200 OK", method: str = "INVITE", cseq: int = 1) -> bytes:
    """Return a response."""
    return (
        f"SIP/2.0 {status}\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-1\r\n"
        f"From: <sip:alice@example.org>;tag=from-{call_id[:8]}\r\n"
        f"To: <sip:bob@example.org>;tag=to-1\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n"
        "Content-Length: 0\r\n\r\n"
    ).encode()


def signalling(
    call_id: str,
    *,
    start_us: int = BASE_US,
    offer: str = rtp_port(ALICE),
    reply: str = rtp_port(BOB),
    seconds: float = 60,
    end: bytes | None = None,
) -> list[bytes]:
    """Return INVITE, 200, BYE and its answer, with descriptions; ``end`` replaces the BYE."""
    bye = end or make_request("BYE", call_id, cseq=2, to_tag="to-1")
    end_us = start_us + int(seconds * SECOND)
    return [
        make_packet(with_body(make_request("INVITE", call_id), offer), time_us=start_us),
        make_packet(with_body(answer(call_id), reply), time_us=start_us + SECOND),
        make_packet(bye, time_us=end_us),
        make_packet(answer(call_id, method="BYE", cseq=2), time_us=end_us + 1000),
    ]


def block(ssrc: int, *, lost: int = 0, fraction: int = 0, jitter: int = 80, **more: int) -> Any:
    """Return a report block as rtpengine writes it."""
    return {
        "source_ssrc": ssrc,
        "highest_seq_no": 5000,
        "fraction_lost": fraction,
        "ia_jitter": jitter,
        "packets_lost": lost,
        "lsr": 0,
        "dlsr": 0,
        **more,
    }


def rtcp(
    *blocks: Any,
    time_us: int,
    source: Address = BOB,
    destination: Address = ALICE,
    ssrc: int = 1,
    sender_us: int | None = None,
    call_id: str = "",
    node: str = "media-1",
    as_rtcp_port: bool = True,
) -> bytes:
    """Return a HEP packet of type 5; RTCP ports are those of RTP plus one."""
    said: dict[str, Any] = {"ssrc": ssrc, "type": 201, "report_count": len(blocks)}
    said["report_blocks"] = list(blocks)
    if sender_us is not None:
        ntp = us_to_ntp(sender_us)
        said["type"] = 200
        said["sender_information"] = {
            "ntp_timestamp_sec": ntp >> 32,
            "ntp_timestamp_usec": ntp & 0xFFFFFFFF,
            "rtp_timestamp": 1,
            "packets": 50,
            "octets": 8000,
        }
    return make_packet(
        json.dumps(said).encode(),
        time_us=time_us,
        source=source[0],
        source_port=source[1] + as_rtcp_port,
        destination=destination[0],
        destination_port=destination[1] + as_rtcp_port,
        protocol_type=5,
        node_name=node.encode(),
        correlation_id=call_id.encode(),
    )


async def store(dsn: str, packets: Iterable[bytes]) -> dict[str, int]:
    """Store packets by a writer that starts, stores them, and ends; returns its counters."""
    return await rig.store(dsn, packets)


async def join(dsn: str) -> MediaJoiner:
    """Join everything that is left."""
    joiner = MediaJoiner(dsn, WRITER, Supervisor())
    try:
        # Whoever had the lease before may have ended without the server knowing it yet.
        while await joiner.wake() or not joiner.counts.is_leader:
            await asyncio.sleep(0)
    finally:
        joiner.close()
    return joiner


async def reports(dsn: str, order: str = "time, id, number") -> list[dict[str, Any]]:
    """Return the stored reports; times in microseconds."""
    rows = await rig.fetch(
        dsn, f"select *, hepscope.unix_us(time) time_us from hepscope.media order by {order}"
    )
    return [dict(row) for row in rows]


async def worst(dsn: str, call_id: str) -> tuple[float | None, float | None, float | None]:
    """Return the worst MOS, loss and jitter of a call."""
    (row,) = await rig.fetch(
        dsn,
        "select worst_mos, worst_loss, worst_jitter from hepscope.call where call_id = $1",
        call_id,
    )
    return row[0], row[1], row[2]


def mos_of(codec: str, *, fraction: float, jitter_units: float = 80) -> float:
    """Return the MOS that the E-model gives a stream."""
    report = StreamReport(
        source=Source.RTCP_JSON, fraction_lost=fraction, jitter_units=jitter_units
    )
    quality = estimate(report, codecs.by_name(codec))
    assert quality is not None
    return quality.mos


async def check_sums(dsn: str) -> int:
    """Check that the sums by the minute are those of the reports; returns how many reports."""
    scaled = {
        "mos": ("mos", "mos_milli", 1000),
        "r": ("r", "r_centi", 100),
        "loss": ("loss", "loss_ppm", 1_000_000),
        "jitter": ("jitter_ms", "jitter_us", 1000),
        "round_trip": ("round_trip_ms", "round_trip_us", 1000),
    }
    expected: dict[tuple[object, ...], dict[str, int]] = {}
    found = await reports(dsn)
    for row in found:
        codec = codecs.by_name(row["codec"] or "")
        key = (
            media_minutes.minute_of(row["time_us"]),
            row["node"],
            row["way"],
            codec.name if codec else "",
            row["context"] or "",
        )
        sums = expected.setdefault(key, dict.fromkeys(media_minutes.SUMS, 0))
        sums["reports"] += 1
        for name, (column, total, scale) in scaled.items():
            if row[column] is not None:
                sums[f"{name}_count"] += 1
                sums[total] += round(row[column] * scale)
    rows = await rig.fetch(
        dsn,
        "select hepscope.unix_us(minute) minute_us, * from hepscope.media_minute where reports > 0",
    )
    stored = {
        (row["minute_us"], row["node"], row["way"], row["codec"], row["context"]): {
            name: row[name] for name in media_minutes.SUMS
        }
        for row in rows
    }
    assert stored == expected
    return len(found)


def address(text: str) -> object:
    """Return an address as the database gives it."""
    return ipaddress.ip_address(text)
