"""RTCP datagrams to HEP type 5: one JSON object each, under the Call-ID or the addresses."""

import socket

from hep.media.rtcp_json_parts import JsonObject
from hep.media.rtcp_json_writer import objects, to_text, write_encrypted
from hep.protocols import RTCP_JSON
from hep.rtcp import Form, Reading
from hep.rtcp.blocks import UNAVAILABLE
from hepscope_capture.decode.datagrams import Datagram

_MOS_TENTHS = range(10, 51)


def make_reports(datagram: Datagram, reading: Reading, correlation_id: bytes) -> list[Datagram]:
    """Return what is sent of a datagram: [] when nothing of it is clear and sound."""
    if reading.form is Form.ENCRYPTED:
        payload = datagram.payload
        texts = [(write_encrypted(int.from_bytes(payload[4:8], "big"), payload[1]), 0)]
    else:
        texts = [(to_text(entry), _mos_of(entry)) for entry in objects(reading.packets)]
    return [
        Datagram(
            time_us=datagram.time_us,
            protocol=datagram.protocol,
            source=datagram.source,
            source_port=datagram.source_port,
            destination=datagram.destination,
            destination_port=datagram.destination_port,
            payload=text,
            vlan=datagram.vlan,
            is_cut=datagram.is_cut,
            tos=datagram.tos,
            macs=datagram.macs,
            kind=RTCP_JSON,
            correlation_id=correlation_id,
            mos=mos,
        )
        for text, mos in texts
    ]


def _mos_of(entry: JsonObject) -> int:
    """Return the MOS in hundredths that XR says, of conversation rather than of listening.

    Nothing is made of losses: who rates them needs the codec and the delay.
    """
    block = entry["report_blocks_xr"]
    said = (block.get("MOS_CQ", UNAVAILABLE), block.get("MOS_LQ", UNAVAILABLE))
    return next((10 * tenths for tenths in said if tenths in _MOS_TENTHS), 0)


def address_id(datagram: Datagram) -> bytes:
    """Return the id of what has no call: both ends, the same in either direction."""
    ends = sorted(
        (
            (datagram.source, datagram.source_port),
            (datagram.destination, datagram.destination_port),
        )
    )
    return "-".join(_text(*end) for end in ends).encode()


def _text(address: bytes, port: int) -> str:
    if len(address) == 4:
        return f"{socket.inet_ntop(socket.AF_INET, address)}:{port}"
    return f"[{socket.inet_ntop(socket.AF_INET6, address)}]:{port}"
