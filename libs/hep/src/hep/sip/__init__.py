"""SIP messages (RFC 3261): a parser that never refuses, and its parts."""

from hep.sip.bodies import Part, parts, sdp_of
from hep.sip.faults import Fault
from hep.sip.head import find_call_id, looks_like_sip
from hep.sip.length import split
from hep.sip.message import SipMessage
from hep.sip.parser import parse
from hep.sip.uri import SipUri, parse_uri

__all__ = [
    "Fault",
    "Part",
    "SipMessage",
    "SipUri",
    "find_call_id",
    "looks_like_sip",
    "parse",
    "parse_uri",
    "parts",
    "sdp_of",
    "split",
]
