"""SIP messages (RFC 3261): a parser that never refuses, and its parts."""

from hep.sip.head import find_call_id, looks_like_sip

__all__ = ["find_call_id", "looks_like_sip"]
