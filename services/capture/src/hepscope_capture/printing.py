"""Messages as a person at a terminal wants them: one line each, safe to print.

2026-01-02T03:04:05.678901Z 192.0.2.1:5060 > 198.51.100.2:5060 BYE sip:bob@b SIP/2.0  call-1@a
2026-01-02T03:04:05.678901Z 192.0.2.1:4001 > 192.0.2.9:4001 RTCP {"sender_information":{...  a@b
"""

import sys
from datetime import UTC, datetime
from ipaddress import ip_address

from hep.protocols import LOG, RTCP_JSON, SIP
from hep.sip import find_call_id
from hepscope_capture.decode.datagrams import Datagram
from hepscope_common.logs import escape_controls

_KINDS = {RTCP_JSON: "RTCP ", LOG: "log "}

# A first line longer than that is told by its beginning.
_LONGEST = 160


def write_line(line: str) -> None:
    """Write a line at once. Raises BrokenPipeError when nobody reads any more."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def line_of(datagram: Datagram) -> str:
    """Return the line of a message: time (UTC), from, to, VLAN, first line, Call-ID."""
    time = datetime.fromtimestamp(datagram.time_us / 1_000_000, UTC)
    stamp = time.isoformat(timespec="microseconds").replace("+00:00", "Z")
    source = _place(datagram.source, datagram.source_port)
    destination = _place(datagram.destination, datagram.destination_port)
    first = datagram.payload.lstrip(b"\r\n").split(b"\n", 1)[0].rstrip(b"\r")
    vlan = f" vlan {datagram.vlan}" if datagram.vlan else ""
    call_id = datagram.correlation_id
    if datagram.kind == SIP:
        call_id = find_call_id(datagram.payload)
    kind = _KINDS.get(datagram.kind, "")
    text = f"{stamp} {source} > {destination}{vlan} {kind}{_text(first)}  {_text(call_id)}"
    return text.rstrip()


def _place(address: bytes, port: int) -> str:
    host = str(ip_address(address))
    return f"[{host}]:{port}" if len(address) == 16 else f"{host}:{port}"


def _text(data: bytes) -> str:
    return escape_controls(data[:_LONGEST].decode("utf-8", errors="backslashreplace"))
