"""What tshark reads of RTCP, and what our JSON says, in one form so that they can be compared."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from hepscope_capture.decode.datagrams import Datagram
from support.siptools import tshark

Ends = tuple[str, int, str, int]

_SENDER = {
    "ntp_timestamp_sec": "rtcp.timestamp.ntp.msw",
    "ntp_timestamp_usec": "rtcp.timestamp.ntp.lsw",
    "rtp_timestamp": "rtcp.timestamp.rtp",
    "packets": "rtcp.sender.packetcount",
    "octets": "rtcp.sender.octetcount",
}
_BLOCK = {
    "source_ssrc": "rtcp.ssrc.identifier",
    "fraction_lost": "rtcp.ssrc.fraction",
    "packets_lost": "rtcp.ssrc.cum_nr",
    "highest_seq_no": "rtcp.ssrc.ext_high",
    "ia_jitter": "rtcp.ssrc.jitter",
    "lsr": "rtcp.ssrc.lsr",
    "dlsr": "rtcp.ssrc.dlsr",
}
_REPORTS = ("200", "201")


@dataclass
class SeenRtcp:
    """One datagram: where it went, and every number of its reports in order."""

    ends: Ends
    time_us: int
    senders: list[dict[str, int]] = field(default_factory=list)
    blocks: list[dict[str, int]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    """Of SDES, and reasons of BYE, which tshark calls the same; sorted."""


def of_tshark(capture: Path, *arguments: str) -> list[SeenRtcp]:
    """Return the RTCP datagrams of a file as tshark reads them, those inside ICMP left out."""
    lines = tshark(capture, *arguments, "-Y", "rtcp && !icmp && !icmpv6", "-T", "pdml")
    # What tshark wrote of a file of ours is no hostile XML.
    root = ET.fromstring("\n".join(lines))
    return [_seen(packet) for packet in root.iter("packet")]


def _seen(packet: ET.Element) -> SeenRtcp:
    shown = {one.get("name", ""): one.get("show", "") for one in packet.iter("field")}
    source, destination = (shown.get(f"ip.{way}") or shown[f"ipv6.{way}"] for way in ("src", "dst"))
    ends = (source, int(shown["udp.srcport"]), destination, int(shown["udp.dstport"]))
    seconds, _, fraction = shown["frame.time_epoch"].partition(".")
    seen = SeenRtcp(ends, int(seconds) * 1_000_000 + int(fraction[:6]))
    for compound in packet.iter("proto"):
        if compound.get("name") == "rtcp":
            fields = compound.iter("field")
            _take(seen, [(one.get("name", ""), one.get("show", "")) for one in fields])
    seen.texts.sort()
    return seen


def _take(seen: SeenRtcp, fields: list[tuple[str, str]]) -> None:
    """Add what the fields of one RTCP packet say, in their order."""
    names = {key: name for table in (_SENDER, _BLOCK) for name, key in table.items()}
    kind = next((value for key, value in fields if key == "rtcp.pt"), "")
    for key, value in fields:
        if key == "rtcp.sdes.text":
            seen.texts.append(value)
        elif key in names and kind in _REPORTS:
            rows = seen.senders if key in _SENDER.values() else seen.blocks
            if key in (_SENDER["ntp_timestamp_sec"], _BLOCK["source_ssrc"]):
                rows.append({})
            rows[-1][names[key]] = int(value, 0)


def of_reports(sent: Iterable[Datagram]) -> list[SeenRtcp]:
    """Return the same of what is sent, the objects of one datagram joined."""
    found: list[SeenRtcp] = []
    for report in sent:
        entry = json.loads(report.payload)
        ends = (
            str(ip_address(report.source)),
            report.source_port,
            str(ip_address(report.destination)),
            report.destination_port,
        )
        if not found or (found[-1].ends, found[-1].time_us) != (ends, report.time_us):
            found.append(SeenRtcp(ends, report.time_us))
        last = found[-1]
        last.senders += _said_senders(entry)
        last.blocks += entry["report_blocks"] or []
        last.texts += [item["text"] for item in entry.get("sdes_information", ())]
        last.texts += [one["reason"] for one in entry.get("bye", ()) if one["reason"]]
        last.texts.sort()
    return found


def _said_senders(entry: dict[str, Any]) -> Iterator[dict[str, int]]:
    if entry["type"] == 200:
        yield entry["sender_information"]
