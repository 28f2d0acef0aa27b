"""The SIP messages that tshark finds in a capture file, whatever they are wrapped in.

``support.siptools.read_sip`` reads plain UDP and TCP; here the innermost packet counts, of several
messages in one frame each, and the bytes are those that Wireshark's SIP dissector was given.
"""

import json
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from support.siptools import tshark

_LAYERS = "frame eth ip ipv6 udp tcp sctp sip"
# In tshark's own settings some of these are off; ports are those without a dissector.
_OPTIONS = (
    *("-o", "sctp.reassembly:TRUE", "-o", "ip.defragment:TRUE"),
    *("-d", "udp.port==8472,vxlan", "-d", "udp.port==7932,hp_erm"),
)
_IP_HEADS = {"ip": (12, 4), "ipv6": (8, 16)}


@dataclass(frozen=True, slots=True)
class WrappedMessage:
    """A SIP message and the innermost packet that it came in."""

    frame: int
    """As tshark counts: the first is 1."""
    source: str
    destination: str
    ports: tuple[int, int]
    tos: int
    macs: bytes
    """Of the innermost Ethernet head; empty without one."""
    payload: bytes


def wrapped_sip(capture: Path, *options: str) -> list[WrappedMessage]:
    """Return the SIP messages of a file in its order; tshark can be given more options."""
    # An error of ICMP tells the beginning of a message, which is none.
    words = (
        "-Y",
        "sip and not icmp and not icmpv6",
        "-T",
        "json",
        "-x",
        "--no-duplicate-keys",
        "-j",
        _LAYERS,
    )
    rows = json.loads("\n".join(tshark(capture, *_OPTIONS, *options, *words)))
    return [message for row in rows for message in _messages(row["_source"]["layers"])]


def _messages(layers: dict[str, Any]) -> list[WrappedMessage]:
    protocols = layers["frame"]["frame.protocols"].split(":")
    version = next(one for one in reversed(protocols) if one in _IP_HEADS)
    transport = next(one for one in reversed(protocols) if one in ("udp", "tcp", "sctp"))
    head = _raw(layers, version)[-1]
    # Of SCTP each chunk with data is told as one more layer.
    ports = _raw(layers, transport)[0 if transport == "sctp" else -1]
    at, width = _IP_HEADS[version]
    tos = head[1] if version == "ip" else (head[0] & 15) << 4 | head[1] >> 4
    return [
        WrappedMessage(
            frame=int(layers["frame"]["frame.number"]),
            source=str(ip_address(head[at : at + width])),
            destination=str(ip_address(head[at + width : at + 2 * width])),
            ports=(int.from_bytes(ports[:2], "big"), int.from_bytes(ports[2:4], "big")),
            tos=tos,
            macs=(_raw(layers, "eth") or [b""])[-1][:12],
            payload=payload,
        )
        for payload in _raw(layers, "sip")
    ]


def _raw(layers: dict[str, Any], name: str) -> list[bytes]:
    """The bytes of each layer of that name, outermost first."""
    found = layers.get(f"{name}_raw", [])
    rows = found if not found or isinstance(found[0], list) else [found]
    return [bytes.fromhex(row[0]) for row in rows]
