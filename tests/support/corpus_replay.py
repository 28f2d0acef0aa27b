"""Recordings of the corpus as what is sent and what an independent decoder says about it.

Call-IDs of a recording begin with its stem. ``renamed`` gives the same recording under another
stem of equal length, so that one server can be sent it several times and tell the calls apart;
nothing else of the bytes changes, and no length inside them.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

HEP_RECORDINGS = (
    "hepjs_v3_udp",
    "kam_v1_udp",
    "kam_v2_udp",
    "kam_v3_trans_corr_hlog",
    "kam_v3_udp",
    "sipgrep_udp",
    "sngrep_v3_udp",
)
HEP3_RECORDINGS = tuple(name for name in HEP_RECORDINGS if name not in {"kam_v1_udp", "kam_v2_udp"})
"""What may travel over TCP: HEP 1 and 2 have no length of their own."""

SIP_RECORDINGS = (
    "sip_udp_basic",
    "sip_udp_ipfrag",
    "sip_udp_retrans",
    "sip_udp_rtp",
    "sip_vlan100",
    "sip_udp6_basic",
)
"""Of SIP over UDP, in the order of their times."""

_HEAD_OF = {1: 16, 2: 28}  # with IPv4
_TYPES = {"SIP": 1, "JSON/RTCP": 5, "LOG": 100}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Expected:
    """A message as the oracles describe it; None where HEP 1 does not carry it."""

    time: str | None
    source: Place
    destination: Place
    protocol_type: int
    method: str | None
    status: int | None
    cseq: str | None
    call_id: str | None
    correlation_id: str | None
    node_id: int
    node: str
    payload_sha256: str


@dataclass(frozen=True, slots=True)
class Recording:
    """HEP packets as an agent sent them, what they say, and the final status of each call."""

    name: str
    packets: Sequence[bytes]
    expected: Sequence[Expected]
    statuses: dict[str, int]
    stem: str

    def renamed(self, stem: str) -> "Recording":
        """Return it under another stem; digests stay those of the original payloads."""
        assert len(stem) == len(self.stem)

        def call(text: str | None) -> str | None:
            return text if text is None else text.replace(self.stem, stem)

        return replace(
            self,
            packets=[one.replace(self.stem.encode(), stem.encode()) for one in self.packets],
            expected=[
                replace(one, call_id=call(one.call_id), correlation_id=call(one.correlation_id))
                for one in self.expected
            ],
            statuses={text.replace(self.stem, stem): code for text, code in self.statuses.items()},
            stem=stem,
        )

    def of_call(self, call_id: str) -> list[Expected]:
        """Return the SIP messages of a call."""
        return [one for one in self.expected if one.call_id == call_id and one.protocol_type == 1]


def hep_recording(corpus: Path, name: str) -> Recording:
    """Return a recording of the corpus's folder ``hep``."""
    folder = corpus / "hep"
    packets = [bytes.fromhex(line["hex"]) for line in _lines(folder / f"{name}.jsonl")]
    facts = json.loads((folder / f"{name}.facts.json").read_text())
    expected = [
        _expected(line, packet)
        for line, packet in zip(_lines(folder / f"{name}.expected.jsonl"), packets, strict=True)
    ]
    statuses = {
        call_id: call["invite_final"] or call["final"] for call_id, call in facts["calls"].items()
    }
    stem = next(iter(statuses)).split("-")[0]
    return Recording(name, packets, expected, statuses, stem)


@dataclass(frozen=True, slots=True)
class SipRecording:
    """A capture file of SIP, with one Expected per SIP message (without digests)."""

    path: Path
    expected: Sequence[Expected]
    statuses: dict[str, int]
    stem: str

    def renamed(self, stem: str, folder: Path) -> "SipRecording":
        """Return it under another stem, as a file in a folder."""
        assert len(stem) == len(self.stem)
        path = folder / f"{stem}-{self.path.name}"
        path.write_bytes(self.path.read_bytes().replace(self.stem.encode(), stem.encode()))
        return SipRecording(
            path,
            [
                replace(one, call_id=(one.call_id or "").replace(self.stem, stem))
                for one in self.expected
            ],
            {text.replace(self.stem, stem): code for text, code in self.statuses.items()},
            stem,
        )

    def of_call(self, call_id: str) -> list[Expected]:
        """Return the messages of a call."""
        return [one for one in self.expected if one.call_id == call_id]


def sip_recording(corpus: Path, name: str) -> SipRecording:
    """Return a recording of the corpus's folder ``sip-pcap``."""
    folder = corpus / "sip-pcap"
    facts = json.loads((folder / f"{name}.facts.json").read_text())
    statuses = {call_id: call["final_status"] for call_id, call in facts["calls"].items()}
    return SipRecording(
        folder / f"{name}.pcap",
        [
            Expected(
                time=_time(*message["ts"].split(".")),
                source=(message["src"], message["sport"]),
                destination=(message["dst"], message["dport"]),
                protocol_type=1,
                method=message["method"],
                status=message["status"],
                cseq=f"{message['cseq']} {message['cseq_method']}",
                call_id=message["call_id"],
                correlation_id=None,
                node_id=0,
                node="",
                payload_sha256="",
            )
            for message in facts["messages"]
        ],
        statuses,
        next(iter(statuses)).split("-")[0],
    )


def found(message: dict[str, Any], *, stem: str = "", original: str = "") -> Expected:
    """Return a message of the API in the same form, its payload under the original stem."""
    text: str = message["payload"]
    payload = text.encode().replace(stem.encode(), original.encode())
    source, destination = message["source"], message["destination"]
    return Expected(
        time=message["time"],
        source=(source["ip"], source["port"]),
        destination=(destination["ip"], destination["port"]),
        protocol_type=message["protocol_type"],
        method=message["method"],
        status=message["status"],
        cseq=message["cseq"],
        call_id=message["call_id"],
        correlation_id=message["correlation_id"],
        node_id=message["node_id"],
        node=message["node"],
        payload_sha256=hashlib.sha256(payload).hexdigest(),
    )


def _expected(line: dict[str, Any], packet: bytes) -> Expected:
    fields, sip = line["tshark"], line.get("sip") or {}
    version: int = line["version"]
    digest = line.get("payload_sha256")
    if digest is None:
        digest = hashlib.sha256(packet[_HEAD_OF[version] :]).hexdigest()
    family = "ipv4_" if version == 3 else "ip_"
    node_id = int(fields.get("capture_node_id", 0))
    # Some agents store the 16 bits of their id in the upper half.
    node_id = node_id >> 16 if node_id & 0xFFFF == 0 else node_id
    seconds = fields.get("timestamp_unix")
    correlation_id = fields.get("correlation_id")
    return Expected(
        time=_time(seconds, fields["timestamp_microsec"].zfill(6)) if seconds else None,
        source=(fields[f"source_{family}address"], int(fields["source_port"])),
        destination=(fields[f"destination_{family}address"], int(fields["destination_port"])),
        protocol_type=_TYPES[fields.get("application_protocol", "SIP")],
        method=sip.get("method"),
        status=int(sip["status"]) if sip.get("status") else None,
        cseq=sip.get("cseq"),
        call_id=sip.get("call_id", correlation_id),
        correlation_id=correlation_id,
        node_id=node_id,
        node=fields.get("node_name", str(node_id)),
        payload_sha256=digest,
    )


def _time(seconds: str, fraction: str) -> str:
    """Return a time as the API writes it."""
    moment = _EPOCH + timedelta(seconds=int(seconds), microseconds=int(fraction[:6]))
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]
