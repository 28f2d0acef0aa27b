"""Packets as JSON, for shell scripts: one object, or a list of them.

Each is one HEP3 packet. The keys are the fields of ``PacketText``; an unknown one, or a value of
a wrong kind, refuses the whole request, since who misspells one key means all packets so.
"""

import base64
import binascii
import datetime as dt
import ipaddress
import json
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from hep import HepPacket
from hep.packet import FAMILY_IPV4, FAMILY_IPV6
from hep.protocols import PROTOCOL_TYPES, SIP

MAX_PACKETS = 10_000
"""In one request: a tenth of a second of the event loop."""

SHOWN_FAULTS = 10

IP_PROTOCOLS = {"udp": 17, "tcp": 6, "sctp": 132, "tls": 22, "ws": 50}
"""Names of ip_protocol; 22 and 50 are what agents send for TLS and WebSocket."""

TYPE_NAMES = {row.name: number for number, row in PROTOCOL_TYPES.items()}

_BRANCHES = frozenset({"int", "str", "float"})
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_LAST_SECOND = 0xFFFFFFFF


class BadPacketsError(ValueError):
    """The text is not of this form; the message names each wrong key."""


class _Text(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)


class EndpointText(_Text):
    """Where a message came from or went to."""

    ip: str
    """IPv4 or IPv6 address."""

    port: int = Field(default=0, ge=0, le=65535)
    """UDP, TCP or SCTP port."""


class PacketText(_Text):
    """One captured message."""

    payload: str | None = None
    """The message as text. Either this or `payload_base64`."""

    payload_base64: str | None = None
    """The message as base64 of any bytes."""

    protocol_type: int | str = SIP
    """What the payload is: number or name of the table above, 1 (sip) when left out."""

    ip_protocol: int | str = "udp"
    """What carried it: udp, tcp, sctp, tls, ws or a number; udp when left out."""

    source: EndpointText | None = None
    """Sender of the message."""

    destination: EndpointText | None = None
    """Receiver of the message."""

    time: str | int | float | None = None
    """When it was captured: RFC 3339 with offset, or Unix seconds; now when left out."""

    node: str = ""
    """Name of the capture agent (chunk 19)."""

    node_id: int = Field(default=0, ge=0, le=0xFFFFFFFF)
    """Number of the capture agent (chunk 12)."""

    correlation_id: str = ""
    """Call-ID or another key (chunk 17)."""

    auth_key: str | None = None
    """Auth key (chunk 14); a header of the request does for all its packets."""

    @model_validator(mode="after")
    def _has_one_payload(self) -> "PacketText":
        if (self.payload is None) == (self.payload_base64 is None):
            raise ValueError("give payload or payload_base64, one of them")
        return self


def parse_packets(body: bytes, now_us: int) -> list[HepPacket]:
    """Return the packets that a JSON text describes; raises BadPacketsError."""
    try:
        found = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadPacketsError(f"not JSON: {error}") from error
    items = found if isinstance(found, list) else [found]
    if not 0 < len(items) <= MAX_PACKETS:
        raise BadPacketsError(f"{len(items)} packets; 1 to {MAX_PACKETS} may come at once")
    packets, faults = [], []
    for number, item in enumerate(items):
        try:
            packets.append(_packet_of(PacketText.model_validate(item), now_us))
        except ValidationError as error:
            faults.append(f"packet {number}: {_explain(error)}")
        except ValueError as error:
            faults.append(f"packet {number}: {error}")
        if len(faults) == SHOWN_FAULTS:
            break
    if faults:
        raise BadPacketsError("; ".join(faults))
    return packets


def _packet_of(text: PacketText, now_us: int) -> HepPacket:
    source, destination = _address("source", text.source), _address("destination", text.destination)
    if source and destination and len(source) != len(destination):
        raise ValueError("source.ip and destination.ip are of two families")
    return HepPacket(
        family=FAMILY_IPV6 if len(source or destination) == 16 else FAMILY_IPV4,
        ip_protocol=_number("ip_protocol", text.ip_protocol, IP_PROTOCOLS),
        source=source,
        destination=destination,
        source_port=text.source.port if text.source else 0,
        destination_port=text.destination.port if text.destination else 0,
        time_us=now_us if text.time is None else _time_us(text.time),
        protocol_type=_number("protocol_type", text.protocol_type, TYPE_NAMES),
        node_id=text.node_id,
        payload=_payload(text),
        node_name=_utf8("node", text.node),
        correlation_id=_utf8("correlation_id", text.correlation_id),
        auth_key=None if text.auth_key is None else _utf8("auth_key", text.auth_key),
    )


def _payload(text: PacketText) -> bytes:
    if text.payload is not None:
        return _utf8("payload", text.payload)
    try:
        return base64.b64decode(text.payload_base64 or "", validate=True)
    except binascii.Error as error:
        raise ValueError(f"payload_base64: {error}") from error


def _utf8(name: str, text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{name}: half of a surrogate pair at character {error.start}") from error


def _address(name: str, endpoint: EndpointText | None) -> bytes:
    if endpoint is None:
        return b""
    try:
        return ipaddress.ip_address(endpoint.ip).packed
    except ValueError as error:
        raise ValueError(f"{name}.ip: {error}") from error


def _number(name: str, value: int | str, names: Mapping[str, int]) -> int:
    number = names.get(value.lower()) if isinstance(value, str) else value
    if number is None:
        raise ValueError(f"{name}: unknown name {value!r}")
    if not 0 <= number <= 255:
        raise ValueError(f"{name}: {number} is not a number from 0 to 255")
    return number


def _time_us(value: str | float) -> int:
    if isinstance(value, str):
        try:
            time = dt.datetime.fromisoformat(value)
        except ValueError as error:
            raise ValueError(f"time: {error}") from error
        if time.tzinfo is None:
            raise ValueError("time: without Z or an offset it may mean any hour")
        time_us = (time - _EPOCH) // dt.timedelta(microseconds=1)
    else:
        # Bounds first: an integer may be beyond any float.
        if not 0 <= value <= _LAST_SECOND:
            raise ValueError("time: not Unix seconds (up to 2106); are they milliseconds?")
        time_us = round(value * 1_000_000)
    if not 0 <= time_us < (_LAST_SECOND + 1) * 1_000_000:
        raise ValueError("time: before 1970 or after 2106")
    return time_us


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _explain(error: ValidationError) -> str:
    faults = []
    for fault in error.errors(include_url=False, include_input=False, include_context=False):
        # The branches of a union are named by type behind the key: the key is enough.
        where = ".".join(str(part) for part in fault["loc"] if str(part) not in _BRANCHES)
        if fault["type"] == "extra_forbidden":
            faults.append(f"unknown key {where}")
        else:
            text = fault["msg"].removeprefix("Value error, ")
            faults.append(f"{where}: {text}" if where else text)
    return ", ".join(dict.fromkeys(faults))
