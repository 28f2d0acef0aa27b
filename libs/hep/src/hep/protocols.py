"""Protocol types (HEP chunk 11) and IP protocols (chunk 2): their names and their topics.

Every number from 0 to 255 is accepted; the table only names. Numbers in use outside the
specification's revision 37 are marked "field". What is neither media nor log is signalling,
so that an unknown type travels with the calls it may belong to.
"""

from enum import StrEnum
from typing import NamedTuple


class Topic(StrEnum):
    """The part of the bus that a protocol type travels on."""

    SIGNALLING = "signalling"
    MEDIA = "media"
    LOG = "log"


class Transport(StrEnum):
    """What carried the captured message; TLS and WebSocket are told by agents' habit only."""

    UNKNOWN = "unknown"
    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"
    SCTP = "sctp"
    WS = "ws"
    WSS = "wss"


class ProtocolType(NamedTuple):
    """A row of PROTOCOL_TYPES."""

    name: str
    topic: Topic
    meaning: str


SIP = 1
RTCP_JSON = 5
LOG = 100
QOS_JSON = 32
RTP_REPORT = 34
MOS_REPORT = 35
HORACLIFIX_QOS = 38
RTCP_PION = 58
QUALITY_REPORT = 99

_SIGNALLING, _MEDIA, _LOG = Topic.SIGNALLING, Topic.MEDIA, Topic.LOG

PROTOCOL_TYPES = {
    0: ProtocolType("reserved", _SIGNALLING, "not said by the agent"),
    1: ProtocolType("sip", _SIGNALLING, "SIP"),
    2: ProtocolType("xmpp", _SIGNALLING, "XMPP"),
    3: ProtocolType("sdp", _SIGNALLING, "SDP"),
    4: ProtocolType("rtp", _MEDIA, "RTP packets"),
    5: ProtocolType("rtcp_json", _MEDIA, "RTCP as JSON"),
    6: ProtocolType("mgcp", _SIGNALLING, "MGCP"),
    7: ProtocolType("megaco", _SIGNALLING, "MEGACO (H.248)"),
    8: ProtocolType("m2ua", _SIGNALLING, "M2UA"),
    9: ProtocolType("m3ua", _SIGNALLING, "M3UA"),
    10: ProtocolType("iax", _SIGNALLING, "IAX"),
    11: ProtocolType("h322", _SIGNALLING, "H.322"),
    12: ProtocolType("h321", _SIGNALLING, "H.321"),
    13: ProtocolType("m2pa", _SIGNALLING, "M2PA"),
    20: ProtocolType("webrtc_json", _MEDIA, "WebRTC statistics as JSON (field)"),
    32: ProtocolType("qos_json", _MEDIA, "QoS report as JSON (field)"),
    34: ProtocolType("rtp_report", _MEDIA, "RTP and MOS full report as JSON"),
    35: ProtocolType("mos_report", _MEDIA, "MOS short report: JSON, vq-rtcpxr or chunk 32"),
    38: ProtocolType("horaclifix_qos", _MEDIA, "QoS of an Oracle SBC as JSON (field)"),
    50: ProtocolType("sip_json", _SIGNALLING, "SIP as JSON"),
    51: ProtocolType("reserved_51", _SIGNALLING, "reserved"),
    52: ProtocolType("reserved_52", _SIGNALLING, "reserved"),
    53: ProtocolType("dns_json", _SIGNALLING, "DNS as JSON"),
    54: ProtocolType("isup_json", _SIGNALLING, "ISUP (M3UA) as JSON"),
    55: ProtocolType("rtsp_json", _SIGNALLING, "RTSP as JSON"),
    56: ProtocolType("diameter_json", _SIGNALLING, "Diameter as JSON"),
    57: ProtocolType("gsm_map_json", _SIGNALLING, "GSM MAP as JSON"),
    58: ProtocolType("rtcp_pion", _MEDIA, "RTCP as an array of JSON packets"),
    59: ProtocolType("reserved_59", _SIGNALLING, "reserved"),
    60: ProtocolType("cdr", _SIGNALLING, "CDR of a call or registration"),
    61: ProtocolType("verto_json", _SIGNALLING, "Verto as JSON, or rtpengine's control (field)"),
    86: ProtocolType("opensips_xlog", _LOG, "log line of older OpenSIPS (field)"),
    87: ProtocolType("opensips_mi", _LOG, "OpenSIPS management command (field)"),
    88: ProtocolType("opensips_rest", _LOG, "OpenSIPS REST request (field)"),
    89: ProtocolType("opensips_net", _LOG, "OpenSIPS transport event (field)"),
    96: ProtocolType("opensips_control", _LOG, "OpenSIPS correlation of two keys (field)"),
    99: ProtocolType("quality_report", _MEDIA, "voice quality report (field)"),
    100: ProtocolType("log", _LOG, "log line, text or JSON"),
    101: ProtocolType("event_json", _LOG, "event as JSON, named by chunk 36 (field)"),
}

_MEDIA_TYPES = frozenset(n for n, row in PROTOCOL_TYPES.items() if row.topic is Topic.MEDIA)
_LOG_TYPES = frozenset(n for n, row in PROTOCOL_TYPES.items() if row.topic is Topic.LOG)

# 22 and 50 are no transports by IANA: Kamailio, OpenSIPS, sofia-sip and resiprocate send 22 for
# TLS (and Kamailio for WebSocket), OpenSIPS 50 for WebSocket. 1 means UDP to some agents.
# The top Via knows better and may overrule this.
TRANSPORTS = {
    1: Transport.UDP,
    6: Transport.TCP,
    17: Transport.UDP,
    22: Transport.TLS,
    50: Transport.WS,
    132: Transport.SCTP,
}


def is_media(protocol_type: int) -> bool:
    """Whether packets of this type travel on the media topic."""
    return protocol_type in _MEDIA_TYPES


def is_log(protocol_type: int) -> bool:
    """Whether packets of this type travel on the log topic."""
    return protocol_type in _LOG_TYPES


def transport_of(ip_protocol: int) -> Transport:
    """Transport meant by the IP protocol number that the agent sent."""
    return TRANSPORTS.get(ip_protocol, Transport.UNKNOWN)


def type_name(protocol_type: int) -> str:
    """Name of the protocol type; its number as text where it has none."""
    row = PROTOCOL_TYPES.get(protocol_type)
    return row.name if row else str(protocol_type)
